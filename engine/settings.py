"""What was set on a campaign in the course of a UTC day: multipliers of bids, hourly budgets.

The first setting of a day is what was in force when it began, so that a day says all of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.arrays import Ints, Rows

MILLIONTHS: Final = 10**6
"""Steps in which a multiplier is counted."""

UNKNOWN: Final = -1
"""Stands for an hourly budget, or an instant, that is not known."""

SETTING: Final = np.dtype([("second", "<i4"), ("multiplier", "<i8"), ("budget", "<i8")])
"""One setting: 20 bytes. ``second`` of the UTC day from which it holds, the ``multiplier`` in
millionths, 0 where none is known, the hourly ``budget`` in minor units or `UNKNOWN`."""


def a_setting(second: int, multiplier: int, budget: int) -> bytes:
    """Return one setting as bytes."""
    return np.array([(second, multiplier, budget)], dtype=SETTING).tobytes()


def with_setting(day: bytes, setting: bytes) -> bytes:
    """Return a day with one setting more; of two at the same second the later one told counts."""
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


def in_force_at(days: Sequence[bytes], seconds: Ints) -> Rows:
    """Return what was in force at a second (N,) of each of N days; blank where nothing was set."""
    rows = np.frombuffer(b"".join(days), dtype=SETTING)
    counts = np.array([len(day) for day in days], dtype=np.int64) // SETTING.itemsize
    owners = np.repeat(np.arange(len(days)), counts)
    begun = rows["second"] <= seconds[owners]
    before = np.bincount(owners, weights=begun, minlength=len(days)).astype(np.int64)
    found = np.zeros(len(days), dtype=SETTING)
    found["budget"] = UNKNOWN
    firsts = np.cumsum(counts) - counts
    some = before > 0
    found[some] = rows[(firsts + before - 1)[some]]
    return found
