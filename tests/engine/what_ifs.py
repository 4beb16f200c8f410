"""Campaigns that are asked what another budget would bring, and markets that tell the truth."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from benchmarks.pacing.world import Setting, World
from engine import pacer
from engine.arrays import Floats
from engine.day_shapes import DayShapes, no_days, pooled
from engine.futures import Chance, Futures
from engine.pacer import Pacing
from engine.response import CURVATURE, ELASTICITY, LEVEL, SHAPE, USUAL, Observed
from engine.what_if import Asked, Worth

CELLS = np.arange(72)
"""Monday to Wednesday."""


def chance_of(seed: int, draws: int = 400, hours: int = 72) -> Chance:
    normal = np.random.default_rng(seed).normal
    return Chance(
        posterior=normal(size=(draws, 29)),
        days=normal(size=(draws, 2, -(-hours // 24))),
        hours=normal(size=(draws, 2, hours)),
        rate=normal(size=draws),
        hourly=normal(size=(draws, 24)),
        counts=normal(size=draws),
        worth=normal(size=draws),
    )


def no_chance(draws: int = 1, hours: int = 72) -> Chance:
    """Return chance that has no effect."""
    made = chance_of(0, draws, hours)
    return Chance(**{name: 0.0 * getattr(made, name) for name in Chance.__slots__})


def flat(count: int) -> DayShapes:
    return pooled(no_days()).of(np.zeros(count, dtype=np.int64))


def known(elasticity: float = 1.5, curvature: float = 0.6, hourly: float = 100.0) -> Pacing:
    """Return one campaign that is known exactly: a flat day, at a multiplier of 1."""
    pacing = pacer.start(flat(1), np.array([hourly]), np.zeros(1))
    mean = pacing.response.mean.copy()
    mean[:, SHAPE], mean[:, LEVEL], mean[:, USUAL] = 0.0, np.log(hourly), np.log(hourly)
    mean[:, ELASTICITY], mean[:, CURVATURE] = elasticity, curvature
    covariance = 0.0 * pacing.response.covariance
    return replace(pacing, response=replace(pacing.response, mean=mean, covariance=covariance))


def bought(conversions: float = 10.0, cost: float = 100.0, value: float = 0.0) -> Worth:
    """Return what each hour of the day has bought, many times over."""
    return Worth(
        conversions=np.full((1, 24), 1e6 * conversions),
        cost=np.full((1, 24), 1e6 * cost),
        log_multiplier=np.zeros(1),
        dispersion=np.ones(1),
        value=np.full(1, value),
        value_sd=np.zeros(1),
    )


def asked(
    budget: float, *, paced: bool, target: float = np.inf, weights: Floats | None = None
) -> Asked:
    given = np.ones(72) if weights is None else weights
    return Asked(
        paced=np.array([paced]),
        budget=np.array([budget]),
        weights=given[None],
        cost_per_conversion=np.array([target]),
    )


def certain(pacing: Pacing, hours: int = 72) -> Futures:
    """Return the one future of a campaign that is known and meets no chance."""
    mean = pacing.response.mean
    size = np.exp(mean[:, None, LEVEL, None]) * np.ones((1, 1, hours))
    return Futures(
        size=size,
        elasticity=mean[:, None, ELASTICITY],
        curvature=mean[:, None, CURVATURE],
        anchor=pacing.response.anchor,
    )


@cache
def world_of(seed: int, days: int) -> World:
    """Return auctions that may be played as often as one likes: playing them changes nothing."""
    setting = Setting(campaigns=40, days=days, auctions_a_day=4_000.0)
    week = np.exp(0.5 * np.sin(np.arange(168) * 2 * np.pi / 24))[None]
    return World(setting, week, seed)


class Market:
    """Second-price auctions of many campaigns, of which some days are past, the rest to come."""

    def __init__(self, seed: int, *, past: int = 14, days: int = 17) -> None:
        self.world, self.past, self.days = world_of(seed, days), past, days
        self.chance = np.random.default_rng([seed, 1])
        self.free = np.full(40, np.inf)

    def lived(self, vary: float) -> tuple[Pacing, Worth]:
        """Live the past at multipliers around 1 that vary so much, and learn of it."""
        shapes = flat(40)
        pacing = pacer.start(shapes, np.full(40, 60.0), np.zeros(40))
        conversions, cost = np.zeros((40, 24)), np.zeros((40, 24))
        logs = np.zeros(40)
        for hour in range(24 * self.past):
            log_multiplier = self.chance.normal(0.0, vary, 40)
            got = self.world.play(hour, np.exp(log_multiplier), self.free)
            counts = self.chance.poisson(got.value / 10)
            pacing = pacer.learn_hour(
                pacing,
                shapes,
                Observed(
                    cells=np.full(40, hour % 168),
                    log_multiplier=log_multiplier,
                    spend=got.spend,
                    impressions=got.wins,
                    capped=np.zeros(40, dtype=np.bool_),
                    usable=np.ones(40, dtype=np.bool_),
                ),
            )
            conversions[:, hour % 24] += counts
            cost[:, hour % 24] += got.spend
            logs += got.spend * log_multiplier
        worth = Worth(
            conversions=conversions,
            cost=cost,
            log_multiplier=logs / cost.sum(axis=1),
            dispersion=np.ones(40),
            value=np.zeros(40),
            value_sd=np.zeros(40),
        )
        return pacing, worth

    def to_come(self, budget: Floats) -> tuple[Floats, Floats]:
        """Return spend and conversions (B,) of the one multiplier that spends the budget."""
        low, high = np.full(40, -4.0), np.full(40, 4.0)
        # A multiplier to a hundredth of a per cent: what is held against it is given a tenth.
        for _ in range(16):
            middle = 0.5 * (low + high)
            spend, _ = self._played(middle)
            over = spend > budget
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        return self._played(low)

    def _played(self, log_multiplier: Floats) -> tuple[Floats, Floats]:
        spend, value = np.zeros(40), np.zeros(40)
        for hour in range(24 * self.past, 24 * self.days):
            got = self.world.play(hour, np.exp(log_multiplier), self.free)
            spend, value = spend + got.spend, value + got.value
        counts = np.random.default_rng(9).poisson(value / 10)
        return spend, counts.astype(np.float64)

    def spread(self, budget: Floats) -> tuple[Floats, Floats]:
        """Return spend and conversions (B,) at a multiplier of 1, with even budgets by the hour."""
        spend, value, left = np.zeros(40), np.zeros(40), budget
        for hour in range(24 * self.past, 24 * self.days):
            left = budget if hour % 24 == 0 else left
            got = self.world.play(hour, np.ones(40), left / (24 - hour % 24))
            left, spend, value = left - got.spend, spend + got.spend, value + got.value
        counts = np.random.default_rng(9).poisson(value / 10)
        return spend, counts.astype(np.float64)
