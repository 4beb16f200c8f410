"""Learns, once a closed day, what a campaign's hours are usually like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from engine.arrays import Floats, Ints
from engine.calendar import HOUR
from engine.delay import Maturity
from engine.events import touched
from engine.rate_cells import matured
from engine.usual_hours import Sold, usual
from schemas import Breakdowns
from workers.adviser.draft import Draft
from workers.adviser.pulse import (
    Habit,
    HourlyDay,
    Pulse,
    hourly_key,
    hourly_of,
    packed,
    pulse_key,
    pulse_of,
)
from workers.instants import day_number

KEPT_DAYS: Final = 14
"""Closed days that usual is learned from."""

AGES: Final = 26
"""Whole hours of age, from 0 on, of which the share of conversions is kept."""

MILLION: Final = 1e6
_HOURS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A closed local day as it is told."""

    record: Breakdowns
    begins: int
    """Its first second."""
    excluded: Ints
    """Shape (W, 2): windows that nothing is learned from, seconds."""


def learn(
    draft: Draft, campaign: bytes, told: Sequence[Closed], maturity: Maturity, now: int
) -> None:
    """Keep the days that were told, and what is usual with them as of second ``now``."""
    pulse = pulse_of(draft.read(pulse_key(campaign)))
    kept = hourly_of(draft.read(hourly_key(campaign)))
    days = {each.day: each for each in kept.days}
    days |= {day_number(each.record.day): _hourly(each, pulse) for each in told}
    newest = sorted(days)[-KEPT_DAYS:]
    kept = msgspec.structs.replace(kept, days=tuple(days[each] for each in newest))
    draft.writes[hourly_key(campaign)] = packed(kept)
    after = msgspec.structs.replace(pulse, habit=_habit(kept.days, maturity, now))
    draft.writes[pulse_key(campaign)] = packed(after)


def _hourly(closed: Closed, pulse: Pulse) -> HourlyDay:
    """Return a day hour by hour, without hours that are excluded or had their bids cut."""
    record, begins = closed.record, closed.begins
    counts = np.zeros((3, _HOURS), dtype=np.int64)
    said = np.zeros(_HOURS, dtype=np.bool_)
    for each in record.slices:
        columns = (each.clicks, each.spend_millionths, each.conversion_millionths)
        counts[:, list(each.hours)] += np.array(columns, dtype=np.int64)
        said[list(each.hours)] = True
    starts = begins + HOUR * np.arange(_HOURS)
    cut = np.array([[pulse.began, pulse.until]], dtype=np.int64)
    windows = np.concatenate([closed.excluded, cut])
    hours = np.flatnonzero(said & ~touched(windows, starts))
    clicks, spend, conversions = counts[:, hours].tolist()
    reported, terms = record.current_bid, record.bid_terms
    base = terms.bid.base if terms and terms.bid else None
    bid = reported or base
    free = not touched(cut, starts).any()
    return HourlyDay(
        day=day_number(record.day),
        begins=begins,
        bid=str(bid) if bid and free else None,
        hours=tuple(hours.tolist()),
        clicks=tuple(clicks),
        spend=tuple(spend),
        conversions=tuple(conversions),
    )


def _habit(days: Sequence[HourlyDay], maturity: Maturity, now: int) -> Habit | None:
    found = usual(_sold(days, maturity, now))
    if not found.enough[0]:
        return None
    bids = [float(each.bid) for each in days if each.bid]
    return Habit(
        clicks=tuple(found.clicks[0].tolist()),
        cost=float(found.cost[0]),
        rate=float(found.rate[0]),
        spreads=(
            float(found.spend_spread[0]),
            float(found.cost_spread[0]),
            float(found.rate_spread[0]),
        ),
        share=tuple(_share(maturity, np.arange(AGES, dtype=np.float64)).tolist()),
        bid=sum(bids) / len(bids) if bids else 0.0,
    )


def _sold(days: Sequence[HourlyDay], maturity: Maturity, now: int) -> Sold:
    """Return days as arrays of one campaign, hour by hour."""
    shape = (1, len(days), _HOURS)
    known = np.zeros(shape, dtype=np.bool_)
    clicks, spend, conversions = (np.zeros(shape) for _ in range(3))
    for row, each in enumerate(days):
        hours = list(each.hours)
        known[0, row, hours] = True
        clicks[0, row, hours] = each.clicks
        spend[0, row, hours] = each.spend
        conversions[0, row, hours] = each.conversions
    begins = np.array([each.begins for each in days], dtype=np.int64)
    ages = (now - begins[:, None] - HOUR * np.arange(1, _HOURS + 1)) / HOUR
    return Sold(
        clicks=clicks,
        spend=spend / MILLION,
        conversions=conversions / MILLION,
        share=_share(maturity, np.maximum(ages, 0.0)).reshape(shape),
        known=known,
    )


def _share(maturity: Maturity, ages: Floats) -> Floats:
    """Return the share of final conversions that is there at ages of any shape, hours."""
    flat = ages.ravel()
    one = np.zeros(len(flat), dtype=np.int64)
    return matured(maturity, one, np.ones(len(flat)), flat)
