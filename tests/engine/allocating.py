"""Small problems of allocation, and their best answers by trying everything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.allocation import Groups
from engine.arrays import Floats, Ints
from engine.curve_families import HILL
from engine.curves import Curves

Best = dict[int, float]
"""The most that can be had, by what is spent."""


@dataclass(frozen=True)
class Problem:
    """A few campaigns, whole units and perhaps a tree."""

    curves: Curves
    low: Ints
    high: Ints
    total: int
    groups: Groups | None = None


def some_curves(rng: np.random.Generator, count: int, kinds: list[int]) -> Curves:
    """Draw curves of several families that bend within some tens of units."""
    family = rng.choice(kinds, count)
    exponent = rng.uniform(0.1, 0.95, count)
    steep = rng.uniform(0.5, 5.0, count)
    return Curves(
        family,
        # Some bring nothing, whatever they have.
        rng.lognormal(0.0, 1.0, count) * (rng.random(count) > 0.05),
        rng.uniform(1.0, 15.0, count),
        np.where(family == HILL, steep, exponent),
    )


def some_problem(rng: np.random.Generator, kinds: list[int], *, tree: bool) -> Problem:
    """Draw a problem of one to six campaigns; that of a tree may have no answer."""
    count = int(rng.integers(1, 7))
    low = rng.integers(0, 4, count)
    high = low + rng.integers(0, 12, count)
    total = int(rng.integers(low.sum(), high.sum() + 1))
    curves = some_curves(rng, count, kinds)
    return Problem(curves, low, high, total, _some_groups(rng, count) if tree else None)


def _some_groups(rng: np.random.Generator, campaigns: int) -> Groups:
    count = int(rng.integers(1, 6))
    parent = np.array([-1] + [int(rng.integers(0, at)) for at in range(1, count)])
    low = rng.integers(0, 6, count)
    high = low + rng.integers(2, 20, count)
    low[0], high[0] = 0, 10**6
    return Groups(parent=parent, low=low, high=high, of=rng.integers(0, count, campaigns))


def most_value(problem: Problem) -> float | None:
    """Return the value of the best split by dynamic programming; none where none is allowed."""
    values = [_values(problem, at) for at in range(len(problem.low))]
    if problem.groups is None:
        return _together(values).get(problem.total)
    return _of_group(problem.groups, values, 0).get(problem.total)


def _values(problem: Problem, at: int) -> Best:
    count = len(problem.low)

    def worth(units: int) -> float:
        spend: Floats = np.full(count, float(units))
        return float(problem.curves.value(spend)[at])

    low, high = int(problem.low[at]), int(problem.high[at])
    return {units: worth(units) for units in range(low, high + 1)}


def _of_group(groups: Groups, values: list[Best], at: int) -> Best:
    members = [values[row] for row in np.flatnonzero(groups.of == at)]
    inner = [_of_group(groups, values, int(child)) for child in np.flatnonzero(groups.parent == at)]
    low, high = groups.low[at], groups.high[at]
    return {
        spend: value for spend, value in _together(members + inner).items() if low <= spend <= high
    }


def _together(several: list[Best]) -> Best:
    best: Best = {0: 0.0}
    for one in several:
        joined: Best = {}
        for spend, value in best.items():
            for more, gain in one.items():
                at = spend + more
                joined[at] = max(joined.get(at, -1.0), value + gain)
        best = joined
    return best
