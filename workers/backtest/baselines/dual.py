"""Dual descent: the multiplier is the inverse of the budget's shadow price.

Source: Balseiro, Lu and Mirrokni, "The Best of Many Worlds: Dual Mirror Descent for Online
Allocation Problems", Operations Research 71 (2023).
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Floats
from workers.backtest.baselines.aim import Baseline


class DualMirrorDescent(Baseline):
    """Moves the shadow price of the budget by a gradient step: the Euclidean mirror map."""

    def _move(self, excess: Floats) -> None:
        price = 1.0 / self._multiplier
        price = price + 0.1 / self._task.multiplier * np.clip(excess, -1.0, 1.0)
        floor = 0.02 / self._task.multiplier
        self._multiplier = 1.0 / np.maximum(price, floor)


class MultiplicativeWeights(Baseline):
    """The entropic mirror map, small steps."""

    def _move(self, excess: Floats) -> None:
        self._multiplier = self._multiplier * np.exp(-0.1 * np.clip(excess, -1.0, 1.0))
