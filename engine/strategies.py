"""Strategies: how a budget is spread over the hours of the week.

A strategy says how much each hour of the local week weighs; `hour_plan` turns that into
whole minor units. Another strategy is one function and one entry in `REGISTRY`.
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
from engine.plans import STRATEGIES
from engine.rounding import spread

Weigh = Callable[[Rows, Estimate], Floats]
"""From plans (B,) and what was learned to weights (B, 168), >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One way of spreading a budget."""

    weigh: Weigh
    learned: bool
    """Whether it needs what was learned; one that does not works from the first hour."""


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


REGISTRY: Final[Mapping[int, Strategy]] = MappingProxyType(
    {
        STRATEGIES.index("even"): Strategy(weigh=even, learned=False),
        STRATEGIES.index("dayparting"): Strategy(weigh=dayparting, learned=True),
    }
)
"""The strategies of this release, by their code in a plan."""

_SUPPORTED = np.array([code in REGISTRY for code in range(len(STRATEGIES))])
_LEARNED = np.array(
    [code in REGISTRY and REGISTRY[code].learned for code in range(len(STRATEGIES))]
)


def supported(plans: Rows) -> Bools:
    """Return whether each plan's strategy is one of this release; shape (B,)."""
    return np.asarray(_SUPPORTED[plans["strategy"]])


def needs_learning(plans: Rows) -> Bools:
    """Return whether each plan's strategy works with what was learned; shape (B,)."""
    return np.asarray(_LEARNED[plans["strategy"]])


def week_weights(plans: Rows, learned: Estimate, rows: Ints) -> Floats:
    """Return the weights (B, 168) that each plan's strategy gives the hours of the week.

    Parameters
    ----------
    plans
        Shape (B,), `engine.plans.PLAN`. Plans whose strategy is not of this release weigh
        all hours alike; they are held.
    learned
        What was learned of the campaigns ``rows``, in their order.
    rows
        Positions in ``plans`` of those that need learning.
    """
    weights = np.ones((len(plans), HOURS_OF_WEEK))
    place = np.full(len(plans), -1)
    place[rows] = np.arange(len(rows))
    for code, strategy in REGISTRY.items():
        chosen = np.flatnonzero(plans["strategy"] == code)
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
