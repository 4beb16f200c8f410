"""What is true of every answer: how far from the best it can be, and which promises it breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.allocation.problems import CONCAVE, Problem, flat, mixed, tree
from benchmarks.allocation.speed import ours
from engine.allocation_exchange import best_exchange
from engine.curve_families import HILL

SEEDS = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """The worst of all that was solved."""

    gap: float
    """Dual's bound over the answer's value, less one."""
    exchange: float
    """What moving one unit gains, over the answer's value per unit."""
    off: float
    """Minor units that the sum differs from the total by."""
    broken: float
    """Minor units outside the bounds of campaigns and groups."""


@cache
def worst() -> Worst:
    """Solve all sizes and kinds, and hold every answer against what it promises."""
    found = [_held(problem, bends=bends) for problem, bends in _problems()]
    return Worst(
        gap=max(each.gap for each in found),
        exchange=max(each.exchange for each in found),
        off=max(each.off for each in found),
        broken=max(each.broken for each in found),
    )


def _problems() -> Iterator[tuple[Problem, bool]]:
    """Return problems, and whether curves of theirs bend upwards."""
    for seed in SEEDS:
        for count in (1, 10, 100, 1_000, 10_000, 100_000):
            yield flat(count, seed), False
            yield mixed(count, CONCAVE, seed), False
            yield mixed(count, (*CONCAVE, HILL), seed), True
        for count in (100, 1_000, 10_000, 100_000):
            yield tree(count, seed), False
    yield flat(1_000_000), False
    yield tree(1_000_000), False


def _held(problem: Problem, *, bends: bool) -> Worst:
    found, low, high = ours(problem), problem.low, problem.high
    # Where a curve bends upwards, moving one unit says nothing of moving more.
    exchange = -np.inf
    if not bends and len(low) > 1:
        move = best_exchange(problem.curves, found.units, (low, high), problem.groups)
        exchange = move.gain * problem.total / found.value
    broken = np.maximum(low - found.units, found.units - high).max()
    if problem.groups is not None:
        sums = problem.groups.sums(found.units)
        outside = np.maximum(problem.groups.low - sums, sums - problem.groups.high)
        broken = max(broken, outside.max())
    return Worst(
        gap=found.bound / found.value - 1.0,
        exchange=exchange,
        off=float(abs(int(found.units.sum()) - problem.total)),
        broken=float(max(broken, 0)),
    )
