"""A controller that bids and spends as the log says was done."""

from __future__ import annotations

import numpy as np

from engine.arrays import Floats
from workers.backtest.contract import Played


class AsLogged:
    """Repeats what was done; what it comes to is what the log came to."""

    def __init__(self, u: Floats, spend: Floats) -> None:
        """Take log multipliers and spend, shapes (R, H)."""
        self._u, self._spend = u, spend

    def decide(self, hour: int) -> tuple[Floats, Floats]:
        """Return the multiplier that was in force, and what was spent, as cap."""
        return np.exp(self._u[:, hour]), self._spend[:, hour]

    def learn(self, hour: int, played: Played) -> None:
        """Take the report of an hour, and learn nothing."""
