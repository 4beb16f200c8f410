"""Money in whole units: every unit is where it is worth most.

At a price, a campaign takes the units that are worth at least that much: its spend at the price
tells how many, but for the last. Between two prices, one that buys too little and one that buys too
much, lie few units, and they are sorted by worth.

Source: Federgruen and Groenevelt, "The Greedy Procedure for Resource Allocation Problems",
Operations Research 34 (1986).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.demand import Demand, Prices

_WIDENINGS: Final = 60


def units_at(demand: Demand, log_price: Prices, spend: Floats) -> Ints:
    """Return how many units are worth a log price, given the demand at it; shape (B,)."""
    return _worth_it(demand, log_price, _steps_of(demand, spend))


def between(
    demand: Demand, log_price: float, spend: Floats, total: int
) -> tuple[Ints, Ints] | None:
    """Return units that are too few and too many, or just enough, close together.

    None where demand jumps across the total: no price buys just that.
    """
    steps = _steps_of(demand, spend)
    units = _worth_it(demand, log_price, steps)
    missing = total - int(units.sum())
    if missing == 0:
        return units, units
    fall = max(float(demand.fall(spend).sum()), 1.0)
    width = 2.0 * (abs(missing) + 2) / fall
    for _ in range(_WIDENINGS):
        moved = log_price - width if missing > 0 else log_price + width
        other = _worth_it(demand, moved, _steps_of(demand, demand.at(moved), steps))
        if (total - int(other.sum())) * missing <= 0:
            few, many = (units, other) if missing > 0 else (other, units)
            return None if _jumped(demand, few, many) else (few, many)
        width *= 2.0
    return None


def best_between(demand: Demand, few: Ints, many: Ints, total: int) -> Ints:
    """Return ``few`` with the best of the units up to ``many``, ``total`` in all."""
    missing = total - int(few.sum())
    if missing == 0:
        return few
    at, worth = units_between(demand, few, many)
    best = np.argpartition(-worth, missing - 1)[:missing]
    return few + np.bincount(at[best], minlength=len(few)).astype(np.int64)


def units_between(demand: Demand, few: Ints, many: Ints) -> tuple[Ints, Floats]:
    """Return each unit from ``few`` to ``many``: of which campaign, and its worth."""
    counts = many - few
    rows = np.flatnonzero(counts > 0)
    at = np.repeat(rows, counts[rows])
    begins = np.cumsum(counts[rows]) - counts[rows]
    nth = np.arange(len(at)) - np.repeat(begins, counts[rows])
    units = (few[at] + nth).astype(np.float64)
    return at, demand.curves.of(at).gain(units, np.ones(len(at)))


@dataclass(frozen=True, slots=True)
class _Steps:
    """Where spends stand, in whole units, and what a unit more is worth there."""

    units: Floats
    worth: Floats


def _steps_of(demand: Demand, spend: Floats, near: _Steps | None = None) -> _Steps:
    """Return the steps of spends; quicker where most stand as they do in ``near``."""
    units = np.floor(spend)
    if near is None:
        return _Steps(units, demand.curves.gain(units, np.ones(len(units))))
    worth, moved = near.worth.copy(), np.flatnonzero(units != near.units)
    worth[moved] = demand.curves.of(moved).gain(units[moved], np.ones(len(moved)))
    return _Steps(units, worth)


def _worth_it(demand: Demand, log_price: Prices, steps: _Steps) -> Ints:
    more = (steps.worth >= np.exp(log_price)) & (steps.units < demand.high)
    return np.asarray(steps.units + more, dtype=np.int64)


def _jumped(demand: Demand, few: Ints, many: Ints) -> bool:
    if demand.jumps is None:
        return False
    at = demand.jumps.at
    return bool(np.any((few[at] < demand.jumps.high - 1.0) & (many[at] > few[at] + 1)))
