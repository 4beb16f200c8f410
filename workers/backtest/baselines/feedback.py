"""Feedback control of the spend rate.

Source: Zhang, Rong, Wang, Zhu and Wang, "Feedback Control of Real-Time Display Advertising",
WSDM 2016.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Floats
from engine.day_shapes import DayShapes
from workers.backtest.baselines.aim import Baseline
from workers.backtest.contract import Task


class Pid(Baseline):
    """Proportional, integral and derivative control of the spend rate."""

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


class Waterlevel(Baseline):
    """Moves the log multiplier in proportion to the error."""

    def _move(self, excess: Floats) -> None:
        self._multiplier = self._multiplier * np.exp(-0.3 * np.clip(excess, -1.0, 1.0))
