"""Projected gradient ascent, 50 steps, as budget tools of plain Python have it; and with numpy.

Each step moves budgets in proportion to how far their marginal return lies from the mean, cuts them
to their bounds and scales them to the total. It gets today's budgets to begin with and the step
that served it best of five. The last scaling may leave bounds: cutting is the last step here, so
that its answer may miss the total instead.
"""

from __future__ import annotations

import numpy as np

from benchmarks.allocation.problems import Problem
from engine.arrays import Floats

STEPS = 50
STEP = 0.2


def plain(problem: Problem) -> list[float]:
    """Return the spends that plain Python ends with."""
    scale, exponent = problem.curves.scale.tolist(), problem.curves.exponent.tolist()
    low, high = problem.low.tolist(), problem.high.tolist()
    spend: list[float] = problem.now.tolist()
    total = float(problem.total)
    for _ in range(STEPS):
        slope = [a * b * x ** (b - 1.0) for a, b, x in zip(scale, exponent, spend, strict=True)]
        mean = sum(slope) / len(slope)
        spend = [
            x * (1.0 + STEP * (each / mean - 1.0)) for x, each in zip(spend, slope, strict=True)
        ]
        spend = [min(max(x, lo), hi) for x, lo, hi in zip(spend, low, high, strict=True)]
        factor = total / sum(spend)
        spend = [min(max(x * factor, lo), hi) for x, lo, hi in zip(spend, low, high, strict=True)]
    return spend


def vectorised(problem: Problem) -> Floats:
    """Return the spends that the same with numpy ends with, shape (B,)."""
    scale, exponent = problem.curves.scale, problem.curves.exponent
    low, high = problem.low.astype(np.float64), problem.high.astype(np.float64)
    spend, total = problem.now.astype(np.float64), float(problem.total)
    for _ in range(STEPS):
        slope = scale * exponent * spend ** (exponent - 1.0)
        spend = spend * (1.0 + STEP * (slope / slope.mean() - 1.0))
        spend = np.minimum(np.maximum(spend, low), high)
        spend = np.minimum(np.maximum(spend * (total / spend.sum()), low), high)
    return spend
