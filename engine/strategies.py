"""Strategies: how a budget is spread over the hours of the week.

A strategy says how much each hour of the local week weighs; `hour_plan` turns that into
whole minor units. Another strategy is one function and one entry in `REGISTRY`. None has a
split of its own: all that tells one hour from another is what was learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import HOURS_OF_WEEK
from engine.patterns import Estimate
from engine.plans import ACTUATORS, STRATEGIES
from engine.response import FIRST_ELASTICITY
from engine.rounding import spread

Weigh = Callable[[Rows, Estimate], Floats]
"""From plans (B,) and what was learned to weights (B, 168), >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One way of spreading a budget."""

    weigh: Weigh
    learned: bool
    """Whether it needs what was learned; one that does not works from the first hour."""
    dated: bool = False
    """Whether days also weigh by their date (`engine.dates`), not by their weekday alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourPlan:
    """Amounts for the hours of a local day that are still to come."""

    amounts: Ints
    """Shape (B, 25), minor units; column 0 is the first hour planned."""
    unmet: Bools
    """Shape (B,): the hourly minimum did not fit into the total and was left aside."""
    unplaced: Ints
    """Shape (B,): minor units that the hourly maximum leaves over."""


def even(plans: Rows, _: Estimate) -> Floats:
    """Weigh all hours alike."""
    return np.ones((len(plans), HOURS_OF_WEEK))


def dayparting(_: Rows, learned: Estimate) -> Floats:
    """Weigh each hour by the conversions it is expected to bring."""
    return learned.conversions


def conversion_pattern(_: Rows, learned: Estimate) -> Floats:
    """Weigh each hour of the week by its conversions; days weigh by their date beside."""
    return learned.conversions


def front_loading(_: Rows, learned: Estimate) -> Floats:
    """Weigh hours by their conversions, those of high intent and early in their day more.

    ``conversions * (intent * ahead) ** strength``. Intent is an hour's conversions per click
    against the week's. ``ahead`` is the share of its day's clicks that come in it or later,
    which falls from 1 at midnight: money that is put out while most of the day's demand is
    ahead can still be spent should an hour fail it, and late in the day it cannot. Of two hours
    of equal conversions and intent the earlier so has the more.

    The strength, in [0, 1), is the trust in the week times how concentrated its conversions
    are. Leaving the proportional split is a bet on the pattern: what is not known is not bet
    on, and the campaign follows its prior; and where no hour is better than another, there is
    none to bet on.
    """
    strength = learned.trust * concentration(learned.conversions)
    favour = intent(learned) * still_to_come(learned.clicks)
    return np.asarray(learned.conversions * favour ** strength[:, None])


def performance_based(_: Rows, learned: Estimate) -> Floats:
    """Weigh each hour so that its last unit of money brings as much as that of any other.

    With ``n`` clicks on offer that are worth ``e`` conversions each, and spend that answers to
    a bid with elasticity ``b`` > 1, an hour is worth ``e * n ** (1 / b) * spend ** (1 - 1 / b)``.
    The marginal values are equal (first-order condition of the sum over hours) where spend is
    in proportion to ``n * e ** b``: what one constant multiplier on bids of ``e`` spends.

    The clicks that are known were bought. At the same price in all hours they are ``n``, and
    the exponent of ``e`` is ``b``. Bought with the split that the plan asks for they follow it:
    conversions per unit of money are then alike at the optimum, and an exponent of 1 stays
    there, for that of the split becomes ``b`` times it. How they were bought is not known, so
    the exponent is the mean of 1 and ``b`` that errs by the same factor either way, their root.

    The elasticity is the one that the pacer begins with; a campaign's own is not learned here.

    Source: Boyd and Vandenberghe, "Convex Optimization" (2004), section 5.5.3; Balseiro and
    Gur, "Learning in Repeated Auctions with Budgets", Management Science 65 (2019).
    """
    return np.asarray(learned.clicks * intent(learned) ** FIRST_ELASTICITY**0.5)


def intent(learned: Estimate) -> Floats:
    """Return each hour's conversions per click against the week's, > 0; shape (B, 168)."""
    clicks, conversions = learned.clicks, learned.conversions
    usual = conversions.sum(axis=1) / clicks.sum(axis=1)
    return np.asarray(conversions / clicks / usual[:, None])


def still_to_come(clicks: Floats) -> Floats:
    """Return the share of its day's clicks that come in each hour or later; shape (B, 168).

    In (0, 1], 1 in the first hour of each day.
    """
    days = clicks.reshape(-1, 7, 24)
    later = np.cumsum(days[:, :, ::-1], axis=2)[:, :, ::-1]
    return np.asarray(later / later[:, :, :1]).reshape(clicks.shape)


def concentration(rates: Floats) -> Floats:
    """Return how unequal the hours of each week are, in [0, 1); shape (B,).

    With the coefficient of variation ``c`` it is ``c / sqrt(1 + c ** 2)``: 0 where all hours
    are alike, near 1 where few have it all. Its square is 1 less the reciprocal of
    Herfindahl's index, relative to that of equal hours.
    """
    mean = rates.mean(axis=1)
    square = ((rates - mean[:, None]) ** 2).mean(axis=1)
    return np.asarray(np.sqrt(square / (mean**2 + square)))


REGISTRY: Final[Mapping[int, Strategy]] = MappingProxyType(
    {
        STRATEGIES.index("even"): Strategy(weigh=even, learned=False),
        STRATEGIES.index("front_loading"): Strategy(weigh=front_loading, learned=True),
        STRATEGIES.index("performance_based"): Strategy(weigh=performance_based, learned=True),
        STRATEGIES.index("dayparting"): Strategy(weigh=dayparting, learned=True),
        STRATEGIES.index("conversion_pattern"): Strategy(
            weigh=conversion_pattern, learned=True, dated=True
        ),
        # Where it may set nothing but hourly budgets there is nothing to steer with.
        STRATEGIES.index("adaptive"): Strategy(weigh=dayparting, learned=True),
    }
)
"""The strategies of this release, by their code in a plan."""

_LEARNED = np.array([REGISTRY[code].learned for code in range(len(STRATEGIES))])
_DATED = np.array([REGISTRY[code].dated for code in range(len(STRATEGIES))])
_ADAPTIVE, _BUDGET = STRATEGIES.index("adaptive"), ACTUATORS.index("budget")


def steers(plans: Rows) -> Bools:
    """Return whether each plan has its bids set, by one multiplier (`engine.steering`); (B,)."""
    return np.asarray((plans["strategy"] == _ADAPTIVE) & (plans["actuator"] != _BUDGET))


def needs_learning(plans: Rows) -> Bools:
    """Return whether each plan spreads a budget by what was learned of its hours; shape (B,)."""
    return np.asarray(_LEARNED[plans["strategy"]] & ~steers(plans))


def by_date(plans: Rows) -> Bools:
    """Return whether each plan's strategy lets days weigh by their date; shape (B,)."""
    return np.asarray(_DATED[plans["strategy"]])


def week_weights(plans: Rows, learned: Estimate, rows: Ints) -> Floats:
    """Return the weights (B, 168) that each plan's strategy gives the hours of the week.

    Parameters
    ----------
    plans
        Shape (B,), `engine.plans.PLAN`. Those that steer weigh all hours alike: what they
        spend in an hour follows from the multiplier.
    learned
        What was learned of the campaigns ``rows``, in their order.
    rows
        Positions in ``plans`` of those that need learning.
    """
    weights = np.ones((len(plans), HOURS_OF_WEEK))
    place = np.full(len(plans), -1)
    place[rows] = np.arange(len(rows))
    spread_by = np.where(steers(plans), -1, plans["strategy"].astype(np.int64))
    for code in set(spread_by.tolist()) - {-1}:
        strategy, chosen = REGISTRY[code], np.flatnonzero(spread_by == code)
        if not strategy.learned:
            weights[chosen] = strategy.weigh(plans[chosen], learned)
        elif (place[chosen] >= 0).all():
            weights[chosen] = strategy.weigh(plans[rows], learned)[place[chosen]]
    return weights


def hour_plan(totals: Ints, weights: Floats, floors: Ints, caps: Ints) -> HourPlan:
    """Spread what a day may still spend over its remaining hours.

    Parameters
    ----------
    totals
        Shape (B,), minor units, >= 0.
    weights
        Shape (B, 25), >= 0; 0 where there is no hour, or nothing is to be spent.
    floors, caps
        Shape (B,), minor units: least and most for an hour that is spent in.

    Returns
    -------
    Amounts that sum to the total less ``unplaced``, to the minor unit, each within
    [floor, cap]. Where even the floors exceed the total, the cap on the whole goes first:
    floors are left aside and ``unmet`` says so.
    """
    used = weights > 0.0
    high = np.where(used, np.minimum(caps, totals)[:, None], 0)
    # Counted before multiplying: 25 caps without limit would overflow.
    room = used.sum(axis=1) * np.minimum(caps, totals)
    placed = np.minimum(totals, room)
    low = np.where(used, np.minimum(floors, totals + 1)[:, None], 0)
    unmet = low.sum(axis=1) > placed
    low[unmet] = 0
    amounts = spread(placed, weights, low, high)
    return HourPlan(amounts=amounts, unmet=unmet, unplaced=totals - placed)
