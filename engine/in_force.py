"""What is in force on a campaign now, as the audit trail tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.arrays import Bools, Ints, Rows
from engine.formats import Formats
from engine.money import ceil_to_minor

CHANGES: Final = 25
"""Changes whose times are kept: a campaign is decided once an hour, and a day has at most 25."""

_FIRST: Final = [
    ("format", "u1"),
    ("known", "u1"),
    ("currency", "S3"),
    ("spare", "S3"),
    ("value", "<i8", (2,)),
    ("offset", "<i8"),
    ("changed", "<i8", (CHANGES,)),
]
IN_FORCE: Final = np.dtype(
    [*_FIRST, ("multiplier", "<i8"), ("newest_day", "<i8"), ("days", "<u8")],
)
"""One campaign: the hourly budget in force, exact, in ``currency``, where it is ``known``; the
``multiplier`` of its bids in millionths, 0 where none is known; when either was ``changed``,
newest first, in seconds, 0 where there was no change; the ``offset`` of the last audit entry
seen. ``days`` has bit i set where `engine.settings` of the UTC day i days before ``newest_day``
are kept."""


def _upgraded(rows: Rows) -> Rows:
    """Return rows of the first format as rows of the second, which knows multipliers."""
    after = np.zeros(len(rows), dtype=IN_FORCE)
    for name in rows.dtype.names or ():
        after[name] = rows[name]
    return after


FORMATS: Final = Formats(
    what="value in force", layouts=(np.dtype(_FIRST), IN_FORCE), upgrades=(_upgraded,)
)


def nothing_in_force(count: int) -> Rows:
    """Return rows of campaigns of which the audit trail says nothing."""
    rows = np.zeros(count, dtype=IN_FORCE)
    rows["format"] = FORMATS.newest
    rows["offset"] = -1
    return rows


def unpack(values: Sequence[bytes]) -> Rows:
    """Return B values as rows of `IN_FORCE`; empty values mean that nothing is known.

    Raises
    ------
    UnknownFormat
        When a value was written by a later version.
    """
    blank = nothing_in_force(1).tobytes()
    return FORMATS.read([value or blank for value in values])


def with_change(rows: Rows, instants: Ints) -> Rows:
    """Return rows that remember one change more, made at ``instants`` (seconds, shape (B,)).

    Times are kept in descending order whatever the order of the entries.
    """
    after = rows.copy()
    times = np.concatenate([rows["changed"], instants[:, None]], axis=1)
    after["changed"] = -np.sort(-times, axis=1)[:, :CHANGES]
    return after


def current_value(rows: Rows, plans: Rows) -> tuple[Bools, Ints]:
    """Return whether a value in force is known, and it in minor units, rounded up.

    A value in another currency than the plan's is not known, and 0 here; shapes (B,).
    """
    known = (rows["known"] > 0) & (rows["currency"] == plans["currency"])
    value = ceil_to_minor(rows["value"], plans["exponent"].astype(np.int64))
    return np.asarray(known), np.where(known, value, 0)


def current_multiplier(rows: Rows) -> tuple[Bools, Ints]:
    """Return whether a multiplier in force is known, and it in millionths; shapes (B,)."""
    return np.asarray(rows["multiplier"] > 0), rows["multiplier"].astype(np.int64)
