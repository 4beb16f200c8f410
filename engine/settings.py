"""What was set on a campaign in the course of a UTC day: multipliers of bids, hourly budgets.

The first setting of a day is what was in force when it began, so that a day says all of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final

import numpy as np

from engine.arrays import Ints, Rows
from engine.calendar import DAY

MILLIONTHS: Final = 10**6
"""Steps in which a multiplier is counted."""

UNKNOWN: Final = -1
"""Stands for an hourly budget, or an instant, that is not known."""

SETTING: Final = np.dtype([("second", "<i4"), ("multiplier", "<i8"), ("budget", "<i8")])
"""One setting: 20 bytes. ``second`` of the UTC day from which it holds, the ``multiplier`` in
millionths, 0 where none is known, the hourly ``budget`` in minor units or `UNKNOWN`."""


_PACKED: Final = Struct("<iqq")


def a_setting(second: int, multiplier: int, budget: int) -> bytes:
    """Return one setting as bytes."""
    return _PACKED.pack(second, multiplier, budget)


def _second(setting: bytes) -> int:
    return int(_PACKED.unpack(setting)[0])


def with_setting(day: bytes, setting: bytes) -> bytes:
    """Return a day with one setting more; of two at the same second the later one told counts."""
    if not day or _second(day[-SETTING.itemsize :]) < _second(setting):
        return day + setting
    rows = np.frombuffer(day, dtype=SETTING)
    added = np.frombuffer(setting, dtype=SETTING)
    others = rows[rows["second"] != added["second"]]
    both = np.concatenate([others, added])
    return both[np.argsort(both["second"], kind="stable")].tobytes()


def last_of(day: bytes) -> bytes:
    """Return what is in force at the end of a day that is not empty, from its first second on."""
    last = np.frombuffer(day, dtype=SETTING)[-1:].copy()
    last["second"] = 0
    return last.tobytes()


def in_force_at(days: Sequence[bytes], which: Ints, seconds: Ints) -> Rows:
    """Return what was in force at N moments, (N,); blank where nothing was set.

    A moment is a second (N,) of one of the ``days``, ``which`` (N,) says by position.
    """
    rows = np.frombuffer(b"".join(days), dtype=SETTING)
    counts = np.array([len(day) for day in days], dtype=np.int64) // SETTING.itemsize
    owners = np.repeat(np.arange(len(days)), counts)
    begun = np.searchsorted(owners * DAY + rows["second"], which * DAY + seconds, side="right")
    found = np.zeros(len(which), dtype=SETTING)
    found["budget"] = UNKNOWN
    last = np.maximum(begun - 1, 0)
    some = np.flatnonzero((begun > 0) & (owners[last] == which)) if rows.size else begun[:0]
    found[some] = rows[last[some]]
    return found
