"""Curves that bend upwards: the best split by branch and bound.

Taken as the least concave curve above it, an S gives a bound and, where the split leaves nobody on
the straight part, the answer. Else its range is cut in two there, and each half has a tighter
bound.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.allocation_groups import Groups, InfeasibleAllocation
from engine.allocation_split import Split, split
from engine.arrays import Ints
from engine.curves import Curves

CLOSE: Final = 1e-10
"""Gap, as a share of the value, that is as good as none."""
_WORK: Final = 300_000
"""Campaigns that all branches together may have, before what was found is taken."""
_OVERHEAD: Final = 1_500
"""Campaigns that cost as much as a branch without any."""
_LEAST_BRANCHES: Final = 8


@dataclass(frozen=True, slots=True)
class _Problem:
    curves: Curves
    total: int
    groups: Groups | None


@dataclass(frozen=True, slots=True)
class _Branch:
    """A part of the problem, with the split that is best from above."""

    low: Ints
    high: Ints
    found: Split


def best_split(
    curves: Curves, bounds: tuple[Ints, Ints], total: int, groups: Groups | None
) -> Split:
    """Return the best split found, with a bound on what any could bring."""
    problem = _Problem(curves, total, groups)
    first = _branch(problem, *bounds)
    if first.found.demand.jumps is None:
        return first.found
    best, waiting, order = first, [(-first.found.bound, 0, first)], 0
    for _ in range(max(_LEAST_BRANCHES, _WORK // (len(curves) + _OVERHEAD))):
        if not waiting or -waiting[0][0] <= best.found.value * (1.0 + CLOSE):
            break
        for branch in _halves(problem, heapq.heappop(waiting)[2]):
            order += 1
            if branch.found.value > best.found.value:
                best = branch
            if branch.found.demand.jumps is not None:
                heapq.heappush(waiting, (-branch.found.bound, order, branch))
    bound = max([best.found.value, *(-each[0] for each in waiting)])
    return replace(best.found, bound=bound)


def _branch(problem: _Problem, low: Ints, high: Ints) -> _Branch:
    found = split(problem.curves, (low, high), problem.total, problem.groups)
    return _Branch(low, high, found)


def _halves(problem: _Problem, branch: _Branch) -> list[_Branch]:
    at, cut = _cut(branch)
    below, above = branch.high.copy(), branch.low.copy()
    below[at], above[at] = cut, cut + 1
    halves = []
    for low, high in ((branch.low, below), (above, branch.high)):
        try:
            halves.append(_branch(problem, low, high))
        except InfeasibleAllocation:
            continue  # The other half holds all that the bounds allow.
    return halves


def _cut(branch: _Branch) -> tuple[int, int]:
    """Return the campaign to branch on, and the most that it has in the lower half."""
    found, jumps = branch.found, branch.found.demand.jumps
    if jumps is None:
        raise AssertionError("a split of concave curves leaves nothing to branch on")
    if found.on_line is not None:
        which = int(np.flatnonzero(jumps.at == found.on_line)[0])
    else:
        which = int(np.argmin(np.abs(jumps.log_price - found.log_price[jumps.at])))
    at = int(jumps.at[which])
    units, top = int(found.units[at]), int(np.ceil(jumps.high[which]))
    cut = units if units < top else top - 1
    return at, min(max(cut, int(branch.low[at])), int(branch.high[at]) - 1)
