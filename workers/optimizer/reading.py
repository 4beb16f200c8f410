"""From metrics records to facts: decoded, keyed, in their own partition, in waves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from schemas import Decoded, MetricsEvent, SchemaError, decode_metrics
from schemas.errors import Reason
from schemas.keys import check_key
from workers.delivery.api import Record
from workers.instants import check_timestamp, from_seconds
from workers.optimizer.draft import Draft

TOO_OLD = "too_old"
IN_THE_FUTURE = "in_the_future"
CURRENCY_MISMATCH = "currency_mismatch"
MIXED_MODES = "mixed_modes"
OVERLAPPING = "overlapping_hours"
TOO_MANY_DELTAS = "too_many_deltas"

MOST_CONVERSIONS = 10**9
"""Most conversions of one hour: sums over years stay exact."""

_HOUR = 3_600


class Fact(NamedTuple):
    """One metrics event of a campaign of this partition."""

    key: bytes
    event: MetricsEvent
    record: Record
    start: int
    """First second of the hour."""
    now: int
    """The clock of what is decided from it, in seconds."""


def read_facts(draft: Draft, records: Sequence[Record]) -> list[Fact]:
    """Return the facts among ``records``, in their order; the others are refused or sent on."""
    facts = []
    tolerance = int(draft.policy.future_tolerance.total_seconds())
    for record in records:
        try:
            decoded = decode_metrics(record.value or b"")
            key = decoded.event.key
            check_key(record.key, key)
            check_timestamp(record.timestamp)
            # A key that the table knows has been here before: its partition is this one.
            sent_on = not draft.knows(key) and draft.sent_on(record, key)
        except SchemaError as error:
            draft.refuse_for(record, error)
            continue
        if sent_on:
            continue
        _count_doubts(draft, decoded)
        fact = _fact(draft, record, decoded.event, key, tolerance)
        if fact is not None:
            facts.append(fact)
    return facts


def waves(facts: Sequence[Fact]) -> list[list[Fact]]:
    """Return facts in waves: wave k has the k-th fact of each campaign.

    So a wave holds a campaign once, and what is decided does not depend on how the log was
    cut into steps.
    """
    seen: dict[bytes, int] = {}
    found: list[list[Fact]] = []
    for fact in facts:
        number = seen.get(fact.key, 0)
        seen[fact.key] = number + 1
        if number == len(found):
            found.append([])
        found[number].append(fact)
    return found


def _count_doubts(draft: Draft, decoded: Decoded) -> None:
    for _ in decoded.unknown_fields:
        draft.count("unknown_fields")
    for code in decoded.suspect:
        draft.count("suspects", code)


def _fact(
    draft: Draft, record: Record, event: MetricsEvent, key: bytes, tolerance: int
) -> Fact | None:
    start = int(event.window_start.timestamp())
    stamp = record.timestamp // 1_000
    emitted = int(event.emitted_at.timestamp()) if event.emitted_at else 0
    if max(start, emitted) > stamp + tolerance:
        field = "window_start" if start > stamp + tolerance else "emitted_at"
        detail = f"lies after its record was written, at {from_seconds(stamp)}"
        draft.refuse(record, IN_THE_FUTURE, field, detail)
        return None
    if abs(event.conversions) > MOST_CONVERSIONS:
        detail = f"may be {MOST_CONVERSIONS:,} an hour at most, was {event.conversions}"
        draft.refuse(record, Reason.OUT_OF_RANGE, "conversions", detail)
        return None
    # Some publishers put the hour itself there: then the record's own time says more.
    return Fact(key, event, record, start, emitted if emitted >= start + _HOUR else stamp)
