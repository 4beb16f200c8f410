"""A month with one budget: an outage of three hours and two promotion days in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np

from benchmarks.pacing.cells import BUDGETS, FIRST_MULTIPLIER, SEEDS, teachers
from benchmarks.pacing.curves import curves
from benchmarks.pacing.world import Setting, Traffic, World
from engine.arrays import Floats
from workers.backtest.contract import Task
from workers.backtest.pacekeeper import Pacekeeper
from workers.backtest.replay import play

DAYS: Final = 28
CAMPAIGNS: Final = 9

OUTAGE: Final = 24 * 8 + 11
"""The first of three hours in which nothing comes up: a Tuesday morning."""

PROMOTIONS: Final = (11, 22)
"""Days, a Friday and a Tuesday, on which twice the traffic comes and is worth more."""

WORTH: Final = 1.2
"""Factor on all values on a promotion day: bids rise with it."""

TOLD: Final[Mapping[int, float]] = {
    24 * day + hour: float(np.log(2.0)) for day in PROMOTIONS for hour in range(24)
}
"""What a calendar says of them: twice the traffic, and nothing of its worth or its price."""


def eventful(traffic: Traffic) -> Traffic:
    """Let the outage and the promotion days happen."""
    hours = np.arange(traffic.auctions.shape[1])
    promoted = np.isin(hours // 24, PROMOTIONS)
    silent = (hours >= OUTAGE) & (hours < OUTAGE + 3)
    auctions = traffic.auctions * np.where(promoted, 2.0, 1.0) * ~silent
    return replace(traffic, auctions=auctions, value=traffic.value * np.where(promoted, WORTH, 1.0))


SETTING: Final = Setting(campaigns=CAMPAIGNS, days=DAYS, shock=eventful)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """Value over the best purchase of the whole month, by campaign and seed; shapes (N,)."""

    untold: Floats
    """Paced by the month, of which nothing special is known."""
    told: Floats
    """Paced by the month with what the calendar says."""
    daily: Floats
    """An even budget every day, paced by the same pacer: what is unspent is lost."""
    use: Floats
    """Spend over budget, untold."""


def _months(seed: int) -> tuple[Floats, ...]:
    world = World(SETTING, curves()[0], seed)
    daily = world.everything() * np.resize(BUDGETS, CAMPAIGNS)
    budget = DAYS * daily
    best, multipliers = world.hindsight(budget, 0, 24 * DAYS)
    guess = np.random.default_rng([seed, 99]).normal(0.0, FIRST_MULTIPLIER, CAMPAIGNS)
    untold = Task(budget=budget, multiplier=multipliers * np.exp(guess), hours=24 * DAYS)
    tasks = untold, replace(untold, lift=TOLD), replace(untold, budget=daily, hours=24)
    scores = [play(world, task, Pacekeeper(task, teachers(CAMPAIGNS))) for task in tasks]
    ratios = [score.value.sum(axis=1) / best for score in scores]
    return *ratios, scores[0].spend[:, 0] / budget


@cache
def month() -> Month:
    """Play the month with every seed; a world is let go of before the next is drawn."""
    untold, told, daily, use = np.array([_months(seed) for seed in SEEDS]).swapaxes(0, 1)
    return Month(untold=untold.ravel(), told=told.ravel(), daily=daily.ravel(), use=use.ravel())
