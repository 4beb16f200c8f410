"""Metrics: what each hour came to, by the rules of the ledger, and how late conversions come.

A later snapshot replaces an earlier one unless its number is lower, a delta counts once by its
``event_id``, an hour has events of one mode. Amounts keep every digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Final

import numpy as np
from msgspec.structs import replace

from engine import delay
from engine.delay import Restated
from engine.delay_pool import THOUSAND
from schemas import MetricsEvent, SchemaError, decode_metrics, digest
from schemas.keys import check_key
from workers.delivery.api import Record, Step, View
from workers.instants import check_timestamp
from workers.scorer.draft import Draft
from workers.scorer.policy import DAY, HOUR, ScorerPolicy
from workers.scorer.rows import METRICS, CampaignRow, DayRow, Hour, day_key

_DELTA_ID: Final = 16
"""Hexadecimal digits of a delta's digest that are kept."""

_LARGEST: Final = 2**53
_NOTHING: Final = Decimal(0)
_EXACT: Final = Context(prec=64)
"""The digits of amounts that are added: whatever their order, the sum is the same."""

_Pair = tuple[bytes, Hour, Hour]
"""A campaign, and one of its hours in two snapshots that follow each other."""


def metrics_step(policy: ScorerPolicy, view: View, records: Sequence[Record]) -> Step:
    """Take in hours; each campaign's are kept for some weeks."""
    draft = Draft(policy, view, METRICS)
    pairs: list[_Pair] = []
    for record in records:
        event = _event(draft, record)
        if event is not None:
            pairs += _take(draft, event, record)
    _learn(draft, pairs)
    return draft.done()


def _event(draft: Draft, record: Record) -> MetricsEvent | None:
    """Return what a record says; the optimizer puts aside what cannot be read."""
    try:
        event = decode_metrics(record.value or b"").event
        check_key(record.key, event.key)
        check_timestamp(record.timestamp)
    except SchemaError:
        draft.count("ignored", record.topic, "unreadable")
        return None
    stamp = record.timestamp // 1_000
    if max(int(event.window_start.timestamp()), _emitted(event)) > (
        stamp + draft.policy.future_tolerance
    ):
        draft.count("ignored", record.topic, "ahead_of_its_time")
        return None
    return event if draft.is_here(record, event.key) else None


def _take(draft: Draft, event: MetricsEvent, record: Record) -> list[_Pair]:
    """Keep the hour; return what it teaches of delays."""
    start = int(event.window_start.timestamp())
    if not _settles(draft, event):
        draft.count("ignored", record.topic, "currency_mismatch")
        return []
    if not _make_room(draft, event.key, start // DAY):
        draft.count("ignored", record.topic, "too_old")
        return []
    key = day_key(event.key, start // DAY)
    day = draft.row(key, DayRow)
    before = day.hours.get(start)
    if before is None and any(each // HOUR == start // HOUR for each in day.hours):
        draft.count("ignored", record.topic, "overlapping_hours")
        return []
    after = _after(draft.policy, before, event, _age(event, start, record.timestamp // 1_000))
    if after is None or after == before:
        draft.count("ignored", record.topic, "changes_nothing")
        return []
    draft.keep(key, DayRow(dict(sorted((day.hours | {start: after}).items()))))
    again = before is not None and not after.is_delta and after.age > before.age
    return [(event.key, before, after)] if before is not None and again else []


def _settles(draft: Draft, event: MetricsEvent) -> bool:
    """Return whether an event is in the currency that the campaign's first one named, if any did.

    As the ledger has it: amounts in different currencies are never added.
    """
    row = draft.row(event.key, CampaignRow)
    if event.currency is None or event.currency == row.currency:
        return True
    if not row.currency:
        draft.keep(event.key, replace(row, currency=event.currency))
    return not row.currency


def _make_room(draft: Draft, campaign: bytes, day: int) -> bool:
    """Return whether a day is new enough to be kept; older ones go as new ones come."""
    row = draft.row(campaign, CampaignRow)
    if day in row.days:
        return True
    days = sorted({*row.days, day})
    oldest = days[-1] - draft.policy.retained_days
    stay = tuple(each for each in days if each > oldest)
    for gone in set(days) - {*stay, day}:
        draft.drop(day_key(campaign, gone))
    if day in stay:
        draft.keep(campaign, replace(row, days=stay))
    return day in stay


def _after(policy: ScorerPolicy, before: Hour | None, event: MetricsEvent, age: int) -> Hour | None:
    """Return the hour with what an event says of it; None where that says nothing."""
    number = -1 if event.sequence_number is None else event.sequence_number
    if before is not None and before.is_delta is not event.is_delta:
        return None
    if not event.is_delta:
        if before is not None and 0 <= number < before.sequence:
            return None
        last = max(number, before.sequence if before else -1)
        oldest = max(age, before.age if before else 0)
        return Hour(last, False, event.spend, event.conversions, event.revenue, oldest)  # noqa: FBT003
    name = bytes.fromhex(digest((event.event_id or "").encode())[:_DELTA_ID])
    known = before or Hour(-1, True, _NOTHING, _NOTHING, _NOTHING, age)  # noqa: FBT003
    if name in known.counted or len(known.counted) >= policy.most_deltas:
        return None
    return replace(
        known,
        spend=_EXACT.add(known.spend, event.spend),
        conversions=_EXACT.add(known.conversions, event.conversions),
        revenue=_EXACT.add(known.revenue, event.revenue),
        age=max(known.age, age),
        counted=tuple(sorted((*known.counted, name))),
    )


def _age(event: MetricsEvent, start: int, stamp: int) -> int:
    """Return how old an hour was as it was told; who told says it, or else the record's clock."""
    emitted = _emitted(event)
    return max((emitted if emitted >= start + HOUR else stamp) - start - HOUR, 0) // HOUR


def _emitted(event: MetricsEvent) -> int:
    return 0 if event.emitted_at is None else int(event.emitted_at.timestamp())


def _learn(draft: Draft, pairs: Sequence[_Pair]) -> None:
    """Add what hours told again teach: each by itself, in whole thousandths.

    So the sums are the same bytes however the log is cut into steps.
    """
    if not pairs:
        return
    before, after, earlier, later = (
        np.array(column, dtype=np.float64)[:, None]
        for column in zip(
            *((float(b.conversions), float(a.conversions), b.age, a.age) for _, b, a in pairs),
            strict=True,
        )
    )
    restated = Restated(
        before=np.maximum(before, 0.0), after=np.maximum(after, 0.0), earlier=earlier, later=later
    )
    taught = delay.add_restatements(delay.no_delays(len(pairs)), restated)
    sums = (
        np.clip(np.round(each * THOUSAND), -_LARGEST, _LARGEST).astype(np.int64).tolist()
        for each in (taught.growth, taught.level)
    )
    for (campaign, _, _), grown, through in zip(pairs, *sums, strict=True):
        row = draft.row(campaign, CampaignRow)
        growth, level = _added(row.growth, grown), _added(row.level, through)
        draft.keep(campaign, replace(row, growth=growth, level=level))


def _added(sums: tuple[int, ...], more: Sequence[int]) -> tuple[int, ...]:
    known = sums or (0,) * delay.STEPS
    return tuple(one + other for one, other in zip(known, more, strict=True))
