"""What money has bought: conversions by hour of the day, their scatter, and their worth."""

from __future__ import annotations

import numpy as np

from engine.arrays import Floats, Ints
from engine.delay import LEAST_MATURE, expected
from engine.what_if import Worth
from workers.whatif.gathering import Gathered
from workers.whatif.hour_table import HourTable


def worth_of(given: Gathered, hours: HourTable, exponent: int) -> Worth:
    """Return what the hours' money has bought, in minor units of a currency's ``exponent``."""
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


def expected_in_all(hours: HourTable) -> float:
    """Return what the conversions of hours will have come to once all of them are told.

    Those of hours that are too young to say it count as they are.
    """
    judged = hours.mature >= LEAST_MATURE
    in_the_end = expected(hours.conversions, hours.mature)
    return float(np.where(judged, in_the_end, hours.conversions).sum())


def _dispersion(days: Ints, counts: Floats, cost: Floats) -> float:
    """Return by how much the counts of days scatter more than Poisson ones, at least 1."""
    _, at = np.unique(days, return_inverse=True)
    seen, spent = np.bincount(at, counts), np.bincount(at, cost)
    meant = spent * counts.sum() / max(cost.sum(), 1e-9)
    some = meant > 0.0
    chi = ((seen[some] - meant[some]) ** 2 / meant[some]).sum()
    return float(max(chi / max(some.sum() - 1, 1), 1.0))


def _value(given: Gathered, hours: HourTable, exponent: int) -> tuple[float, float]:
    """Return what a conversion is worth, and how much that differs; 0 where nobody has told."""
    counts, revenue = hours.conversions.sum(), hours.revenue.sum()
    if revenue <= 0.0:
        told = given.plan.avg_order_value if given.plan else None
        return (float(told) * 10.0**exponent if told else 0.0), 0.0
    each = revenue / counts
    _, at = np.unique(hours.days, return_inverse=True)
    odd = np.bincount(at, hours.revenue) - each * np.bincount(at, hours.conversions)
    return float(each), float(np.sqrt((odd**2).sum() / counts))
