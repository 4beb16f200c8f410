"""Watches closed days: what a campaign's say, what all of an account's say together.

A campaign's evidence is judged among that of all campaigns of the partition whose days closed
lately: a tally of it is kept, so that what is found does not depend on which days came in one step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from engine import funnel_alarms, funnel_state, funnel_watch
from engine.arrays import Ints
from engine.funnel_watch import Judged
from schemas import Condition, Scope, Shape, campaign_key, decode, encode
from schemas.topics import CONDITIONS
from workers.allocator.account_anomalies import account_told
from workers.allocator.anomaly_conditions import Told, next_condition
from workers.allocator.anomaly_finding import Verdict, found_of, said_of
from workers.allocator.closed_days import closed_days
from workers.delivery.api import Output, Record
from workers.draft import Draft
from workers.instants import day_number

_WATCH: Final = b"\0watch"
_TOLD: Final = b"\0anomaly"
_TALLY: Final = b"\0tally"
"""By campaign: what is known of it, and the condition that was told last; of the partition: how
much evidence there was on the last two days. No name holds a zero byte."""

_BROADCAST_PARTITION = 0
_DAY_BYTES: Final = 4
_KEPT_DAYS: Final = 2


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
        least = tally.least_after(day_number(each.shape.day), verdict)
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
    """How much evidence there was of the campaigns of a partition, by day."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._before = draft.read(_TALLY)
        kind = dict[int, list[int]]
        self._days = msgspec.msgpack.decode(self._before, type=kind) if self._before else {}

    def least_after(self, day: int, verdict: Verdict) -> float:
        """Add a day's tests; return the evidence from which on tests are discoveries."""
        (more,) = funnel_alarms.tally(verdict.judged.peak[None])
        known = self._days.get(day)
        self._days[day] = (more if known is None else more + np.array(known)).tolist()
        newest = max(self._days)
        whole: Ints = np.array([self._days[each] for each in self._days]).sum(axis=0)
        self._days = {at: self._days[at] for at in self._days if at > newest - _KEPT_DAYS}
        return funnel_alarms.least_evidence(whole)

    def keep(self) -> None:
        """Write what changed."""
        after = msgspec.msgpack.encode({day: self._days[day] for day in sorted(self._days)})
        if self._days and after != self._before:
            self._draft.writes[_TALLY] = after


def _tell(draft: Draft, prefix: str, closed: Closed, told: Told, last: Condition | None) -> None:
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
