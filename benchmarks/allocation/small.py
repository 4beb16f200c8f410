"""Small problems, each answered by trying everything: dynamic programming over whole units.

Curves are valued by their definitions in plain Python, not by the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import exp, inf, log1p

import numpy as np

from benchmarks.allocation.problems import CONCAVE
from engine.allocation import Allocation, Groups, InfeasibleAllocation, allocate
from engine.arrays import Floats, Ints
from engine.curve_families import HILL
from engine.curves import Curves

EACH = 700
"""Problems of a kind; the kinds are concave or not, flat or in a tree."""
CLOSE = 1e-9
WORTHLESS = 0.05
"""Share of campaigns that bring nothing."""

DEFINITIONS: tuple[Callable[[float, float, float, float], float], ...] = (
    lambda spend, scale, _half, exponent: scale * spend**exponent,
    lambda spend, scale, half, _: scale * log1p(spend / half),
    lambda spend, scale, half, _: scale * (1.0 - exp(-spend / half)),
    lambda spend, scale, half, _: scale * spend / (spend + half),
    lambda spend, scale, half, s: scale * spend**s / (spend**s + half**s),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A few campaigns with a few units each, in a tree of one group or more."""

    curves: Curves
    low: Ints
    high: Ints
    total: int
    groups: Groups

    @property
    def flat(self) -> bool:
        """Whether there is but one group, without bounds."""
        return len(self.groups.parent) == 1


def drawn(chance: np.random.Generator, kinds: tuple[int, ...], *, tree: bool) -> Small:
    """Draw a problem; in a tree there may be no answer."""
    count = int(chance.integers(1, 8))
    family = chance.choice(kinds, count)
    exponent = np.where(
        family == HILL, chance.uniform(0.5, 8.0, count), chance.uniform(0.05, 0.98, count)
    )
    scale = chance.lognormal(0.0, 1.5, count) * (chance.random(count) > WORTHLESS)
    low = chance.integers(0, 4, count)
    high = low + chance.integers(0, 14, count)
    groups = int(chance.integers(2, 6)) if tree else 1
    least = chance.integers(0, 6, groups)
    most = least + chance.integers(2, 24, groups)
    least[0], most[0] = 0, 10**6
    return Small(
        curves=Curves(family, scale, chance.uniform(0.5, 20.0, count), exponent),
        low=low,
        high=high,
        total=int(chance.integers(low.sum(), high.sum() + 1)),
        groups=Groups(
            parent=np.array([-1, *(int(chance.integers(0, at)) for at in range(1, groups))]),
            low=least,
            high=most,
            of=chance.integers(0, groups, count),
        ),
    )


def best(problem: Small) -> float:
    """Return the most that any allowed split brings; minus infinity where none is allowed."""
    values = [_values(problem, at) for at in range(len(problem.low))]
    sums = _of_group(problem, values, 0)
    return float(sums[problem.total]) if problem.total < len(sums) else -inf


def _values(problem: Small, at: int) -> Floats:
    """Return the value of 0, 1, ... units of a campaign; minus infinity outside its bounds."""
    curves = problem.curves
    value = DEFINITIONS[curves.family[at]]
    own = (float(each[at]) for each in (curves.scale, curves.half, curves.exponent))
    scale, half, exponent = own
    values = np.full(problem.high[at] + 1, -inf)
    for units in range(int(problem.low[at]), int(problem.high[at]) + 1):
        values[units] = value(float(units), scale, half, exponent)
    return values


def _of_group(problem: Small, values: list[Floats], group: int) -> Floats:
    groups = problem.groups
    inner = [_of_group(problem, values, int(at)) for at in np.flatnonzero(groups.parent == group)]
    best = np.zeros(1)
    for each in [*(values[at] for at in np.flatnonzero(groups.of == group)), *inner]:
        best = _together(best, each)
    units = np.arange(len(best))
    return np.where((groups.low[group] <= units) & (units <= groups.high[group]), best, -inf)


def _together(one: Floats, other: Floats) -> Floats:
    joined = np.full(len(one) + len(other) - 1, -inf)
    for units, value in enumerate(other.tolist()):
        part = joined[units : units + len(one)]
        np.maximum(part, one + value, out=part)
    return joined


def right(problem: Small) -> bool:
    """Tell whether we answer as well as can be, or refuse where nothing is allowed."""
    most = best(problem)
    try:
        found = _answer(problem)
    except InfeasibleAllocation:
        return most == -inf
    sums = problem.groups.sums(found.units)
    kept = (
        bool(np.all((problem.low <= found.units) & (found.units <= problem.high)))
        and bool(np.all((problem.groups.low <= sums) & (sums <= problem.groups.high)))
        and int(found.units.sum()) == problem.total
    )
    slack = CLOSE * max(most, 0.0)
    return kept and found.value >= most - slack and found.bound >= most - slack


def _answer(problem: Small) -> Allocation:
    groups = None if problem.flat else problem.groups
    return allocate(problem.curves, problem.low, problem.high, problem.total, groups)


@cache
def wrong() -> int:
    """Return how many of four times ``EACH`` problems are answered wrongly."""
    count = 0
    for kinds in (CONCAVE, (*CONCAVE, HILL)):
        for tree in (False, True):
            chance = np.random.default_rng([11, len(kinds), tree])
            count += sum(not right(drawn(chance, kinds, tree=tree)) for _ in range(EACH))
    return count
