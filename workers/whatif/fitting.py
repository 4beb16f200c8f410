"""Learns a campaign's market from its hours: the pacer's filter, and what money has bought."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine import delay, pacer
from engine.arrays import Bools, Floats, Ints
from engine.calendar import HOUR, Calendar, hour_of_week, local_day
from engine.ceiling import LEAST_MATURE
from engine.day_shapes import DayShapes, no_days, pooled
from engine.hours import MILLIONTHS, SUSPECT
from engine.pacer import Pacing
from engine.response import ELASTICITY, Observed
from engine.what_if import Worth
from engine.zones import zone_days
from schemas.money import exponent_of
from schemas.zones import zone
from workers.errors import WorkerError
from workers.whatif.evidence import cut_off, log_multipliers
from workers.whatif.gathering import Gathered

LEAST_HOURS = 72
"""Hours with spend below which nothing is forecast: three days."""

LEAST_CONVERSIONS = 10
"""Conversions below which what money buys is not known to within a third."""

VARIED = 0.02
"""Standard deviation of log multipliers from which bids have varied."""

_ATTO = 1e18


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What an answer rests on."""

    days: int
    hours: int
    """Hours with spend."""
    conversions: float
    varied: bool
    """Whether bids ever varied: else how spend answers them is assumed."""
    cut_off: float
    """Share of the hours that a budget cut off: what more there was to buy is not known of them."""
    restated: bool
    """Whether reports were restated, so that the delay of conversions was learned."""
    elasticity: float
    elasticity_sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """One campaign's market; money in minor units."""

    pacing: Pacing
    shapes: DayShapes
    worth: Worth
    basis: Basis
    exponent: int
    next_day: int
    """The local day after that of the newest hour, days since 1970-01-01."""
    usual: float
    """Spend of a mean day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hours:
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


def fitted(given: Gathered) -> Fitted:
    """Return what the hours of a campaign teach.

    Raises
    ------
    WorkerError
        There is too little to go by.
    """
    exponent = _exponent(given)
    hours = _hours(given, exponent)
    heard, conversions = int((hours.spend > 0.0).sum()), float(hours.conversions.sum())
    if heard < LEAST_HOURS or conversions < LEAST_CONVERSIONS:
        raise WorkerError(
            f"campaign {given.key.decode()} has {heard} hours with spend and {conversions:g} "
            f"conversions in its log, too little to say what another budget would bring",
            remedy=f"it takes {LEAST_HOURS} hours and {LEAST_CONVERSIONS} conversions",
        )
    shapes = pooled(no_days())
    pacing = _lived(hours, shapes)
    response = pacing.response
    days = len(np.unique(hours.days))
    return Fitted(
        pacing=pacing,
        shapes=shapes,
        worth=_worth(given, hours, exponent),
        exponent=exponent,
        next_day=int(hours.days[-1]) + 1,
        usual=float(hours.spend.sum() * 24 / len(hours.spend)),
        basis=Basis(
            days=days,
            hours=heard,
            conversions=conversions,
            varied=bool(hours.log_multiplier[hours.spend > 0.0].std() >= VARIED),
            cut_off=float(hours.capped.mean()),
            restated=bool((hours.mature < 1.0).any()),
            elasticity=float(response.mean[0, ELASTICITY]),
            elasticity_sd=float(np.sqrt(response.covariance[0, ELASTICITY, ELASTICITY])),
        ),
    )


def _exponent(given: Gathered) -> int:
    currency = given.plan.currency if given.plan else given.campaign["currency"][0].decode()
    return exponent_of(currency) if currency else 2


def _hours(given: Gathered, exponent: int) -> _Hours:
    calendar = Calendar.of([zone_days(zone(_zone(given)))])
    rows, starts = given.hours, given.starts
    where = np.zeros(len(rows), dtype=np.int64)
    days = local_day(calendar, where, starts)
    unit = 10.0**exponent
    spend, revenue = (np.maximum(rows[name] @ [1.0, 1.0 / _ATTO], 0.0) for name in _AMOUNTS)
    found = _Hours(
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
    return _Hours(**{name: getattr(found, name)[good] for name in _Hours.__slots__})


_AMOUNTS = ("spend", "revenue")


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


def _lived(hours: _Hours, shapes: DayShapes) -> Pacing:
    """Return what the filter knows after all hours; missing ones are passed as not reported."""
    mean = np.maximum(np.array([hours.spend[hours.spend > 0.0][:24].mean()]), 1e-9)
    pacing = pacer.start(shapes, mean, hours.log_multiplier[:1])
    index = hours.days * 24 + hours.cells % 24
    present = {int(at): row for row, at in enumerate(index)}
    for at in range(int(index[0]), int(index[-1]) + 1):
        row = present.get(at)
        pacing = pacer.learn_hour(pacing, shapes, _observed(hours, row, at))
    return pacing


def _observed(hours: _Hours, row: int | None, at: int) -> Observed:
    seen = 0 if row is None else row
    weekday = (at // 24 + 3) % 7
    return Observed(
        cells=np.array([24 * weekday + at % 24]),
        log_multiplier=hours.log_multiplier[seen : seen + 1],
        spend=hours.spend[seen : seen + 1],
        impressions=hours.impressions[seen : seen + 1],
        capped=hours.capped[seen : seen + 1],
        usable=np.array([row is not None]),
    )


def _worth(given: Gathered, hours: _Hours, exponent: int) -> Worth:
    judged = np.where(hours.mature >= LEAST_MATURE, 1.0, 0.0)
    cost, counts = judged * hours.mature * hours.spend, judged * hours.conversions
    by_hour = np.zeros((2, 1, 24))
    np.add.at(by_hour[0, 0], hours.cells % 24, counts)
    np.add.at(by_hour[1, 0], hours.cells % 24, cost)
    value, value_sd = _value(given, hours, exponent)
    return Worth(
        conversions=by_hour[0],
        cost=by_hour[1],
        log_multiplier=np.array([np.average(hours.log_multiplier, weights=cost + 1e-12)]),
        dispersion=np.array([_dispersion(hours.days, counts, cost)]),
        value=np.array([value]),
        value_sd=np.array([value_sd]),
    )


def _dispersion(days: Ints, counts: Floats, cost: Floats) -> float:
    """Return by how much the counts of days scatter more than Poisson ones, at least 1."""
    _, at = np.unique(days, return_inverse=True)
    seen, spent = np.bincount(at, counts), np.bincount(at, cost)
    meant = spent * counts.sum() / max(cost.sum(), 1e-9)
    some = meant > 0.0
    chi = ((seen[some] - meant[some]) ** 2 / meant[some]).sum()
    return float(max(chi / max(some.sum() - 1, 1), 1.0))


def _value(given: Gathered, hours: _Hours, exponent: int) -> tuple[float, float]:
    """Return what a conversion is worth, and how much that differs; 0 where nobody has told."""
    counts, revenue = hours.conversions.sum(), hours.revenue.sum()
    if revenue <= 0.0:
        told = given.plan.avg_order_value if given.plan else None
        return (float(told) * 10.0**exponent if told else 0.0), 0.0
    each = revenue / counts
    _, at = np.unique(hours.days, return_inverse=True)
    odd = np.bincount(at, hours.revenue) - each * np.bincount(at, hours.conversions)
    return float(each), float(np.sqrt((odd**2).sum() / counts))
