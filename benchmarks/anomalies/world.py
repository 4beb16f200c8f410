"""A world of campaigns with weeks, drift and chance, in which things go wrong at known hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CAMPAIGNS: Final = 2_000
HOURS: Final = 8 * 168
"""Four weeks to learn, four to be watched."""

LEARNED: Final = 4 * 168

RATES: Final = (0.5, 50.0)
"""Conversions per hour of the mean week, log-uniform between."""

CLICKS: Final = 20.0
IMPRESSIONS: Final = 2_000.0
"""Of each for a conversion."""

COST, ORDER = 1.0, 50.0
CELL_SD, DAY_SD, DRIFT_SD = 0.15, 0.05, 0.03
"""Of logs: of each hour of a campaign's own week, of its days, and of its level from day to day."""

SIZES: Final = (20.0, 10.0)
"""Of the negative binomials of clicks, and of conversions by clicks."""


@dataclass(frozen=True, slots=True)
class World:
    """Campaigns in which nothing goes wrong; what an hour comes to is drawn from its number."""

    seed: int
    rates: Floats
    """Shape (B,), conversions per hour."""
    weeks: Floats
    """Shape (B, 168), mean 1."""
    levels: Floats
    """Shape (B, days), of all counts."""
    worth: Floats
    """Shape (B, days), of conversions per click."""

    def hour(self, number: int, traffic: Floats, tracked: Floats) -> Floats:
        """Return counts (B, 5) with traffic and the share of conversions tracked as given, (B,)."""
        chance = np.random.default_rng([self.seed, number])
        day = number // 24
        mean = self.rates * self.weeks[:, number % 168] * self.levels[:, day]
        # The same chance whether something goes wrong or not.
        clicked, converted = (chance.gamma(size, 1.0 / size, len(mean)) for size in SIZES)
        clicks = chance.poisson(CLICKS * mean * clicked * traffic)
        by_click = self.worth[:, day] * converted * tracked / CLICKS
        seen = chance.poisson(clicks * IMPRESSIONS / CLICKS * chance.gamma(50.0, 0.02, len(mean)))
        spend = clicks * COST * np.exp(0.1 * chance.standard_normal(len(mean)))
        # Last, for how much chance is used up depends on how many there are.
        sold = chance.poisson(clicks * by_click)
        revenue = chance.gamma(np.maximum(4.0 * sold, 1e-9), ORDER / 4.0) * (sold > 0)
        return np.stack([seen, clicks, spend, sold, revenue], axis=1).astype(np.float64)


def world(seed: int, campaigns: int = CAMPAIGNS) -> World:
    """Return a world, drawn from its seed."""
    chance = np.random.default_rng([seed, 10**6])
    low, high = np.log(RATES)
    days = HOURS // 24
    walk = np.cumsum(chance.normal(0.0, DRIFT_SD, (campaigns, days)), axis=1)
    level = walk + chance.normal(0.0, DAY_SD, (campaigns, days))
    return World(
        seed=seed,
        rates=np.exp(chance.uniform(low, high, campaigns)),
        weeks=_weeks(chance, campaigns),
        levels=np.exp(level),
        worth=np.exp(np.cumsum(chance.normal(0.0, DRIFT_SD / 3.0, (campaigns, days)), axis=1)),
    )


def _weeks(chance: np.random.Generator, campaigns: int) -> Floats:
    peak = chance.uniform(12.0, 22.0, campaigns)[:, None]
    depth = chance.uniform(0.3, 1.0, campaigns)[:, None]
    hours = depth * np.cos(2.0 * np.pi * (np.arange(168) % 24 - peak) / 24.0)
    days = chance.normal(0.0, 0.2, (campaigns, 7)).repeat(24, axis=1)
    own = chance.normal(0.0, CELL_SD, (campaigns, 168))
    week = np.exp(hours + days + own)
    return np.asarray(week / week.mean(axis=1, keepdims=True))
