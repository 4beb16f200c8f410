"""Campaigns whose bids and budgets we move, and in which things go wrong at known hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.funnel import HOURS, ClosedDays

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CAMPAIGNS: Final = 1_000
LEARNED: Final = 28
"""Days before anything is counted."""

WATCHED: Final = 28
DAY: Final = 24

RATES: Final = (0.5, 50.0)
"""Conversions an hour of the mean week, log-uniform between."""

CLICKS, IMPRESSIONS, COST, ORDER = 20.0, 2_000.0, 1.0, 50.0
"""Clicks and impressions for a conversion, what a click costs and a conversion brings."""

MOVES: Final = 0.2
"""Standard deviation of the logs of multipliers from hour to hour of a day."""

JUMPS: Final = 0.5
"""The same of what a new budget makes of them, once a week."""

TIGHT: Final = 0.3
"""Share of campaigns whose budget runs out, in every fifth hour."""

LEVEL_SD, DAY_SD, RATIO_SD = 0.03, 0.05, 0.015
"""Of logs: of demand from day to day, of days alone, and of each ratio from day to day."""

Bent = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What becomes of counts by the hours since it began (...,); 1 is as it was."""

    signal: str
    bent: Bent
    hours: int
    """How long it lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """B campaigns; arrays of shape (B,), (B, 168) or (B, days)."""

    seed: int
    rates: Floats
    week: Floats
    buying: Floats
    """Factor of conversions by click by hour of the week."""
    levels: Floats
    ratios: Floats
    """Shape (4, B, days): of price, clicks by impression, conversions by click, order value."""
    base: Floats
    """Log of the multiplier of each day."""
    answers: Floats
    """Shape (3, B): logs of clicks, of price and of clicks by impression to that of bids."""
    delay: Floats
    """Mean hours until a conversion is told."""
    tight: Floats
    """Share of hours whose budget runs out."""

    def day(
        self, number: int, fault: Fault | None = None, onset: Floats | None = None
    ) -> ClosedDays:
        """Return a closed day; a fault begins ``onset`` (B,) hours after the first day did."""
        chance = np.random.default_rng([self.seed, number])
        size = (len(self.rates), DAY)
        bids = self.base[:, number, None] + chance.normal(0.0, MOVES, size)
        counts, capped = self._lived(chance, number, bids)
        if fault is not None and onset is not None:
            age = number * DAY + np.arange(DAY) - onset[:, None]
            on = (age >= 0) & (age < fault.hours)
            _break(counts, fault.signal, np.where(on, fault.bent(np.where(on, age, 0.0)), 1.0))
        return _closed(counts, bids, capped, number)

    def expected_sales(self, number: int, clicks: Floats) -> Floats:
        """Return the mean of the conversions of clicks (B, 24) that a closed day tells of."""
        cells = slice(number % 7 * DAY, number % 7 * DAY + DAY)
        told = 1.0 - np.exp(-(DAY - np.arange(DAY)) / self.delay[:, None])
        rate = self.buying[:, cells] * self.ratios[2, :, number, None] / CLICKS
        return np.asarray(clicks * rate * told)

    def _lived(
        self, chance: np.random.Generator, number: int, bids: Floats
    ) -> tuple[Floats, Bools]:
        cells = slice(number % 7 * DAY, number % 7 * DAY + DAY)
        price, click_rate, sold, order = self.ratios[:, :, number, None]
        by_bid, dearer, seen_more = np.exp(self.answers[:, :, None] * bids)
        capped = chance.random(bids.shape) < self.tight[:, None]
        let = np.where(capped, chance.uniform(0.2, 0.9, bids.shape), 1.0)
        mean = (
            self.rates[:, None] * self.week[:, cells] * self.levels[:, number, None] * by_bid * let
        )
        clicked, bought = (chance.gamma(k, 1.0 / k, bids.shape) for k in (20.0, 10.0))
        seen = chance.poisson(IMPRESSIONS * mean * clicked / (click_rate * seen_more))
        rate = CLICKS / IMPRESSIONS * click_rate * seen_more * chance.gamma(50.0, 0.02, bids.shape)
        clicks = chance.poisson(seen * rate)
        noise = np.exp(0.1 * chance.standard_normal(bids.shape))
        spend = clicks * COST * price * dearer * noise
        told = 1.0 - np.exp(-(DAY - np.arange(DAY)) / self.delay[:, None])
        sold = chance.poisson(clicks * self.buying[:, cells] * sold * bought * told / CLICKS)
        revenue = chance.gamma(np.maximum(2.0 * sold, 1e-9), ORDER * order / 2.0) * (sold > 0)
        return np.stack([seen, clicks, spend, sold, revenue], axis=2).astype(np.float64), capped


def _break(counts: Floats, signal: str, bent: Floats) -> None:
    """Let counts go wrong as reports of them do: of what follows from a count, along with it."""
    broken = {
        "impressions": (0,),
        "clicks": (1,),
        "spend": (0, 1, 2, 3, 4),
        "conversions": (3, 4),
        "revenue": (4,),
    }[signal]
    for at in broken:
        counts[:, :, at] *= bent
        if at in (0, 1, 3):
            counts[:, :, at] = np.round(counts[:, :, at])


def _closed(counts: Floats, bids: Floats, capped: Bools, number: int) -> ClosedDays:
    size = len(counts), HOURS
    padded = np.zeros((*size, 5))
    padded[:, :DAY] = counts
    wide = np.zeros((2, *size))
    wide[0, :, :DAY], wide[1, :, :DAY] = bids, capped
    hours = np.arange(HOURS)
    return ClosedDays(
        counts=padded,
        log_multiplier=wide[0],
        steered=np.ones(size, dtype=np.bool_),
        of_day=np.tile(hours % DAY, (size[0], 1)),
        weekday=np.full(size[0], number % 7),
        starts=np.tile((number * DAY + hours) * 3_600, (size[0], 1)),
        told=np.tile(hours < DAY, (size[0], 1)),
        capped=wide[1] > 0.0,
        allowed=np.where(wide[1] > 0.0, padded[:, :, 2], np.inf),
        prompt=np.ones(size[0], dtype=np.bool_),
    )


def world(seed: int, campaigns: int = CAMPAIGNS) -> World:
    """Return a world, drawn from its seed."""
    chance = np.random.default_rng([seed, 10**6])
    days = LEARNED + WATCHED
    size = campaigns, days
    low, high = np.log(RATES)
    jumps = chance.normal(0.0, JUMPS, size) * (chance.random(size) < 1.0 / 7.0)
    base = np.zeros(size)
    for at in range(1, days):
        # The pacer goes on from where it was, and leans back to what is usual.
        base[:, at] = np.clip(0.9 * base[:, at - 1] + jumps[:, at], -1.2, 1.2)
    level = np.cumsum(chance.normal(0.0, LEVEL_SD, size), axis=1) + chance.normal(0.0, DAY_SD, size)
    ratios = np.cumsum(chance.normal(0.0, RATIO_SD, (4, *size)), axis=2)
    return World(
        seed=seed,
        rates=np.exp(chance.uniform(low, high, campaigns)),
        week=_week(chance, campaigns, 0.3, 1.0),
        buying=_week(chance, campaigns, 0.1, 0.4),
        levels=np.exp(level),
        ratios=np.exp(ratios + chance.normal(0.0, DAY_SD, (4, *size))),
        base=base,
        answers=chance.uniform([[0.3], [0.0], [0.0]], [[1.2], [0.8], [0.2]], (3, campaigns)),
        delay=np.exp(chance.uniform(0.0, np.log(48.0), campaigns)),
        tight=np.where(chance.random(campaigns) < TIGHT, 0.2, 0.0),
    )


def _week(chance: np.random.Generator, campaigns: int, least: float, most: float) -> Floats:
    peak = chance.uniform(12.0, 22.0, campaigns)[:, None]
    depth = chance.uniform(least, most, campaigns)[:, None]
    hours = depth * np.cos(2.0 * np.pi * (np.arange(168) % DAY - peak) / DAY)
    days = chance.normal(0.0, 0.15, (campaigns, 7)).repeat(DAY, axis=1)
    own = chance.normal(0.0, 0.1, (campaigns, 168))
    week = np.exp(hours + days + own)
    return np.asarray(week / week.mean(axis=1, keepdims=True))
