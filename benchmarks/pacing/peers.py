"""Controllers of the literature, each with the hourly reports and the stop that ours has.

All of them know the pooled weekday shapes and aim at each hour's share of the day by them, which is
more than their papers give them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.pacing.play import Task
from benchmarks.pacing.world import Floats, Played
from engine.day_shapes import DayShapes

UNLIMITED = 1e18


class Peer:
    """A multiplier that a rule moves by how an hour's spend stood to its target.

    As it stands, no rule at all: the first multiplier until the budget is used up.
    """

    def __init__(self, task: Task, shapes: DayShapes) -> None:
        self._task = task
        logs = shapes.mean
        share = np.exp(logs - logs.max(axis=2, keepdims=True))
        self._share = share / share.sum(axis=2, keepdims=True)
        self._multiplier = task.multiplier.copy()
        self._left = task.budget.copy()

    def decide(self, _: int) -> tuple[Floats, Floats]:
        """Return the multiplier and no cap: the platform stops at the day's budget."""
        return self._multiplier, np.full(len(self._multiplier), UNLIMITED)

    def learn(self, hour: int, played: Played) -> None:
        """Take the report of an hour."""
        share = self._share[:, hour // 24 % 7, hour % 24 :]
        if hour % 24 == 0:
            self._left = self._task.budget.copy()
        target = np.maximum(self._left, 1e-9) * share[:, 0] / share.sum(axis=1)
        self._left -= played.spend
        # An hour after the budget was used up would wind the rule up for nothing.
        stopped = self._left <= 0.002 * self._task.budget
        self._move(np.where(stopped, 0.0, played.spend / target - 1.0))

    def _move(self, excess: Floats) -> None:
        """Answer an hour that spent ``excess`` times its target too much, (B,)."""
        del excess


class EvenHours(Peer):
    """The first multiplier under a 24th of the budget in each hour."""

    def decide(self, _: int) -> tuple[Floats, Floats]:
        """Return the multiplier, and a 24th of the day's budget as cap."""
        return self._multiplier, self._task.budget / 24.0


class Pid(Peer):
    """Proportional, integral and derivative control of the spend rate.

    Source: Zhang, Rong, Wang, Zhu and Wang, "Feedback Control of Real-Time Display Advertising",
    WSDM 2016.
    """

    def __init__(self, task: Task, shapes: DayShapes) -> None:
        super().__init__(task, shapes)
        self._sum = np.zeros(len(task.budget))
        self._last = np.zeros(len(task.budget))

    def _move(self, excess: Floats) -> None:
        excess = np.clip(excess, -1.0, 1.0)
        self._sum = 0.9 * self._sum + excess
        signal = 0.3 * excess + 0.03 * self._sum + 0.05 * (excess - self._last)
        self._last = excess
        self._multiplier = self._multiplier * np.exp(-signal)


class Waterlevel(Peer):
    """Moves the log multiplier in proportion to the error. Source: as for `Pid`."""

    def _move(self, excess: Floats) -> None:
        self._multiplier = self._multiplier * np.exp(-0.3 * np.clip(excess, -1.0, 1.0))


class DualMirrorDescent(Peer):
    """Moves the shadow price of the budget by a gradient step.

    Source: Balseiro, Lu and Mirrokni, "The Best of Many Worlds: Dual Mirror Descent for Online
    Allocation Problems", Operations Research 71 (2023); the Euclidean mirror map.
    """

    def _move(self, excess: Floats) -> None:
        price = 1.0 / self._multiplier
        price = price + 0.1 / self._task.multiplier * np.clip(excess, -1.0, 1.0)
        floor = 0.02 / self._task.multiplier
        self._multiplier = 1.0 / np.maximum(price, floor)


class MultiplicativeWeights(Peer):
    """Dual descent with the entropic mirror map, small steps. Source: as for the Euclidean one."""

    def _move(self, excess: Floats) -> None:
        self._multiplier = self._multiplier * np.exp(-0.1 * np.clip(excess, -1.0, 1.0))


PEERS: dict[str, Callable[[Task, DayShapes], Peer]] = {
    "no control": Peer,
    "even hours": EvenHours,
    "PID": Pid,
    "waterlevel": Waterlevel,
    "dual mirror descent": DualMirrorDescent,
    "multiplicative weights": MultiplicativeWeights,
}
