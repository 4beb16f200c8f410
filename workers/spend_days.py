"""What closed days teach of the shape of spend, as priors carry it."""

from __future__ import annotations

import numpy as np

from engine.day_shapes import WEEKDAYS, ShapeSums, no_days
from engine.shape_rows import Moments, moments, sums_of
from schemas import SpendDays

_SINGLE = np.dtype("<f4")
_DIGITS = 6


def written(sums: ShapeSums) -> SpendDays | None:
    """Return what the sums say as a part of a record; nothing where they are over no day."""
    if not sums.days.any():
        return None
    said = moments(sums)
    return SpendDays(
        days=tuple(said.days.tolist()),
        mean=said.mean.astype(_SINGLE).tobytes(),
        covariance=said.covariance.astype(_SINGLE).tobytes(),
        weeks=said.weeks,
        levels=tuple(np.round(said.levels, _DIGITS).tolist()) if said.weeks else None,
    )


def read(spend: SpendDays | None) -> ShapeSums:
    """Return the sums that were written."""
    if spend is None:
        return no_days()
    return sums_of(
        Moments(
            days=np.array(spend.days),
            mean=np.frombuffer(spend.mean, _SINGLE).astype(np.float64).reshape(WEEKDAYS, -1),
            covariance=np.frombuffer(spend.covariance, _SINGLE).astype(np.float64),
            weeks=spend.weeks,
            levels=np.array(spend.levels or np.zeros(WEEKDAYS)),
        )
    )
