"""Which days of a campaign have been told, and how big those of its present week were.

A day that is told again teaches nothing again. Once all seven days of a week from Monday on are
told, their sizes say how the weekdays stand to each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats, Rows
from engine.formats import Formats

KEPT_DAYS: Final = 64
"""Days back from the newest of which is kept whether they were told; older ones count as told."""

_MONDAY: Final = 4
"""The first Monday, in days since 1970-01-01."""

TOLD: Final = np.dtype([("format", "u1"), ("newest", "<i8"), ("days", "<u8"), ("levels", "<f8", 7)])
"""Format 1: the newest day told, in days since 1970-01-01; bit k says whether the k-th day before
it was told; the levels of the days of its week from Monday, natural log, NaN where not known."""

_FORMATS: Final = Formats(what="campaign's told days", layouts=(TOLD,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What one more day has come to."""

    row: Rows
    """Shape (1,), of `TOLD`."""
    new: bool
    """Whether the day was not told before."""
    week: Floats | None = None
    """Shape (7,), the levels of a week from Monday that this day has completed."""


def unpack(value: bytes) -> Rows:
    """Return a stored row as an array of shape (1,); empty bytes are no day at all.

    Raises
    ------
    UnknownFormat
        When the value was written by another version.
    """
    if value:
        return _FORMATS.read([value])
    row = np.zeros(1, dtype=TOLD)
    row["format"], row["levels"] = _FORMATS.newest, np.nan
    return row


def tell(row: Rows, day: int, level: float | None) -> Telling:
    """Return what is kept after a day was told, in days since 1970-01-01.

    ``level`` is the mean of the log spend of its hours at one multiplier; none where too few of
    them say it. A day of an earlier week than the newest completes none.
    """
    newest, days = int(row["newest"][0]), int(row["days"][0])
    if not days:
        newest = day
    ahead, back = max(day - newest, 0), max(newest - day, 0)
    days <<= min(ahead, KEPT_DAYS)
    if back >= KEPT_DAYS or days >> back & 1:
        return Telling(row=row, new=False)
    after = row.copy()
    after["newest"] = newest + ahead
    after["days"] = (days | 1 << back) & (2**KEPT_DAYS - 1)
    weeks_ahead = (day - _MONDAY) // 7 - (newest - _MONDAY) // 7
    if weeks_ahead > 0:
        after["levels"] = np.nan
    if weeks_ahead < 0 or level is None:
        return Telling(row=after, new=True)
    after["levels"][0, (day - _MONDAY) % 7] = level
    whole = bool(np.isfinite(after["levels"]).all())
    return Telling(row=after, new=True, week=after["levels"][0].copy() if whole else None)
