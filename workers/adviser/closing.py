"""A campaign's local day from the hours that are kept of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import numpy as np

from engine.calendar import DAY, HOUR, day_start, hour_of_week
from schemas import BidInForce, Breakdowns, DaySlice, MetricsEvent, Plan
from schemas.bid_terms import terms_of
from workers.adviser.auditing import InForce, in_force_of
from workers.adviser.counting import counted_all_day
from workers.adviser.draft import Draft
from workers.adviser.due import Due
from workers.adviser.planning import aims_of
from workers.adviser.pulse import pulse_key, pulse_of
from workers.adviser.slices import (
    NOTHING,
    UNKNOWN,
    Counts,
    Hour,
    Names,
    added,
    day_of,
    order,
    summed,
)
from workers.adviser.tables import hours_key
from workers.delivery.sizes import LARGEST_BATCH
from workers.instants import date_of, from_seconds
from workers.optimizer.zones import ZoneBook

ByHour = dict[int, Counts]

MOST_BYTES: Final = LARGEST_BATCH // 2
"""Most bytes of a closed day as it is told."""


def closed_day(
    draft: Draft,
    zones: ZoneBook,
    heard: tuple[MetricsEvent, Due],
    plan: Plan | None,
    when: tuple[int, int],
) -> Breakdowns:
    """Return a local day of an event's campaign as it is known: ``when`` is day and second."""
    (event, due), (day, now) = heard, when
    zone = (due.zone or "UTC").encode()
    found_bids = in_force_of(draft.view, event.key)
    found, refused, counted = _by_slice(_hours(draft, zones, (event.key, zone), day))
    return Breakdowns(
        platform=event.platform,
        account_id=event.account_id,
        campaign_id=event.campaign_id,
        day=date_of(day),
        timezone=zone.decode(),
        currency=due.currency,
        slices=tuple(_slice(each, found[each]) for each in sorted(found, key=order)),
        refused_hours=refused,
        aims=aims_of(plan),
        bid_terms=None if plan is None else terms_of(plan),
        current_bid=None if due.bid is None else Decimal(due.bid),
        bid_changed_at=None if due.bid_changed is None else from_seconds(due.bid_changed),
        bid_multiplier=_multiplier(found_bids, due),
        bids_in_force=_in_force(found_bids, due),
        bid_returns_at=_bid_returns_at(draft, event.key, now),
        learning=due.learning,
        conversions_counted=counted_all_day(counted),
        closed_at=from_seconds(now),
    )


def _by_slice(
    hours: Iterable[tuple[int, tuple[Names, ...], Hour]],
) -> tuple[Mapping[Names, ByHour], int, set[int]]:
    """Return counts by slice and hour of the day, of how many hours rows are refused, and ways.

    The ways are those in which conversions are counted (`workers.adviser.counting`).
    """
    found: dict[Names, ByHour] = defaultdict(dict)
    refused, counted = 0, set[int]()
    for local_hour, names, hour in hours:
        rows = completed(names, hour)
        counted.add(hour.counted)
        refused += rows is None
        if rows is None:
            rows = {UNKNOWN: _positive(hour.total)}
        for each, counts in rows.items():
            found[each][local_hour] = added(found[each].get(local_hour, NOTHING), counts)
    return found, refused, counted


def _multiplier(found: InForce, due: Due) -> Decimal | None:
    """Return what the reported bid was multiplied by: what held at the end of its hour."""
    value = None if due.bid is None else found.multiplier_at(due.said_until + HOUR)
    return None if value is None else Decimal(value)


def _in_force(found: InForce, due: Due) -> tuple[BidInForce, ...]:
    named = ((ad_set, found.bid_of(ad_set, due.bid_changed)) for ad_set in sorted(found.bids))
    return tuple(
        BidInForce(ad_set_id=ad_set or None, bid=Decimal(bid))
        for ad_set, bid in named
        if bid is not None
    )


def _bid_returns_at(draft: Draft, campaign: bytes, now: int) -> datetime | None:
    pulse = pulse_of(draft.read(pulse_key(campaign)))
    return from_seconds(pulse.until) if pulse.active(now) else None


def completed(names: tuple[Names, ...], hour: Hour) -> dict[Names, Counts] | None:
    """Return rows that sum to the hour's total; None when they contradict it.

    Rows that say less than the total leave the rest to a row without names. Rows that say more, by
    more than the rounding of each to millionths, or that corrections have left below zero, are not
    to be believed: which of them is wrong cannot be known.
    """
    rows = {names[number]: counts for number, counts in hour.rows.items()}
    rest = [total - said for total, said in zip(hour.total, summed(rows.values()), strict=True)]
    slack = (0, 0, len(rows), len(rows), len(rows))
    wrong = any(left < -allowed for left, allowed in zip(rest, slack, strict=True))
    if wrong or any(number < 0 for counts in rows.values() for number in counts):
        return None
    left = _positive((rest[0], rest[1], rest[2], rest[3], rest[4]))
    if any(left):
        rows[UNKNOWN] = added(rows.get(UNKNOWN, NOTHING), left)
    return {each: counts for each, counts in rows.items() if any(counts)}


def _hours(
    draft: Draft, zones: ZoneBook, whose: tuple[bytes, bytes], day: int
) -> Iterator[tuple[int, tuple[Names, ...], Hour]]:
    """Yield the hours of a local day in order of time: hour of the day, names of rows, hour."""
    key, zone = whose
    two = zones.rows([zone] * 2)
    begins, ends = day_start(zones.calendar, two, np.array([day, day + 1])).tolist()
    found = {
        start: (stored.names, hour)
        for utc_day in range(begins // DAY, (ends - 1) // DAY + 1)
        for stored in [day_of(draft.read(hours_key(key, utc_day)))]
        for number, hour in stored.hours.items()
        if begins <= (start := utc_day * DAY + number * HOUR + hour.quarter * 900) < ends
    }
    starts = np.array([*found], dtype=np.int64)
    local = hour_of_week(zones.calendar, two[:1], starts, np.array([day])) % 24
    for hour_of_day, (names, hour) in zip(local.tolist(), found.values(), strict=True):
        yield hour_of_day, names, hour


def _positive(counts: Counts) -> Counts:
    a, b, c, d, e = (max(each, 0) for each in counts)
    return a, b, c, d, e


def _slice(names: Names, hours: ByHour) -> DaySlice:
    ad_set, device, placement = names
    told = sorted(hours)
    columns = tuple(zip(*(hours[hour] for hour in told), strict=True))
    return DaySlice(
        ad_set_id=ad_set,
        device=device,
        placement=placement,
        hours=tuple(told),
        impressions=columns[0],
        clicks=columns[1],
        spend_millionths=columns[2],
        conversion_millionths=columns[3],
        revenue_millionths=columns[4],
    )


def largest(slices: Sequence[DaySlice], count: int) -> tuple[DaySlice, ...]:
    """Return the slices that spent most, and the sum of the others as the slice without names."""
    spent = sorted(slices, key=lambda each: (-sum(each.spend_millionths), order(_names(each))))
    kept = {_names(each) for each in spent[:count]} - {UNKNOWN}
    rest: ByHour = {}
    for each in slices:
        if _names(each) in kept:
            continue
        columns = (
            each.impressions,
            each.clicks,
            each.spend_millionths,
            each.conversion_millionths,
            each.revenue_millionths,
        )
        for hour, *counts in zip(each.hours, *columns, strict=True):
            a, b, c, d, e = counts
            rest[hour] = added(rest.get(hour, NOTHING), (a, b, c, d, e))
    unnamed = (_slice(UNKNOWN, rest),) if rest else ()
    return (*unnamed, *(each for each in slices if _names(each) in kept))


def _names(each: DaySlice) -> Names:
    return each.ad_set_id, each.device, each.placement
