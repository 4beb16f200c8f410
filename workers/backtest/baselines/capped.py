"""The usual bid under a cap: what most people do with an hourly budget."""

from __future__ import annotations

import numpy as np

from engine.arrays import Floats
from engine.day_shapes import DayShapes
from workers.backtest.baselines.aim import Baseline
from workers.backtest.contract import Played, Task


class EvenHours(Baseline):
    """The first multiplier under a 24th of the budget in each hour."""

    def decide(self, _: int) -> tuple[Floats, Floats]:
        """Return the multiplier, and a 24th of the day's budget as cap."""
        return self._multiplier, self._task.budget / 24.0


class LinearDay(Baseline):
    """The first multiplier under a straight line of spend that begins anew every day.

    What an hour leaves of its 24th is there for the next ones of the day.
    """

    def __init__(self, task: Task, shapes: DayShapes) -> None:
        super().__init__(task, shapes)
        self._spent = np.zeros(len(task.budget))
        self._known = 0

    def decide(self, hour: int) -> tuple[Floats, Floats]:
        """Return the multiplier, and what the line allows by the end of the hour."""
        if self._known <= hour - hour % 24:
            self._spent = np.zeros(len(self._spent))
        allowed = self._task.budget * (hour % 24 + 1) / 24.0
        # Of hours that are not reported yet it is taken that each spent its 24th.
        flying = self._task.budget / 24.0 * min(hour - self._known, hour % 24)
        return self._multiplier, np.maximum(allowed - flying - self._spent, 0.0)

    def learn(self, hour: int, played: Played) -> None:
        """Take the report of an hour."""
        if hour % 24 == 0:
            self._spent = np.zeros(len(self._spent))
        self._spent = self._spent + played.spend
        self._known = hour + 1
