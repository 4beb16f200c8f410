"""The hours of one campaign and UTC day: one value that holds only the hours seen.

A fact is one `HOUR` row. Rows of a value are sorted by hour, so the value depends
on the facts alone and not on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from engine import money
from engine.arrays import Bools, Ints, Rows
from engine.errors import UnknownFormat

FORMAT: Final = 1
HOUR: Final = np.dtype(
    [
        ("format", "u1"),
        ("hour", "u1"),
        ("quarter", "u1"),
        ("flags", "u1"),
        ("impressions", "<i8"),
        ("clicks", "<i8"),
        ("conversions", "<i8"),
        ("spend", "<i8", (2,)),
        ("revenue", "<i8", (2,)),
        ("sequence", "<i8"),
    ]
)
"""One campaign-hour: 68 bytes. ``hour`` is the UTC hour of the day, 0 to 23, and
``quarter`` how many quarters of an hour later it starts; ``conversions`` are
millionths; money is pairs as in `engine.money`; ``sequence`` is -1 where none is given."""

FINAL: Final = 1
SUSPECT: Final = 2
DELTA: Final = 4
"""Bits of ``flags``: told to be the last word, more clicks than impressions, a part of an hour."""

MILLIONTHS: Final = 10**6
"""Steps in which conversions are counted."""

NO_SEQUENCE: Final = -1


class Outcome(IntEnum):
    """What a fact did to the hours that were known."""

    NEW = 0
    RESTATED = 1
    DUPLICATE = 2
    SUPERSEDED = 3
    MIXED_MODES = 4
    OVERLAPPING = 5
    REFUSED = 6
    """Kept out by the caller: wrong currency, too old, or an event that was counted before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where facts go in the values of their days; arrays of shape (B,)."""

    outcome: Ints
    """`Outcome` of each fact."""
    position: Ints
    """How many hours of the day come before the fact."""
    found: Bools
    """Whether the hour was known already: its row is replaced."""
    old: Rows
    """The row that was known, all zero where there was none."""
    new: Rows
    """The row that is known from now on."""

    @property
    def applied(self) -> Bools:
        """Whether the fact changed anything."""
        return self.outcome <= Outcome.RESTATED


def read(values: Sequence[bytes]) -> tuple[Rows, Ints]:
    """Return the rows (N,) of all values, one after the other, and each row's value (N,).

    Raises
    ------
    UnknownFormat
        When a value was written by another version.
    """
    rows = np.frombuffer(b"".join(values), dtype=HOUR)
    if rows.size and (rows["format"] != FORMAT).any():
        raise UnknownFormat("day of hours", found=int(rows["format"].max()), known=FORMAT)
    counts = np.array([len(value) for value in values], dtype=np.int64) // HOUR.itemsize
    return rows, np.repeat(np.arange(len(values)), counts)


def place(values: Sequence[bytes], facts: Rows, refused: Bools) -> Placed:
    """Decide what each fact does to its day.

    A snapshot replaces the known hour, unless the hour has had a higher sequence number; one
    without a number is the latest word when it comes. A delta is added; the caller has made
    sure that its event is new. One hour takes facts of one mode only, and hours may not overlap.

    Parameters
    ----------
    values
        B values of days, empty where nothing is known yet.
    facts
        Shape (B,), `HOUR`; fact b belongs to day b.
    refused
        Shape (B,), facts that the caller keeps out.
    """
    rows, owners = read(values)
    hours = facts["hour"][owners]
    position = np.bincount(owners, weights=rows["hour"] < hours, minlength=len(values))
    same = np.flatnonzero(rows["hour"] == hours)
    old = np.zeros(len(values), dtype=HOUR)
    old[owners[same]] = rows[same]
    found = np.zeros(len(values), dtype=np.bool_)
    found[owners[same]] = True
    new = _combined(old, facts, found)
    outcome = np.where(refused, Outcome.REFUSED, _outcomes(old, new, facts, found))
    return Placed(
        outcome=outcome, position=position.astype(np.int64), found=found, old=old, new=new
    )


def splice(values: Sequence[bytes], placed: Placed) -> list[bytes]:
    """Return the days' new values; those of facts that were not applied stay as they are."""
    size = HOUR.itemsize
    block = placed.new.tobytes()
    starts = (placed.position * size).tolist()
    ends = ((placed.position + placed.found) * size).tolist()
    applied = placed.applied.tolist()
    return [
        value[:start] + block[at : at + size] + value[end:] if changed else value
        for value, start, end, changed, at in zip(
            values, starts, ends, applied, range(0, len(block), size), strict=True
        )
    ]


def starts_of(rows: Rows, utc_days: Ints) -> Ints:
    """Return the first second of each row's hour, given its UTC day."""
    hours: Ints = rows["hour"].astype(np.int64) * 3_600 + rows["quarter"].astype(np.int64) * 900
    return utc_days * 86_400 + hours


def _combined(old: Rows, facts: Rows, found: Bools) -> Rows:
    """Return the facts, with deltas added to what was known, and numbers kept."""
    new = facts.copy()
    unnumbered = found & (facts["sequence"] == NO_SEQUENCE)
    new["sequence"] = np.where(unnumbered, old["sequence"], facts["sequence"])
    adds = np.flatnonzero(found & (facts["flags"] & DELTA > 0) & (old["flags"] & DELTA > 0))
    if adds.size:
        for name in ("impressions", "clicks", "conversions"):
            new[name][adds] += old[name][adds]
        for name in ("spend", "revenue"):
            new[name][adds] = money.add(old[name][adds], facts[name][adds])
        new["sequence"][adds] = np.maximum(old["sequence"][adds], facts["sequence"][adds])
        new["flags"][adds] |= old["flags"][adds] & FINAL
    suspect = new["clicks"] > new["impressions"]
    new["flags"] = (new["flags"] & (FINAL | DELTA)) | np.where(suspect, SUSPECT, 0).astype(np.uint8)
    return new


def _outcomes(old: Rows, new: Rows, facts: Rows, found: Bools) -> Ints:
    delta = facts["flags"] & DELTA > 0
    older = ~delta & (facts["sequence"] < old["sequence"]) & (facts["sequence"] >= 0)
    mixed = delta != (old["flags"] & DELTA > 0)
    overlapping = facts["quarter"] != old["quarter"]
    same = (new == old) & ~delta
    outcomes = np.select(
        [~found, overlapping, mixed, older, same],
        [
            Outcome.NEW,
            Outcome.OVERLAPPING,
            Outcome.MIXED_MODES,
            Outcome.SUPERSEDED,
            Outcome.DUPLICATE,
        ],
        Outcome.RESTATED,
    )
    return outcomes.astype(np.int64)
