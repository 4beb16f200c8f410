"""What controllers of the literature have in common: an aim for each hour, and a multiplier."""

from __future__ import annotations

import numpy as np

from engine.arrays import Floats
from engine.day_shapes import DayShapes
from workers.backtest.contract import Played, Task

UNLIMITED = 1e18


class Baseline:
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
