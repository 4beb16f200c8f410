"""Campaigns whose exponents are known, in pools whose days have shocks in common.

Demand of a campaign wanders from day to day, value is counted with more noise than counting has,
and spend varies by as much as the campaign's stratum says, or follows demand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.response_days import Days

POOLS: Final = 8
DAYS: Final = 60
STRATA: Final = (0.05, 0.15, 0.3, 0.5)
"""Standard deviations of a campaign's log spend."""

EXPONENTS: Final = (0.45, 0.8)
"""Between which the mean exponents of pools lie, uniformly."""
EXPONENT_SPREAD: Final = 0.12
COMMON: Final = 0.08
"""Standard deviation of a pool's day, log."""
DEMAND: Final = 0.14
"""Standard deviation of a campaign's day, log."""
PERSISTENCE: Final = 0.7
"""Correlation of a campaign's demand from one day to the next."""
COUNTS: Final = 5.0
"""Size of the negative binomial counts: their variance is ``mean + mean ** 2 / size``."""
RETURNS: Final = 0.35
"""Standard deviation of campaigns' returns around the common one, log."""
VALUE: Final = 0.1
"""Conversions per unit of spend at the usual spend of the median campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the days say, and the truth behind them; shapes (B,)."""

    days: Days
    stratum: Ints
    exponent: Floats
    usual: Floats
    level: Floats
    """Expected value of a usual day at the usual spend."""


def world(
    seed: int, campaigns: int = 20_000, *, follows: float = 0.0, jitter: float = 0.0
) -> World:
    """Draw campaigns; spend follows demand with elasticity ``follows`` and is moved by ``jitter``.

    ``jitter`` is the standard deviation of our own chance, log, and is told with the days.
    """
    chance = np.random.default_rng([seed, campaigns])
    shape = campaigns, DAYS
    pool = chance.integers(0, POOLS, campaigns)
    exponent = chance.normal(chance.uniform(*EXPONENTS, POOLS)[pool], EXPONENT_SPREAD)
    exponent = np.clip(exponent, 0.05, 0.95)
    stratum = chance.integers(0, len(STRATA), campaigns)
    demand = _wandering(chance, shape) + chance.normal(0.0, COMMON, (POOLS, DAYS))[pool]
    by_chance = chance.normal(0.0, jitter, shape)
    own = np.array(STRATA)[stratum][:, None] * chance.normal(0.0, 1.0, shape)
    moved = follows * demand + by_chance if follows else own + by_chance
    usual = chance.lognormal(5.0, 1.0, campaigns)
    level = VALUE * usual * chance.lognormal(0.0, RETURNS, campaigns)
    mean = level[:, None] * np.exp(exponent[:, None] * moved + demand)
    days = Days(
        spend=usual[:, None] * np.exp(moved),
        value=chance.poisson(mean * chance.gamma(COUNTS, 1.0 / COUNTS, shape)).astype(np.float64),
        weight=np.ones(shape),
        pool=pool,
        jitter=by_chance if jitter else None,
    )
    # The logs of demand have mean zero: its own mean is a little above one.
    above = np.exp(0.5 * (DEMAND**2 + COMMON**2))
    return World(days=days, stratum=stratum, exponent=exponent, usual=usual, level=level * above)


def _wandering(chance: np.random.Generator, shape: tuple[int, int]) -> Floats:
    steps = chance.normal(0.0, DEMAND, shape)
    fresh = np.sqrt(1.0 - PERSISTENCE**2)
    for day in range(1, shape[1]):
        steps[:, day] = PERSISTENCE * steps[:, day - 1] + fresh * steps[:, day]
    return steps
