"""How much of a learned week lies between two moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Floats, Ints
from engine.calendar import DAY, HOUR, HOURS_OF_WEEK

_MONDAY = 3 * DAY


@dataclass(frozen=True, slots=True)
class WeekWeights:
    """Relative weights of the hours of the local week, one row per campaign."""

    weights: Floats
    """Shape (B, 168), >= 0."""
    sums: Floats
    """Shape (B, 169): the sum of the hours before each hour, and of them all."""

    @classmethod
    def of(cls, weights: Floats) -> WeekWeights:
        """Return the week with its running sums."""
        sums = np.zeros((len(weights), HOURS_OF_WEEK + 1))
        np.cumsum(weights, axis=1, out=sums[:, 1:])
        return cls(weights=weights, sums=sums)


def between(week: WeekWeights, starts: Ints, ends: Ints) -> Floats:
    """Return the weight of the wall-clock time from ``starts`` to ``ends``; shape (B,).

    Both are seconds of local wall time since 1970-01-01 00:00 local; 0 where
    ``ends <= starts``.
    """
    origin = (starts + _MONDAY) // (7 * DAY)
    total = _until(week, ends, origin) - _until(week, starts, origin)
    return np.where(ends > starts, np.maximum(total, 0.0), 0.0)


def _until(week: WeekWeights, walls: Ints, origin: Ints) -> Floats:
    """Return the weight from the Monday of week ``origin`` up to each wall time."""
    since = walls + _MONDAY - origin * (7 * DAY)
    weeks, rest = since // (7 * DAY), since % (7 * DAY)
    cell = rest // HOUR
    part = rest % HOUR / float(HOUR)
    rows = np.arange(len(walls))
    begun = week.weights[rows, cell] * part
    weight: Floats = weeks * week.sums[:, -1] + week.sums[rows, cell] + begun
    return weight
