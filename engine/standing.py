"""Where campaigns stand in their horizons, and whether they are ahead of the learned pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Floats, Ints
from engine.day_shapes import DayShapes
from engine.pacer import Pacing
from engine.response import MIDNIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where B campaigns stand; money in minor units."""

    budget: Floats
    """Shape (B,), >= 0, of the horizon."""
    spent: Floats
    """Shape (B,), >= 0: what is reported of the horizon."""
    in_flight: Floats
    """Shape (B,), >= 0: what its hours that are not reported yet are expected to have spent."""
    unreported: Ints
    """Shape (B,), >= 0: how many hours before the first one ahead are not reported yet."""
    price: Floats
    """Shape (B,), >= 0: what an impression has cost of late, 0 where that is not known."""
    lived: Ints
    """Shape (B, E): hours of the local week of the horizon's hours that are over; -1 is none."""
    ahead: Ints
    """Shape (B, R), R > 0: those of the hours decided for, first to last; -1 is beyond the end."""


def pace(pacing: Pacing, shapes: DayShapes, standing: Standing) -> Floats:
    """Return the share of the budget that is spent over the share of the horizon that is over.

    The horizon is measured by what its hours usually spend and not by the clock: 1 is as meant,
    above it the budget ends early. Shape (B,); 1 before the horizon's first hour.
    """
    lived = _usual(pacing, shapes, standing.lived)
    ahead = _usual(pacing, shapes, standing.ahead)
    used = (standing.spent + standing.in_flight) * (lived + ahead)
    meant = standing.budget * lived
    return np.divide(used, meant, out=np.ones(len(lived)), where=meant > 0.0)


def _usual(pacing: Pacing, shapes: DayShapes, cells: Ints) -> Floats:
    """Return what hours usually spend, in sum, (B,), by the mean hour of the newest day."""
    rows, at = np.arange(len(cells))[:, None], np.maximum(cells, 0)
    newest = np.maximum(pacing.cells, 0)[:, None] // 24
    weekday = shapes.mean[rows, at // 24, at % 24] - shapes.mean[rows, newest, at % 24]
    size = np.exp(pacing.response.mean[rows, MIDNIGHT + at % 24] + weekday)
    return np.asarray(np.where(cells >= 0, size, 0.0).sum(axis=1))
