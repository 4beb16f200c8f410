"""The cells of the pacing table: kinds of worlds, played by Pacekeeper and by its peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, TypeVar

import numpy as np

from benchmarks.pacing.curves import curves
from benchmarks.pacing.informed import Informed
from benchmarks.pacing.peers import PEERS
from benchmarks.pacing.world import SHOCK, Setting, World, dearer, outage, spike
from engine.arrays import Floats
from engine.day_shapes import DayShapes, add_weeks, no_days, pooled
from workers.backtest.contract import Controller, Scores, Task
from workers.backtest.pacekeeper import Pacekeeper
from workers.backtest.replay import play

SEEDS: Final = range(8)
CAMPAIGNS: Final = 24
BUDGETS: Final = (1 / 32, 1 / 8, 1 / 2)
"""Of what everything would cost, campaign by campaign in turn."""

INFORMED: Final = "informed"
"""The controller that knows the law of the market."""

LEARNED: Final = 3
"""The first day that counts as learned."""

FIRST_MULTIPLIER: Final = 0.4
"""Standard deviation of the log of the first multiplier around the best one of the first day."""

Built = TypeVar("Built", bound=Controller)

_PLAIN = Setting(campaigns=CAMPAIGNS, days=9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kind of world, and the days that are looked at."""

    setting: Setting = _PLAIN
    first: int = LEARNED
    """The first day that is looked at."""
    end: int | None = None
    late: int = 0
    wrong: float = 1.0
    """Factor on the first multiplier."""
    stops: bool = True


def _shocked(shock: str) -> Cell:
    shocks = {"outage": outage, "dearer": dearer, "spike": spike}
    setting = Setting(campaigns=CAMPAIGNS, days=SHOCK + 1, shock=shocks[shock])
    return Cell(setting=setting, first=SHOCK)


CELLS: Final[Mapping[str, Cell]] = {
    "learned days": Cell(),
    "first day": Cell(first=0, end=1),
    "outage": _shocked("outage"),
    "price x 2": _shocked("dearer"),
    "traffic x 3": _shocked("spike"),
    "one hour late": Cell(late=1),
    "two hours late": Cell(late=2),
    "5,000 auctions a day": Cell(setting=Setting(campaigns=24, days=9, auctions_a_day=5_000.0)),
    "double noise": Cell(setting=Setting(campaigns=24, days=9, noise=2.0)),
    "multiplier x 50": Cell(wrong=50.0, first=2),
    "multiplier / 50": Cell(wrong=1 / 50, first=2),
    "late, no stop": Cell(late=1, stops=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a cell over all seeds: one entry per campaign and day looked at."""

    ratio: Floats
    """Value over the hindsight optimum."""
    use: Floats
    """Spend over budget."""


@lru_cache(maxsize=len(SEEDS))  # a setting's worlds take gigabytes
def _world(setting: Setting, seed: int) -> tuple[World, Floats, Floats, Floats]:
    """Return a world, its budgets (B,), and the best values and multipliers (B, days)."""
    world = World(setting, curves()[0], seed)
    budget = world.everything() * np.resize(BUDGETS, setting.campaigns)
    days = [world.hindsight(budget, 24 * day, 24 * day + 24) for day in range(setting.days)]
    best, multipliers = (np.array(each).T for each in zip(*days, strict=True))
    return world, budget, best, multipliers


@cache
def teachers(count: int) -> DayShapes:
    """Return what the weeks of other campaigns teach, for ``count`` campaigns."""
    shapes = pooled(add_weeks(no_days(), np.log(curves()[1].reshape(-1, 7, 24))))
    return DayShapes(
        mean=np.repeat(shapes.mean, count, axis=0),
        covariance=np.repeat(shapes.covariance, count, axis=0),
    )


@cache
def _scores(cell: Cell, name: str, seed: int) -> Scores:
    if name == INFORMED:
        world = _world(cell.setting, seed)[0]
        return played(cell, seed, lambda task, _: Informed(task, world))[1]
    return played(cell, seed, Pacekeeper if name == "pacekeeper" else PEERS[name])[1]


def played(
    cell: Cell, seed: int, build: Callable[[Task, DayShapes], Built]
) -> tuple[Built, Scores]:
    """Let a controller play a cell; return it, and what it came to on all days."""
    world, budget, _, multipliers = _world(cell.setting, seed)
    guess = np.random.default_rng([seed, 99]).normal(0.0, FIRST_MULTIPLIER, len(budget))
    first = multipliers[:, 0] * np.exp(guess) * cell.wrong
    task = Task(budget=budget, multiplier=first, late=cell.late)
    controller = build(task, teachers(len(budget)))
    return controller, play(world, task, controller, stops=cell.stops)


def result(cell: str, name: str = "pacekeeper") -> Played:
    """Play a cell with every seed and return what came of it."""
    chosen, ratio, use = CELLS[cell], [], []
    days = slice(chosen.first, chosen.end)
    for seed in SEEDS:
        _, budget, best, _ = _world(chosen.setting, seed)
        scores = _scores(chosen, name, seed)
        ratio.append((scores.value / best)[:, days].ravel())
        use.append((scores.spend / budget[:, None])[:, days].ravel())
    return Played(ratio=np.concatenate(ratio), use=np.concatenate(use))
