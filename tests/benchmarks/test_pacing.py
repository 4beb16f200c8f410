"""The worlds that pacing is measured in: what their optimum is, and who comes near it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.pacing.informed import Informed
from benchmarks.pacing.peers import PEERS
from benchmarks.pacing.world import Setting, World
from engine.arrays import Floats
from engine.day_shapes import no_days, pooled
from workers.backtest.contract import Task
from workers.backtest.replay import play

DAYS = 2
SHAPES = np.exp(np.cos(2 * np.pi * (np.arange(168) - 19) / 24))[None] / np.i0(1.0)


@pytest.fixture(scope="module")
def world() -> World:
    return World(Setting(campaigns=4, days=DAYS, auctions_a_day=5_000.0), SHAPES, seed=3)


@pytest.fixture(scope="module")
def budget(world: World) -> Floats:
    return np.asarray(world.everything() * np.array([0.05, 0.1, 0.3, 0.5]))


def best(world: World, budget: Floats) -> tuple[Floats, Floats]:
    """Return the best value and its multiplier, shapes (B, DAYS)."""
    days = [world.hindsight(budget, 24 * day, 24 * day + 24) for day in range(DAYS)]
    values, multipliers = (np.array(each).T for each in zip(*days, strict=True))
    return values, multipliers


def test_the_multiplier_of_hindsight_buys_all_of_the_optimum_but_its_last_auction(
    world: World, budget: Floats
) -> None:
    values, multipliers = best(world, budget)
    dearest = max(float(np.maximum(hour.value, hour.price).max()) for hour in world.hours)
    for day in range(DAYS):
        just_below = multipliers[:, day] * (1.0 - 1e-12)
        hours = [world.play(hour, just_below, budget) for hour in range(24 * day, 24 * day + 24)]
        missing_value = values[:, day] - sum(hour.value for hour in hours)
        unspent = budget - sum(hour.spend for hour in hours)
        for missing in (missing_value, unspent):
            assert (missing >= -1e-6).all()
            assert (missing <= dearest).all()


@pytest.mark.parametrize("name", sorted(PEERS))
def test_nobody_beats_hindsight(world: World, budget: Floats, name: str) -> None:
    values, multipliers = best(world, budget)
    task = Task(budget=budget, multiplier=multipliers[:, 0])
    shapes = pooled(no_days()).of(np.zeros(4, dtype=np.int64))
    scores = play(world, task, PEERS[name](task, shapes))
    assert (scores.value <= values * (1.0 + 1e-9)).all()
    assert (scores.spend <= budget[:, None] * (1.0 + 1e-9)).all()


def test_who_knows_the_law_of_the_market_comes_near_hindsight_and_nearer_in_a_calmer_one(
    world: World, budget: Floats
) -> None:
    calm = World(
        Setting(campaigns=4, days=DAYS, auctions_a_day=50_000.0, noise=0.01), SHAPES, seed=3
    )
    ratios = []
    for each, money in ((world, budget), (calm, budget * 10.0)):
        values, multipliers = best(each, money)
        task = Task(budget=money, multiplier=multipliers[:, 0])
        ratios.append(float((play(each, task, Informed(task, each)).value / values).mean()))
    assert 0.97 < ratios[0] < ratios[1] <= 1.0
    assert ratios[1] > 0.997
