"""Watches closed days: what a campaign's say, what all of an account's say together.

A campaign's evidence of an hour is judged among that of all campaigns of the partition in the same
hour, and in that of the day before, which has been heard whole: a tally of it is kept, so that what
is found does not depend on which days came in one step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from engine import funnel_alarms, funnel_state, funnel_watch
from engine.arrays import Floats, Ints
from engine.calendar import HOUR
from engine.funnel_watch import Judged
from schemas import Condition, Scope, Shape, campaign_key, decode, encode
from schemas.topics import CONDITIONS
from workers.allocator.account_anomalies import account_told
from workers.allocator.anomaly_conditions import DayFindings, next_condition
from workers.allocator.anomaly_finding import Verdict, found_of, said_of
from workers.allocator.closed_days import closed_days, first_second
from workers.delivery.api import Output, Record
from workers.draft import Draft
from workers.instants import day_number

_WATCH: Final = b"\0watch"
_TOLD: Final = b"\0anomaly"
_TALLY: Final = b"\0tally"
"""By campaign: what is known of it, and the condition that was told last; of the partition: how
much evidence there was in the hours of the last two days. No name holds a zero byte."""

_BROADCAST_PARTITION = 0
_DAY_BYTES: Final = 4
_DAY_HOURS: Final = 24
_KEPT_HOURS: Final = 48


class Closed(NamedTuple):
    """A day of a campaign that was not told before."""

    record: Record
    shape: Shape


def watch_days(draft: Draft, prefix: str, closed: Sequence[Closed]) -> None:
    """Judge closed days in their order, and publish the conditions that follow."""
    verdicts = _judged(draft, closed)
    tally = _Tally(draft)
    for each, verdict in zip(closed, verdicts, strict=True):
        if verdict is None:
            continue
        least = tally.least_after(verdict)
        key = _key(each.shape)
        last = _last(draft, key)
        found = found_of(verdict, last, least)
        if found or last is not None:
            _tell(draft, prefix, each, said_of(each.shape, Scope.CAMPAIGN, found), last)
        account = each.shape.key
        last = _last(draft, account)
        whole = account_told(draft, each.shape, verdict, last)
        if whole is not None:
            _tell(draft, prefix, each, whole, last)
    tally.keep()


def _key(shape: Shape) -> bytes:
    return campaign_key(shape.platform, shape.account_id, shape.campaign_id)


def _last(draft: Draft, key: bytes) -> Condition | None:
    value = draft.read(key + _TOLD)
    return decode(value, Condition) if value else None


def _judged(draft: Draft, closed: Sequence[Closed]) -> list[Verdict | None]:
    """Return what days say, None for those that come after a later one; keep what is learned."""
    verdicts: list[Verdict | None] = [None] * len(closed)
    waiting = list(range(len(closed)))
    while waiting:
        first: dict[bytes, int] = {}
        for i in waiting:
            first.setdefault(_key(closed[i].shape), i)
        taken = set(first.values())
        waiting = [i for i in waiting if i not in taken]
        _wave(draft, closed, list(first.items()), verdicts)
    return verdicts


def _wave(
    draft: Draft,
    closed: Sequence[Closed],
    wave: Sequence[tuple[bytes, int]],
    verdicts: list[Verdict | None],
) -> None:
    """Judge one day of each of some campaigns."""
    stored = [(draft.read(key + _WATCH) or bytes(_DAY_BYTES), key, i) for key, i in wave]
    days = [day_number(closed[i].shape.day) for _, i in wave]
    new = [
        (*each, day)
        for each, day in zip(stored, days, strict=True)
        if day > int.from_bytes(each[0][:_DAY_BYTES], "big")
    ]
    if not new:
        return
    rows = funnel_state.unpack([value[_DAY_BYTES:] for value, *_ in new])
    after, judged = funnel_watch.watch(rows, closed_days([closed[i].shape for _, _, i, _ in new]))
    for at, (_, key, i, day) in enumerate(new):
        draft.writes[key + _WATCH] = day.to_bytes(_DAY_BYTES, "big") + after[at].tobytes()
        verdicts[i] = Verdict(closed[i].shape, _part(judged, at))


def _part(judged: Judged, at: int) -> Judged:
    names = Judged.__dataclass_fields__
    return Judged(**{name: getattr(judged, name)[at] for name in names})


class _Tally:
    """How much evidence there was of the campaigns of a partition, by hour since 1970."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._before = draft.read(_TALLY)
        kind = dict[int, list[int]]
        kept = msgspec.msgpack.decode(self._before, type=kind) if self._before else {}
        self._hours = {hour: np.array(tallied) for hour, tallied in kept.items()}

    def least_after(self, verdict: Verdict) -> Floats:
        """Add a day's tests; return the evidence that makes them discoveries, by hour, (H,)."""
        first = first_second(verdict.shape) // HOUR
        hours = first + np.arange(len(verdict.judged.evidence))
        (more,) = funnel_alarms.tally(verdict.judged.evidence[None])
        own = hours[: len(verdict.shape.local_hours)].tolist()
        for hour, tallied in zip(own, more, strict=False):
            self._hours[hour] = self._hours.get(hour, 0) + tallied
        same: Ints = np.zeros((_DAY_HOURS, funnel_alarms.CELLS), dtype=np.int64)
        np.add.at(same, [hour % _DAY_HOURS for hour in self._hours], list(self._hours.values()))
        oldest = max(self._hours) - _KEPT_HOURS
        self._hours = {hour: each for hour, each in self._hours.items() if hour > oldest}
        return funnel_alarms.least_evidence(same)[hours % _DAY_HOURS]

    def keep(self) -> None:
        """Write what changed."""
        after = {hour: self._hours[hour].tolist() for hour in sorted(self._hours)}
        value = msgspec.msgpack.encode(after)
        if after and value != self._before:
            self._draft.writes[_TALLY] = value


def _tell(
    draft: Draft, prefix: str, closed: Closed, told: DayFindings, last: Condition | None
) -> None:
    """Publish what follows from a day, if that is news."""
    condition = next_condition(last, told)
    if condition is None:
        return
    value, scope = encode(condition), condition.key.rsplit(b"#", 1)[0]
    draft.writes[scope + _TOLD] = value
    topic, at = CONDITIONS.full_name(prefix), closed.record.timestamp
    draft.outputs.append(Output(topic, condition.key, value, _BROADCAST_PARTITION, timestamp=at))
    before = {each.signal for each in last.anomalies if each.until is None} if last else set()
    for each in condition.anomalies:
        begins, ends = each.signal not in before, each.until is not None
        kind = f"{each.signal.value}_{each.change.value}"
        if begins and each in told.found:
            draft.count("anomalies", kind, "suspected")
        if ends and (not begins or each in told.found):
            draft.count("anomalies", kind, "over")
