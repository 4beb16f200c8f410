"""What an hour may spend at most where bids are set, also if later decisions do not come."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.calendar import HOUR
from engine.multiplier import Spending
from engine.situation import Situation

LATE_SURPRISE: Final = 3.0
"""Times its expected spend that an hour may cost while earlier ones are not reported: each may
cost its own cap, and all of them together no more than what is left."""

LOST_SURPRISE: Final = 1.5
"""The same where hours were lost of late: the next one that is costs the day its whole cap."""

MISSED: Final = 1
"""Decisions in a row that may fail to come without a cap in force being spent so often that all of
them are more than what is left."""

_TINY: Final = 1e-9
_UNBOUNDED: Final = 2.0**62


def most_by_surprise(
    spending: Spending, limit: Floats, least: Floats, hard: tuple[Ints, Ints]
) -> Ints:
    """Return the most that the target hour may spend, also if the next decision does not come.

    ``limit`` is what it may come to by surprise, ``least`` what it has to spend, ``hard`` the most
    that today may still spend, and in how many of its hours the cap may be in force.
    """
    most, hours = hard
    cap = np.minimum(spending.cap, limit)
    cap = np.floor(np.minimum(np.maximum(cap, least), 2.0**50)).astype(np.int64)
    return np.asarray(np.minimum(cap, most // hours))


def surprise(situation: Situation, spending: Spending, left: Floats, unreported: Ints) -> Floats:
    """Return what an hour may come to by surprise where reports are late, or lost of late, (R,).

    It is in proportion to what the hour is expected to spend, or its share of what is ``left``
    where bids are still on their way.
    """
    times = np.where(unreported > 0, LATE_SURPRISE, np.inf)
    if situation.untold is not None:
        lately = situation.untold.lately[situation.steered.rows]
        times = np.where(lately, LOST_SURPRISE, times)
    first = spending.hours[:, 0]
    share = left * first / np.maximum(spending.hours.cumsum(axis=1)[:, -1], _TINY)
    bites = np.isfinite(times)
    limit = np.where(bites, times, 0.0) * np.maximum(first, np.where(bites, share, 0.0))
    return np.where(bites, np.maximum(limit, 1.0), _UNBOUNDED)


def may_fail(situation: Situation, unreported: Ints) -> Ints:
    """Return how many decisions may fail to come next, (R,): some where the last did or is late.

    Where each hour is decided in time, all of what is left may be spent in the last of them.
    """
    rows = situation.steered.rows
    due = situation.campaigns["decided"][rows] == situation.hour[rows] - HOUR
    return np.where(due & (unreported == 0), 0, MISSED)
