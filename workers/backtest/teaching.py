"""What the first days of a back-test teach of the hours: the same to every controller."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.day_shapes import WEEKDAYS, DayShapes, add_days, no_days, pooled

LEAST: Final = 0.01
"""Of a mean hour: the least that an hour counts as, for a shape is made of logs."""


def taught(size: Floats, days: Bools, weekdays: Ints) -> DayShapes:
    """Return what some days teach of B campaigns, pooled over all of them.

    A row's first weekday is that of its campaign's first day, so that a controller may count
    its days from a Monday.

    Parameters
    ----------
    size
        Shape (B, H): spend at one multiplier, any unit of money.
    days
        Shape (B, D): which days teach; those without spend do not.
    weekdays
        Shape (B, D), Monday is 0.
    """
    hours = size.reshape(*days.shape, 24)
    mean = hours.mean(axis=2)
    chosen = days & (mean > 0.0)
    logs = np.log(np.maximum(hours[chosen] / mean[chosen][:, None], LEAST))
    shapes = pooled(add_days(no_days(), logs, weekdays[chosen]))
    turned = (weekdays[:, :1] + np.arange(WEEKDAYS)) % WEEKDAYS
    return DayShapes(
        mean=shapes.mean[0][turned],
        covariance=np.repeat(shapes.covariance, len(turned), axis=0),
    )
