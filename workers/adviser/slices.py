"""What the hours of a UTC day said by slice, as one packed value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from hashlib import blake2b
from typing import Final

import msgspec

from schemas import Breakdown, MetricsEvent
from schemas.fields import MAX_COUNT
from workers.adviser.counting import counted_by
from workers.optimizer.reading import MOST_CONVERSIONS

Names = tuple[str | None, str | None, str | None]
"""Ad set, device, placement."""

Counts = tuple[int, int, int, int, int]
"""Impressions, clicks, spend, conversions, revenue; the last three in millionths."""

UNKNOWN: Final[Names] = (None, None, None)
NOTHING: Final[Counts] = (0, 0, 0, 0, 0)

NO_SEQUENCE: Final = -1

_SPEND: Final = 2

MOST_ROWS: Final = 200
"""Rows of an hour that are kept, those that spent most: a day must fit a record of Kafka."""

MOST_NAME_BYTES: Final = 28 * 1024
"""Bytes of an hour's names from which on no row is kept: 24 hours of them fit a record as well."""

_LARGEST: Final[Counts] = (MAX_COUNT, MAX_COUNT, 2**61, MOST_CONVERSIONS * 10**6, 2**61)
"""Largest sums of an hour: a local hour that the clock repeats has two of them, and int64 both."""
_MILLIONTHS: Final = Context(prec=64, rounding=ROUND_HALF_EVEN)


class Hour(msgspec.Struct, frozen=True, array_like=True):
    """One hour: its total, and what its rows said, by the number of their names."""

    quarter: int
    sequence: int
    delta: bool
    total: Counts
    rows: dict[int, Counts]
    events: tuple[bytes, ...] = ()
    """Of deltas: the hashes of the ids that were counted."""
    counted: int = 0
    """How conversions are counted: in `workers.adviser.counting.WAYS`."""


class Day(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The hours of a UTC day that were told of; equal days are equal bytes."""

    names: tuple[Names, ...] = ()
    hours: dict[int, Hour] = {}


class HourReport(msgspec.Struct, frozen=True):
    """What one event says of an hour."""

    hour: int
    quarter: int
    sequence: int
    event: bytes | None
    """The hash of a delta's id."""
    total: Counts
    rows: dict[Names, Counts]
    counted: int
    left_out: int
    """Rows that there is no room for: what they said is in the total alone."""


_DAY: Final = msgspec.msgpack.Decoder(Day)


def day_of(value: bytes | None) -> Day:
    """Return a stored day."""
    return Day() if value is None else _DAY.decode(value)


def packed(day: Day) -> bytes:
    """Return the day's bytes: names and hours in order, so that they depend on what was told."""
    return msgspec.msgpack.encode(day)


def told_of(event: MetricsEvent, start: int) -> HourReport | None:
    """Return what an event says of the hour from second ``start`` on; None if it is beyond count.

    A row's amounts are rounded to millionths.
    """
    into = start % 86_400
    total = _counts(event)
    rows = {(row.ad_set_id, row.device, row.placement): _counts(row) for row in event.breakdown}
    kept = _first(rows, sorted(rows, key=lambda each: (-abs(rows[each][_SPEND]), order(each))))
    if _beyond_count((total, *rows.values())):
        return None
    sequence = NO_SEQUENCE if event.sequence_number is None else event.sequence_number
    own = blake2b((event.event_id or "").encode(), digest_size=8).digest()
    return HourReport(
        hour=into // 3_600,
        quarter=into % 3_600 // 900,
        sequence=sequence,
        event=own if event.is_delta else None,
        total=total,
        rows=kept,
        counted=counted_by(event),
        left_out=len(rows) - len(kept),
    )


def taken(day: Day, told: HourReport, most_events: int) -> Day | str:
    """Return the day after an event, or why the event changes nothing.

    A snapshot replaces the hour, unless one with a higher sequence number was there; a delta adds,
    once by its id. An hour takes events of one mode only, and hours may not overlap: as the
    optimizer's ledger has it. Of all that deltas name the first rows in order are kept, whichever
    came first.
    """
    old = day.hours.get(told.hour)
    reason = None if old is None else _refusal(old, told, most_events)
    if reason is not None:
        return reason
    named = {day.names[number]: counts for number, counts in old.rows.items()} if old else {}
    if told.event is None or old is None:
        rows, total = told.rows, told.total
    else:
        rows = {
            each: added(named.get(each, NOTHING), told.rows.get(each, NOTHING))
            for each in {**named, **told.rows}
        }
        rows, total = _first(rows, sorted(rows, key=order)), added(old.total, told.total)
        if _beyond_count((total, *rows.values())):
            return "out_of_range"
    events = () if told.event is None else tuple(sorted({*(old.events if old else ()), told.event}))
    sequence = told.sequence
    if old and (told.event is not None or sequence == NO_SEQUENCE):
        sequence = max(old.sequence, sequence)
    counted = min(told.counted, old.counted) if old and told.event else told.counted
    hour = Hour(told.quarter, sequence, told.event is not None, total, {}, events, counted)
    return _with_hour(day, told.hour, hour, rows)


def _first(rows: Mapping[Names, Counts], ranked: Iterable[Names]) -> dict[Names, Counts]:
    """Return the first of the ranked rows: as many as a day's record has room for.

    A row stays where those ahead of it leave room. So what stays depends on which rows there are,
    and not on the order in which they came.
    """
    kept: dict[Names, Counts] = {}
    taken_up = 0
    for each in ranked:
        if len(kept) == MOST_ROWS or taken_up > MOST_NAME_BYTES:
            break
        kept[each] = rows[each]
        taken_up += sum(len((name or "").encode()) for name in each)
    return kept


def _beyond_count(several: Iterable[Counts]) -> bool:
    return any(
        abs(number) > most
        for counts in several
        for number, most in zip(counts, _LARGEST, strict=True)
    )


def added(one: Counts, other: Counts) -> Counts:
    """Return the sums of counts."""
    a, b, c, d, e = one
    v, w, x, y, z = other
    return a + v, b + w, c + x, d + y, e + z


def _refusal(old: Hour, told: HourReport, most_events: int) -> str | None:
    if old.quarter != told.quarter:
        return "overlapping_hours"
    if old.delta != (told.event is not None):
        return "mixed_modes"
    if told.event is None:
        return "superseded" if NO_SEQUENCE < told.sequence < old.sequence else None
    if told.event in old.events:
        return "duplicate"
    return "too_many_deltas" if len(old.events) >= most_events else None


def _with_hour(day: Day, number: int, hour: Hour, rows: dict[Names, Counts]) -> Day:
    old = day.hours.get(number)
    known = {each: at for at, each in enumerate(day.names)}
    if rows.keys() <= known.keys():
        numbered = {at: rows[day.names[at]] for at in sorted(known[each] for each in rows)}
        if old is None or old.rows.keys() <= numbered.keys():  # else a name may be gone
            hours = {**day.hours, number: msgspec.structs.replace(hour, rows=numbered)}
            return Day(names=day.names, hours={at: hours[at] for at in sorted(hours)})
    return _renumbered(day, number, hour, rows)


def _renumbered(day: Day, number: int, hour: Hour, rows: dict[Names, Counts]) -> Day:
    hours = {**day.hours, number: hour}
    kept: set[Names] = {
        day.names[row] for at, each in day.hours.items() if at != number for row in each.rows
    }
    names = tuple(sorted({*kept, *rows}, key=order))
    index = {each: at for at, each in enumerate(names)}
    moved = [index.get(each, -1) for each in day.names]
    own = {index[each]: rows[each] for each in sorted(rows, key=order)}
    return Day(
        names=names,
        hours={
            at: msgspec.structs.replace(
                hours[at],
                rows=own
                if at == number
                else {moved[row]: counts for row, counts in hours[at].rows.items()},
            )
            for at in sorted(hours)
        },
    )


def order(names: Names) -> tuple[tuple[bool, str], ...]:
    """Return what names are sorted by: what is not known comes first."""
    return tuple((each is not None, each or "") for each in names)


def summed(several: Iterable[Counts]) -> Counts:
    """Return the sums over many."""
    total = NOTHING
    for each in several:
        total = added(total, each)
    return total


def _counts(row: MetricsEvent | Breakdown) -> Counts:
    return (
        row.impressions,
        row.clicks,
        _millionths(row.spend),
        _millionths(row.conversions),
        _millionths(row.revenue),
    )


def _millionths(amount: Decimal) -> int:
    return int(_MILLIONTHS.to_integral_value(_MILLIONTHS.scaleb(amount, 6)))
