"""Sums of log shapes as they are stored, and as the means and the covariance that they say.

Sums are kept to the last bit, so that they stay the same in every order of days. What others are
told of them are means, which single precision is enough for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.day_gaps import HOURS
from engine.day_shapes import WEEKDAYS, ShapeSums, no_days
from engine.formats import Formats

PAIRS: Final = HOURS * (HOURS + 1) // 2
"""Numbers of a symmetric matrix of hours: its lower triangle, row by row."""

ROW: Final = np.dtype(
    [
        ("format", "u1"),
        ("days", "<f8", (WEEKDAYS,)),
        ("total", "<f8", (WEEKDAYS, HOURS)),
        ("products", "<f8", (PAIRS,)),
        ("weeks", "<f8", (1,)),
        ("levels", "<f8", (WEEKDAYS,)),
    ]
)
"""Format 1: the sums of `ShapeSums`."""

_FORMATS: Final = Formats(what="sums of shapes", layouts=(ROW,))
_LOWER: Final = np.tril_indices(HOURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """What sums over days say, and how many days stand behind it."""

    days: Floats
    """Shape (7,): campaign-days by weekday."""
    mean: Floats
    """Shape (7, 24): mean of the centred log shapes, zero where a weekday has no day."""
    covariance: Floats
    """Shape (300,): mean product of their distances from these means, the lower triangle."""
    weeks: float
    """Campaign-weeks."""
    levels: Floats
    """Shape (7,): mean of the levels of the weekdays against their week's, natural log."""


def pack(sums: ShapeSums) -> bytes:
    """Return sums as bytes, exactly."""
    row = np.zeros(1, dtype=ROW)
    row["format"] = _FORMATS.newest
    row["products"] = sums.products[_LOWER]
    for name in ("days", "total", "weeks", "levels"):
        row[name] = getattr(sums, name)
    return row.tobytes()


def unpack(value: bytes) -> ShapeSums:
    """Return stored sums; empty bytes are no day at all.

    Raises
    ------
    UnknownFormat
        When the value was written by another version.
    """
    if not value:
        return no_days()
    row = _FORMATS.read([value])[0]
    return ShapeSums(
        days=row["days"],
        total=row["total"],
        products=_square(row["products"]),
        weeks=row["weeks"],
        levels=row["levels"],
    )


def moments(sums: ShapeSums) -> Moments:
    """Return what the sums say."""
    mean = sums.total / np.maximum(sums.days, 1e-9)[:, None]
    around = sums.products - sums.total.T @ mean
    return Moments(
        days=sums.days,
        mean=mean,
        covariance=(around / max(float(sums.days.sum()), 1e-9))[_LOWER],
        weeks=float(sums.weeks[0]),
        levels=sums.levels / max(float(sums.weeks[0]), 1e-9),
    )


def sums_of(said: Moments) -> ShapeSums:
    """Return the sums that say this."""
    total = said.mean * said.days[:, None]
    return ShapeSums(
        days=said.days,
        total=total,
        products=_square(said.covariance) * said.days.sum() + total.T @ said.mean,
        weeks=np.array([said.weeks]),
        levels=said.weeks * said.levels,
    )


def _square(lower: Floats) -> Floats:
    whole = np.empty((HOURS, HOURS))
    whole[_LOWER] = lower
    whole.T[_LOWER] = lower
    return whole
