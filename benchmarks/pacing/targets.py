"""Pacing under a budget and a target of cost per conversion, whose conversions come late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.pacing.cells import CAMPAIGNS, FIRST_MULTIPLIER, LEARNED, SEEDS, teachers
from benchmarks.pacing.conversions import Market, best, expected, price_above
from benchmarks.pacing.curves import curves
from benchmarks.pacing.world import Setting, World
from engine import ceiling, delay
from engine.arrays import Floats
from engine.day_shapes import DayShapes
from workers.backtest.contract import Task
from workers.backtest.pacekeeper import Pacekeeper

DAYS: Final = 9

EIGHTH: Final = 1 / 8
HALF: Final = 1 / 2
"""Budgets of a day, of what everything would cost."""

OURS: Final = "learned delay"
UNWEIGHED: Final = "naive counting"

TIGHT: Final = (0.6, 1.2)
"""Range of a target against what a conversion costs where the budget alone decides: it binds at
three campaigns of five."""

PUNISHED: Final = 2.0
"""Times what it can buy at the optimum that money above the target is charged. At 1 a miss would
be worth as much as the optimum; at 2 too high a multiplier costs what too low a one does. Value
times a power of target over achieved cost will not do: where prices are alike, 1 % more cost per
conversion buys 6 % more value."""

_ANY: Final = np.full(CAMPAIGNS, 1e18)
"""A target that is always met."""


class Targeted(Pacekeeper):
    """The pacer under a ceiling that is learned from reports of conversions."""

    def __init__(self, task: Task, shapes: DayShapes, target: Floats) -> None:
        super().__init__(task, shapes)
        count = len(task.budget)
        self._target = target
        self._delays = delay.no_delays(count)
        self._cost = np.zeros((count, 0))
        self._counts = np.zeros((count, 0))

    def decide(self, hour: int) -> tuple[Floats, Floats]:
        """Return the multiplier and the cap of an hour."""
        _, cap = super().decide(hour)
        none = np.full(len(cap), -np.inf)
        highest = self._highest(hour) - self._first
        self._in_force[-1] = ceiling.settled(self._in_force[-1], highest, none)
        return np.exp(self._first + self._in_force[-1]), cap

    def hear(self, cost: Floats, counts: Floats) -> None:
        """Take cost and conversions (B, H) of all hours so far, as they are reported now."""
        known = self._counts.shape[1]
        ages = np.arange(known, 0.0, -1.0)
        restated = delay.Restated(
            before=self._counts, after=counts[:, :known], earlier=ages - 1.0, later=ages
        )
        self._delays = delay.add_restatements(delay.faded(self._delays, 1.0), restated)
        self._cost, self._counts = cost, counts

    def _maturity(self, ages: Floats) -> Floats:
        return delay.maturity(self._delays, delay.together(self._delays)).at(ages)

    def _highest(self, hour: int) -> Floats:
        """Return the log of the highest multiplier, (B,)."""
        ages = np.arange(hour - 1.0, -1.0, -1.0)
        forces = np.array(self._in_force[:hour]).reshape(hour, len(self._first)).T
        hours = ceiling.Hours(
            cost=self._cost,
            log_multiplier=forces + self._first[:, None],
            conversions=self._counts,
            results=self._counts,
        )
        evidence = ceiling.weigh(hours, self._maturity(ages), ages)
        return ceiling.ceiling(evidence, self._target, np.ones(len(self._first))).log_multiplier


class Naive(Targeted):
    """The same that takes each report for the last word."""

    def _maturity(self, ages: Floats) -> Floats:
        return np.ones((len(self._first), len(ages)))


CONTROLLERS: Final[dict[str, Callable[[Task, DayShapes, Floats], Targeted]]] = {
    OURS: Targeted,
    UNWEIGHED: Naive,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What came of the days looked at, over all seeds; one entry per campaign."""

    ratio: Floats
    """Value, less what was spent above the target at `PUNISHED` times its price, over that of the
    best purchase, which nothing can exceed. The target is held against the conversions that are
    expected of what was bought: that more or less of them came is chance."""
    allowed: Floats
    """Conversions that the target wants for the money spent."""
    came: Floats
    """Those that came and were not withdrawn."""
    binds: NDArray[np.bool_]
    """Whether the target binds the best purchase."""


def _played(market: Market, task: Task, controller: Targeted) -> tuple[Floats, Floats, Floats]:
    """Return value, cost and final conversions (B, days)."""
    count, hours = market.count, 24 * DAYS
    value, cost, final = np.zeros((3, count, hours))
    counts: list[Floats] = []
    for hour in range(hours):
        multiplier, cap = controller.decide(hour)
        left = np.maximum(task.budget - cost[:, hour - hour % 24 : hour].sum(axis=1), 0.0)
        bought = market.play(hour, multiplier, np.minimum(cap, left))
        value[:, hour], cost[:, hour] = bought.played.value, bought.played.spend
        final[:, hour] = bought.final
        counts.append(bought.counts)
        controller.learn(hour, bought.played)
        now = np.array([each[:, hour - at] for at, each in enumerate(counts)]).T
        controller.hear(cost[:, : hour + 1], now)
    value, cost, final = (
        each.reshape(count, DAYS, 24).sum(axis=2) for each in (value, cost, final)
    )
    return value, cost, final


@cache
def result(share: float) -> dict[str, Kept]:
    """Return what each controller comes to with budgets of ``share`` of everything."""
    parts = [_seed(share, seed) for seed in SEEDS]
    return {
        name: Kept(
            ratio=np.concatenate([part[name].ratio for part in parts]),
            allowed=np.concatenate([part[name].allowed for part in parts]),
            came=np.concatenate([part[name].came for part in parts]),
            binds=np.concatenate([part[name].binds for part in parts]),
        )
        for name in CONTROLLERS
    }


def _seed(share: float, seed: int) -> dict[str, Kept]:
    contest = _contest(share, seed)
    return {name: _kept(contest, build) for name, build in CONTROLLERS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contest:
    """What controllers are told, and what hindsight knows of the days looked at; shapes (B,)."""

    market: Market
    task: Task
    target: Floats
    """Cost per conversion."""
    best: Floats
    """Value of the best purchase."""
    price: Floats
    """Value that one unit of money above the target can buy at the optimum."""
    binds: NDArray[np.bool_]


def _contest(share: float, seed: int) -> _Contest:
    # Not kept for later: nine days of auctions are a quarter of a gigabyte.
    world = World(Setting(campaigns=CAMPAIGNS, days=DAYS), curves()[0], seed)
    market = Market(world, seed)
    chance = np.random.default_rng([seed, 98])
    budget = world.everything() * share
    days = market.days[LEARNED:]
    free, paid, _ = best(days, budget, _ANY)
    target = paid / expected(free) * chance.uniform(*TIGHT, CAMPAIGNS)
    optimum, _, multiplier = best(days, budget, target)
    _, first = world.hindsight(budget, 0, 24)
    first = first * np.exp(chance.normal(0.0, FIRST_MULTIPLIER, CAMPAIGNS))
    return _Contest(
        market=market,
        task=Task(budget=budget, multiplier=first),
        target=target,
        best=optimum,
        price=price_above(multiplier, target),
        binds=optimum < 0.999 * free,
    )


def _kept(contest: _Contest, build: Callable[[Task, DayShapes, Floats], Targeted]) -> Kept:
    controller = build(contest.task, teachers(CAMPAIGNS), contest.target)
    played = _played(contest.market, contest.task, controller)
    value, cost, final = (each[:, LEARNED:].sum(axis=1) for each in played)
    above = np.maximum(cost - contest.target * expected(value), 0.0)
    return Kept(
        ratio=(value - PUNISHED * contest.price * above) / contest.best,
        allowed=cost / contest.target,
        came=final,
        binds=contest.binds,
    )
