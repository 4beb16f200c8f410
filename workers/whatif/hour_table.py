"""The hours of one campaign as arrays: what they spent, brought, and how mature that is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine import delay
from engine.arrays import Bools, Floats, Ints
from engine.calendar import HOUR, Calendar, hour_of_week, local_day
from engine.hours import MILLIONTHS, SUSPECT
from engine.zones import zone_days
from schemas.money import exponent_of
from schemas.zones import zone
from workers.whatif.evidence import cut_off, log_multipliers
from workers.whatif.gathering import Gathered

_ATTO = 1e18
_AMOUNTS = ("spend", "revenue")


@dataclass(frozen=True, slots=True, kw_only=True)
class HourTable:
    """Arrays (N,) of one campaign's usable hours."""

    cells: Ints
    days: Ints
    spend: Floats
    impressions: Floats
    conversions: Floats
    revenue: Floats
    mature: Floats
    log_multiplier: Floats
    capped: Bools


def exponent_for(given: Gathered) -> int:
    """Return how many decimals the campaign's currency has; 2 where none is named."""
    currency = given.plan.currency if given.plan else given.campaign["currency"][0].decode()
    return exponent_of(currency) if currency else 2


def hours_of(given: Gathered, exponent: int) -> HourTable:
    """Return a campaign's hours as arrays, suspect ones left out; money in minor units."""
    calendar = Calendar.of([zone_days(zone(_zone(given)))])
    rows, starts = given.hours, given.starts
    where = np.zeros(len(rows), dtype=np.int64)
    days = local_day(calendar, where, starts)
    unit = 10.0**exponent
    spend, revenue = (np.maximum(rows[name] @ [1.0, 1.0 / _ATTO], 0.0) for name in _AMOUNTS)
    found = HourTable(
        cells=hour_of_week(calendar, where, starts, days),
        days=days,
        spend=unit * spend,
        impressions=np.maximum(rows["impressions"], 0).astype(np.float64),
        conversions=np.maximum(rows["conversions"], 0) / MILLIONTHS,
        revenue=unit * revenue,
        mature=_maturity(given),
        log_multiplier=log_multipliers(given),
        capped=cut_off(given, spend, days),
    )
    good = rows["flags"] & SUSPECT == 0
    return HourTable(**{name: getattr(found, name)[good] for name in HourTable.__slots__})


def _zone(given: Gathered) -> str:
    return given.campaign["zone"][0].decode() or "UTC"


def _maturity(given: Gathered) -> Floats:
    """Return which share of each hour's conversions is reported by now, by its restatements.

    Where none grew with age, what is told first is final.
    """
    told = defaultdict(list)
    for report in (each for each in given.told if not each.adds):
        told[report.start].append(report)
    pairs = [
        (before.conversions, after.conversions, *_ages(start, before.now, after.now))
        for start, reports in told.items()
        for before, after in pairwise(reports)
    ]
    grown = [pair for pair in pairs if pair[3] > pair[2]]
    if not given.live or not any(pair[1] > pair[0] for pair in grown):
        return np.ones(len(given.starts))
    before, after, earlier, later = (np.array(column)[None] for column in zip(*grown, strict=True))
    restated = delay.Restated(before=before, after=after, earlier=earlier, later=later)
    delays = delay.add_restatements(delay.no_delays(1), restated)
    now = max(report.now for report in given.told)
    ages = np.maximum((now - given.starts - HOUR) / HOUR, 0.0)
    return np.asarray(delay.maturity(delays, delays).at(ages)[0])


def _ages(start: int, earlier: int, later: int) -> tuple[float, float]:
    return (earlier - start - HOUR) / HOUR, (later - start - HOUR) / HOUR
