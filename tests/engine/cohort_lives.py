"""Cohorts for tests: days of campaigns by what was known of them at each age."""

from __future__ import annotations

import numpy as np

from engine import chain_ladder, cohorts, delay, value_growth, value_told
from engine.arrays import Floats
from engine.chain_ladder import Triangle
from engine.value_growth import AGES
from engine.value_spread import Cohorts

ALL_AGES = np.array(AGES, dtype=np.float64)


def days(value: Floats, clicks: Floats, orders: float = 10.0) -> Cohorts:
    """Return I days told every day until today, the last of which has just ended.

    ``value`` (B, I, 21) are what they would come to at `AGES`, known or not; ``orders`` is the
    value of a conversion.
    """
    age = np.arange(value.shape[1] - 1.0, -1.0, -1.0)
    known = np.broadcast_to(age[:, None] >= ALL_AGES, value.shape).copy()
    rows = [[np.interp(a, ALL_AGES, one) for a, one in zip(age, row, strict=True)] for row in value]
    return Cohorts(
        triangle=Triangle(value=np.where(known, value, 0.0), known=known),
        now=np.array(rows),
        age=np.broadcast_to(age, clicks.shape).copy(),
        clicks=clicks,
        conversions=np.array(rows) / orders,
    )


def grown(again: float, scale: float) -> Floats:
    """Return how much a value of 1 at once has grown to at `AGES`, by exponential repeats."""
    return np.asarray(1.0 + again * -np.expm1(-ALL_AGES / scale))


def live() -> None:
    """Foresee the value of two campaigns, one of which few days are known of."""
    clicks = np.array([np.full(40, 100.0), np.where(np.arange(40) < 38, 0.0, 10.0)])
    two = days(clicks[..., None] * grown(0.5, 20.0), clicks)
    chain_ladder.ultimate(two.triangle)
    learned = cohorts.learn(two, cohorts.teach(two))
    found = cohorts.foresee(two, learned, 90.0)
    cohorts.worth(found, two.clicks)
    value_growth.between(learned.development.logs, two.age)
    told_again()


def told_again() -> None:
    """Judge the revenue of two campaigns' hours at horizons, one of which was told again."""
    value_growth.curves_at((0.0, 1.0, 2.0))
    size = (2, value_told.STEPS)
    counts, ages = np.array([[50.0], [0.0]]), np.array([24.0])
    restated = delay.Restated(before=counts, after=2.0 * counts, earlier=ages, later=3.0 * ages)
    known = value_told.add_told(
        value_told.ToldValue(growth=np.zeros(size), level=np.zeros(size)),
        restated,
        np.array([[5.0], [0.0]]),
    )
    share = delay.maturity(delay.no_delays(2), delay.no_delays(1))
    horizon = np.array([7.0, 90.0])
    value_told.share_at(known, np.ones(2), share, np.full((2, 3), 30.0), horizon)
