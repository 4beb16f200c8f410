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

REPLACED: Final = 8
"""Hourly budgets that are remembered after others have taken their place."""

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
    [
        *_FIRST,
        ("multiplier", "<i8"),
        ("newest_day", "<i8"),
        ("days", "<u8"),
        ("replaced", "<i8", (REPLACED,)),
        ("replaced_at", "<i8", (REPLACED,)),
    ],
)
"""One campaign: the hourly budget in force, exact, in ``currency``, where it is ``known``; the
``multiplier`` of its bids in millionths, 0 where none is known; when either was ``changed``,
newest first, in seconds, 0 where there was no change; the ``offset`` of the last audit entry
seen. ``days`` has bit i set where `engine.settings` of the UTC day i days before ``newest_day``
are kept. Hourly budgets that were ``replaced``, minor units of ``currency``, with the seconds in
which they were, newest first, 0 where there is none."""


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


def with_replaced(rows: Rows, amounts: Ints, instants: Ints) -> Rows:
    """Return rows that remember one more hourly budget that is no longer in force.

    ``amounts`` (B,), minor units, were in force until ``instants`` (B,), seconds. Where there are
    more than can be kept, the two oldest count as the higher one until the later instant.
    """
    after = rows.copy()
    times = np.concatenate([instants[:, None], rows["replaced_at"]], axis=1)
    values = np.concatenate([amounts[:, None], rows["replaced"]], axis=1)
    if (instants < rows["replaced_at"][:, 0]).any():
        order = np.argsort(-times, axis=1, kind="stable")
        times = np.take_along_axis(times, order, axis=1)
        values = np.take_along_axis(values, order, axis=1)
    values[:, -2] = np.maximum(values[:, -2], values[:, -1])
    after["replaced_at"], after["replaced"] = times[:, :REPLACED], values[:, :REPLACED]
    return after


def highest_since(rows: Rows, plans: Rows, seconds: Ints) -> Ints:
    """Return the highest hourly budget in force at any time since ``seconds`` (B,), minor units.

    It is 0 where none is known, as in `current_value`.
    """
    known, value = current_value(rows, plans)
    since = rows["replaced_at"] > seconds[:, None]
    before = np.where(since, rows["replaced"], 0).max(axis=1)
    return np.where(known, np.maximum(value, before), 0)


def highest_within(rows: Rows, plans: Rows, spans: tuple[Ints, Ints]) -> Ints:
    """Return the highest hourly budget in force within each of N spans, (B, N), minor units.

    ``spans`` are the first seconds and the ends, shapes (B, N). What was in force before the first
    change that is remembered counts as what that change replaced.
    """
    starts, ends = spans
    known, value = current_value(rows, plans)
    since, amounts = rows["replaced_at"], rows["replaced"]
    begins = np.concatenate([since[:, 1:], np.zeros_like(since[:, :1])], axis=1)
    held = since[:, None, :] > starts[:, :, None]
    held &= begins[:, None, :] < ends[:, :, None]
    before = np.where(held, amounts[:, None, :], 0).max(axis=2)
    now = np.where(since[:, :1] < ends, value[:, None], 0)
    return np.where(known[:, None], np.maximum(now, before), 0)


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
