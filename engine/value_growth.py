"""How the value of a day's clicks grows with age: factors of each step, shrunk, and their tail.

The factors are those of the chain ladder. A campaign's own are drawn to what its neighbours' say,
as by some orders more; theirs are drawn to the Weibull curve that explains them best, which also
stands for ages that nobody has lived to. All sums are counted in orders (value over its variance
per value), so that campaigns of any size and currency can be added up.

Source: Mack, "Distribution-free calculation of the standard error of chain ladder reserve
estimates", ASTIN Bulletin 23 (1993); Clark, "LDF Curve-Fitting and Stochastic Reserving: A Maximum
Likelihood Approach", CAS Forum (Fall 2003), for growth curves as factors and tail.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats
from engine.chain_ladder import Triangle, through

AGES: Final = (
    *(0, 1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 30, 45, 60),
    *(90, 120, 180, 270, 365, 545, 730),
)
"""Ends of the steps of age, days since the end of the day of the clicks; what is called lifetime
value is the value at the last one."""

STEPS: Final = len(AGES) - 1

ASSUMED_STRENGTH: Final = 10.0
"""Orders seen through a step that the likeliest curve counts for."""

POOL_STRENGTH: Final = 100.0
"""Own orders seen through a step that what the neighbours say counts for."""

MOST_TAIL: Final = 1.5
"""Times what is there at the oldest age lived to that a lifetime may come to, at most."""

TAIL_DOUBT: Final = 0.5
"""Standard deviation of the log growth that nobody has lived to, relative to itself."""

LEAST_GROWTH: Final = -0.9
"""Growth of a step relative to its beginning, at least: withdrawals never take all."""

SETTLED: Final = 3
"""Days after which growth is taken to be customers that come again."""

_FIRST: Final = 1.0 - np.arange(60) / 60.0
"""Shares of the lifetime value that are there at once; all of it comes first: where nobody has
taught anything, nothing more is foreseen."""

_SCALES: Final = np.exp(np.linspace(np.log(2.0), np.log(365.0), 30))
"""Days."""

_SHAPES: Final = (0.6, 0.8, 1.0)
"""Of the Weibull distribution: 1 is exponential, less is a longer tail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Sums over cohorts of B campaigns by step of age, in orders; they can be added up."""

    growth: Floats
    """Shape (B, 20): value that came in less what was withdrawn."""
    level: Floats
    """Shape (B, 20), >= 0: value at the beginning of the step, of cohorts seen through it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtGrowth:
    """What B campaigns begin with, or all of them where B is 1; shapes (B, 20)."""

    growth: Floats
    """Of a step relative to its beginning, in [`LEAST_GROWTH`, ∞)."""
    variance: Floats
    """Of the log growth, >= 0."""
    lived: Bools
    """Whether any cohort was seen through the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Development:
    """Which share of their lifetime value B campaigns' cohorts have by age."""

    logs: Floats
    """Shape (B, 21): natural log of the share at each of `AGES`, 0 at the last."""
    variance: Floats
    """Shape (B, 20): of the log growth of each step that somebody lived through."""
    tail: Floats
    """Shape (B, 20): log growth of each step that nobody lived through, 0 of the others."""

    def log_at(self, ages: Floats) -> Floats:
        """Return the log share (B, N) at ages (B, N), days; that at 0 or at 730 beyond them."""
        return between(self.logs, ages)

    def doubt(self, ages: Floats, until: float) -> Floats:
        """Return the standard deviation (B, N) of the log growth from ages (B, N) to ``until``."""
        part = _passed(np.full((1, 1), until)) - _passed(ages)
        part = np.maximum(part, 0.0)
        lived = (part * self.variance[:, None, :]).sum(axis=2)
        tail = np.abs((part * self.tail[:, None, :]).sum(axis=2))
        return np.asarray(np.sqrt(lived + np.square(TAIL_DOUBT * tail)))


def growth_of(triangle: Triangle, order: Floats) -> Growth:
    """Return the sums over cohorts known at `AGES`.

    ``order`` (B,), > 0, is what counts for one order, in the unit of the value.
    """
    seen = through(triangle)
    before = np.where(seen, triangle.value[..., :-1], 0.0).sum(axis=1)
    after = np.where(seen, triangle.value[..., 1:], 0.0).sum(axis=1)
    unit = order[:, None]
    return Growth(growth=(after - before) / unit, level=np.maximum(before, 0.0) / unit)


def together(growth: Growth) -> Growth:
    """Return the sums over all B campaigns, as one row."""
    return Growth(
        growth=growth.growth.sum(axis=0, keepdims=True),
        level=growth.level.sum(axis=0, keepdims=True),
    )


def taught_by(pool: Growth) -> TaughtGrowth:
    """Return what the sums of a scope, one row or B of them, teach those that lean on them."""
    curve = likeliest(_CURVES, pool.growth, pool.level)
    lived = pool.level > 0.0
    orders = pool.level + ASSUMED_STRENGTH
    growth = (pool.growth + ASSUMED_STRENGTH * curve) / orders
    whole = np.maximum(np.where(lived, growth, bounded(curve, lived)), LEAST_GROWTH)
    variance = np.where(lived, _variance(whole, orders), 0.0)
    return TaughtGrowth(growth=whole, variance=variance, lived=lived)


def develop(own: Growth, taught: TaughtGrowth) -> Development:
    """Return how the value of B campaigns grows that begin with what they were taught."""
    orders = own.level + POOL_STRENGTH
    growth = (own.growth + POOL_STRENGTH * taught.growth) / orders
    steps = np.log1p(np.maximum(growth, LEAST_GROWTH))
    lived = taught.lived | (own.level > 0.0)
    to_go = np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
    weight = POOL_STRENGTH / orders
    variance = _variance(np.expm1(steps), orders) + weight**2 * taught.variance
    return Development(
        logs=np.concatenate((-to_go, np.zeros((len(to_go), 1))), axis=1),
        variance=np.where(lived, variance, 0.0),
        tail=np.where(lived, 0.0, steps),
    )


def between(table: Floats, ages: Floats) -> Floats:
    """Return values at ages (B, N), in a straight line between those of a table (B, 21)."""
    passed = _passed(ages)
    return np.asarray(table[:, :1] + (passed * np.diff(table, axis=1)[:, None, :]).sum(axis=2))


def _passed(ages: Floats) -> Floats:
    """Return the part of each step that is over at ages (B, N), in [0, 1]; (B, N, 20)."""
    ends = np.array(AGES, dtype=np.float64)
    return np.asarray(np.clip((ages[..., None] - ends[:-1]) / np.diff(ends), 0.0, 1.0))


def _variance(growth: Floats, orders: Floats) -> Floats:
    """Return the variance of the log growth of steps of which so many orders tell."""
    return np.asarray(np.abs(growth) / ((1.0 + growth) * orders))


@dataclass(frozen=True, slots=True)
class Curves:
    """The growth of each of S steps, (K, S), by each of the curves that are tried."""

    growth: Floats
    logs: Floats
    starts: Floats
    """Age in days at which each step begins, shape (S,)."""


def curves_at(ages: tuple[float, ...]) -> Curves:
    """Return the curves for steps that end at ``ages``, days."""
    ends = np.array(ages)
    rest = [np.exp(-((ends / scale) ** shape)) for shape, scale in product(_SHAPES, _SCALES)]
    there = np.array([1.0 - (1.0 - first) * each for first in _FIRST for each in rest])
    growth = np.diff(there, axis=1) / there[:, :-1]
    return Curves(growth, np.log(np.maximum(growth, 1e-12)), ends[:-1])


_CURVES: Final = curves_at(AGES)


def likeliest(curves: Curves, growth: Floats, level: Floats) -> Floats:
    """Return the growth of each step, (B, S), by the curve that is likeliest.

    What came in, ``growth`` (B, S), is Poisson, in orders, around what the curve makes of
    ``level`` (B, S). Conversions that are told late would be taken for customers that come again
    soon: where more is known, the first `SETTLED` days are left out.
    """
    later = (level > 0.0) & (curves.starts >= SETTLED)
    fitted = np.where(later.any(axis=1, keepdims=True), later, level > 0.0)
    came = np.where(fitted, np.maximum(growth, 0.0), 0.0)
    there = np.where(fitted, level, 0.0)
    # Row by row: what one row comes to must not depend, to the last bit, on the others.
    rows = zip(came, there, strict=True)
    best = [int(np.argmax(curves.logs @ one - curves.growth @ other)) for one, other in rows]
    return np.asarray(curves.growth[best])


def bounded(curve: Floats, lived: Bools) -> Floats:
    """Return growth scaled down so that steps nobody lived to come to `MOST_TAIL` in all."""
    logs = np.where(lived, 0.0, np.log1p(curve))
    whole = logs.sum(axis=1, keepdims=True)
    part = np.minimum(np.log(MOST_TAIL) / np.maximum(whole, 1e-12), 1.0)
    return np.asarray(np.expm1(part * np.log1p(curve)))
