"""What the clicks of a day will have been worth at a horizon, with how far that may be off.

The clicks of one local day are a cohort; its value is the revenue that they have led to, which
grows as customers buy again. A cohort's value at the horizon is what it has, and what is to come:
of a young one by its clicks and what clicks were worth before (Bornhuetter and Ferguson), of an
older one more and more by what it has itself (the chain ladder), each with its credibility.

Source: Bornhuetter and Ferguson, "The Actuary and IBNR", Proceedings of the Casualty Actuarial
Society 59 (1972); Stanard, "A Simulation Test of Prediction Errors of Loss Reserve Estimation
Techniques", ibid. 72 (1985), for what clicks were worth (Cape Cod); England and Verrall,
"Stochastic Claims Reserving in General Insurance", British Actuarial Journal 8 (2002), for
over-dispersed Poisson values and the credibility between the two methods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats
from engine.intervals import LIKELY, ORDERS_VARY, Interval
from engine.value_growth import (
    AGES,
    Development,
    TaughtGrowth,
    develop,
    growth_of,
    taught_by,
    together,
)
from engine.value_lasting import Stays, lasting, stays_of
from engine.value_spread import Cohorts, order_of, spread_of

LIFETIME: Final = float(AGES[-1])
"""Days; the longest horizon."""

FEW: Final = 2.3
"""Orders that are expected, of which none comes one time of ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What the campaigns of a scope teach each other: one row, whatever their number."""

    growth: TaughtGrowth
    lasting: Floats
    """Shape (1,), in [0, 1]: as of `engine.value_lasting`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """How the value of B campaigns' cohorts grows."""

    development: Development
    order: Floats
    """Shape (B,), > 0: variance of a sum of values over that sum, in the unit of money."""
    lasting: Floats
    """Shape (1,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """The value of cohorts at a horizon; shapes (B, I), in the unit of money.

    Limits hold four of five. All is 0 of a day that is not known.
    """

    value: Floats
    low: Floats
    high: Floats
    ahead: Ahead
    order: Floats
    """Shape (B,), as of `Learned`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What is to come of cohorts; shapes (B, I), 0 of those that are past the horizon."""

    value: Floats
    chance: Floats
    """Variance that is each cohort's own."""
    by_growth: Floats
    """Standard deviation from the factors, which the cohorts share."""
    by_click: Floats
    """The same from what a click is worth."""


def teach(cohorts: Cohorts) -> Lessons:
    """Return what the campaigns of a scope teach each other and those that come after them."""
    order = order_of(cohorts)
    own = growth_of(cohorts.triangle, order)
    growth = taught_by(together(own))
    development = develop(own, growth)
    spread = spread_of(cohorts, development, order, LIFETIME)
    stays = stays_of(cohorts, development, spread, LIFETIME)
    whole = Stays(shared=stays.shared.sum(keepdims=True), cases=stays.cases.sum(keepdims=True))
    return Lessons(growth=growth, lasting=lasting(whole))


def learn(cohorts: Cohorts, lessons: Lessons) -> Learned:
    """Return how the value of campaigns grows that begin with what they were taught."""
    order = order_of(cohorts)
    development = develop(growth_of(cohorts.triangle, order), lessons.growth)
    return Learned(development=development, order=order, lasting=lessons.lasting)


def foresee(cohorts: Cohorts, learned: Learned, horizon: float) -> Foreseen:
    """Return what cohorts will have come to ``horizon`` days after their days, in [0, `LIFETIME`].

    The variance is that of the orders to come, of the day's worth, of the factors and of what a
    click is worth. Of a cohort that is past the horizon it is what it had come to there.
    """
    past, had = _had(cohorts, learned.development, horizon)
    there = cohorts.age >= 0.0
    ahead = _of(_ahead(cohorts, learned, horizon), there & ~past)
    base = np.where(there, np.where(past, had, cohorts.now), 0.0)
    doubt = np.square(ahead.by_growth) + np.square(ahead.by_click)
    low, high = _limits(ahead.value, ahead.chance + doubt, learned.order[:, None])
    return Foreseen(
        value=base + ahead.value,
        low=base + low,
        high=base + high,
        ahead=ahead,
        order=learned.order,
    )


def total(foreseen: Foreseen, chosen: Bools) -> Interval:
    """Return the value of the cohorts ``chosen`` (B, I) together, shapes (B,).

    The chance of orders evens out among them; what they share does not.
    """
    ahead = _of(foreseen.ahead, chosen)
    coming = ahead.value.sum(axis=1)
    doubt = np.square(ahead.by_growth.sum(axis=1)) + np.square(ahead.by_click.sum(axis=1))
    low, high = _limits(coming, ahead.chance.sum(axis=1) + doubt, foreseen.order)
    value = np.where(chosen, foreseen.value, 0.0).sum(axis=1)
    return Interval(low=value - coming + low, middle=value, high=value - coming + high)


def worth(foreseen: Foreseen, counted: Floats) -> Interval:
    """Return the value of one of ``counted`` (B, I) clicks or conversions, shapes (B,).

    0 where there is none.
    """
    among, whole = counted.sum(axis=1), total(foreseen, np.ones(counted.shape, dtype=np.bool_))

    def each(value: Floats) -> Floats:
        return np.asarray(np.divide(value, among, out=np.zeros(len(among)), where=among > 0.0))

    return Interval(low=each(whole.low), middle=each(whole.middle), high=each(whole.high))


def _of(ahead: Ahead, chosen: Bools) -> Ahead:
    return Ahead(
        value=np.where(chosen, ahead.value, 0.0),
        chance=np.where(chosen, ahead.chance, 0.0),
        by_growth=np.where(chosen, ahead.by_growth, 0.0),
        by_click=np.where(chosen, ahead.by_click, 0.0),
    )


def _ahead(cohorts: Cohorts, learned: Learned, horizon: float) -> Ahead:
    development, order = learned.development, learned.order[:, None]
    spread = spread_of(cohorts, development, learned.order, horizon)
    until = np.full((len(order), 1), horizon)
    share = np.exp(development.log_at(cohorts.age) - development.log_at(until))
    due = cohorts.clicks * spread.per_click[:, None]
    ladder = cohorts.now / share
    # Variances of the value by now, over its mean: all of it, and what stays with the day.
    days = spread.days[:, None] * due * share
    stays = learned.lasting * order + days
    own = np.where(due > 0.0, stays / (order + days), 1.0)
    scale = np.maximum(own * ladder + (1.0 - own) * due, 0.0)
    left = 1.0 - share
    unknown = np.where(due > 0.0, (1.0 - own) * stays * due, order * ladder) / share
    chance = np.abs(left) * scale * order + np.square(left) * np.maximum(unknown, 0.0)
    # The share is as much off as the factors; the more, the less of the value is there.
    doubt = development.doubt(cohorts.age, horizon)
    return Ahead(
        value=left * scale,
        chance=chance,
        by_growth=(own * ladder + (1.0 - own) * due * share) * doubt,
        by_click=(1.0 - own) * left * due * spread.doubt[:, None],
    )


def _had(cohorts: Cohorts, development: Development, horizon: float) -> tuple[Bools, Floats]:
    """Return which cohorts are past the horizon, and what they had come to there."""
    ends = np.array(AGES, dtype=np.float64)
    step = int(np.clip(np.searchsorted(ends, horizon, side="right") - 1, 0, len(AGES) - 2))
    triangle = cohorts.triangle
    part = (horizon - ends[step]) / (ends[step + 1] - ends[step])
    sides = (step, step + 1) if part > 0.0 else (step, step)
    first, last = (triangle.value[..., side] for side in sides)
    seen = triangle.known[..., sides[0]] & triangle.known[..., sides[1]]
    until = np.full((len(cohorts.now), 1), horizon)
    back = np.exp(development.log_at(until) - development.log_at(cohorts.age))
    told = np.where(seen, (1.0 - part) * first + part * last, cohorts.now * back)
    return cohorts.age >= horizon, told


def _limits(mean: Floats, variance: Floats, order: Floats) -> tuple[Floats, Floats]:
    """Return between which values four of five of a gamma distribution's lie.

    The lower one is 0 where it may well be that no order comes any more. Of a mean that is not
    above 0 (more will be withdrawn than comes in) they are a normal distribution's.

    Source: Wilson and Hilferty, "The Distribution of Chi-Square", Proceedings of the National
    Academy of Sciences 17 (1931).
    """
    spread = np.sqrt(np.maximum(variance, 0.0))
    comes = mean > 0.0
    some = np.where(comes, mean, 1.0)
    # The cube root of a gamma value is about normal, of this relative variance.
    ninth = np.square(spread / some) / 9.0
    roots = [np.maximum(1.0 - ninth + side * np.sqrt(ninth), 0.0) for side in (-LIKELY, LIKELY)]
    low, high = (some * root**3 for root in roots)
    few = some * (1.0 + ORDERS_VARY**2) < FEW * order
    wide = mean + LIKELY * spread
    return (
        np.where(comes, np.where(few | (ninth >= 1.0), 0.0, low), mean - LIKELY * spread),
        np.where(comes & (ninth < 1.0), high, wide),
    )
