"""Gaps in flights: local days on which nothing may be spent."""

from __future__ import annotations

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.calendar import DAY
from engine.weeks import WeekWeights, between


def in_gap(gaps: Ints, days: Ints) -> Bools:
    """Return whether each local day lies in a gap of its flight; gaps (B, G, 2), days (B,)."""
    inside = (gaps[:, :, 0] <= days[:, None]) & (days[:, None] <= gaps[:, :, 1])
    return np.asarray(inside.any(axis=1))


def merged(gaps: Ints) -> Ints:
    """Return the same days as gaps in order that neither overlap nor touch; shape (B, G, 2).

    Where gaps were merged the others are left empty: first > last.
    """
    order = np.argsort(gaps[:, :, 0], axis=1, kind="stable")
    after = np.take_along_axis(gaps, order[:, :, None], axis=1)
    for at in range(1, gaps.shape[1]):
        before, here = after[:, at - 1], after[:, at]
        joined = (before[:, 0] <= before[:, 1]) & (here[:, 0] <= before[:, 1] + 1)
        here[joined, 0] = before[joined, 0]
        here[joined, 1] = np.maximum(before[joined, 1], here[joined, 1])
        before[joined] = 1, 0
    return after


def outside(week: WeekWeights, gaps: Ints, starts: Ints, ends: Ints) -> Floats:
    """Return the weight (B,) between two wall times, (B,), the days of `merged` gaps left out."""
    weight = between(week, starts, ends)
    for gap in np.moveaxis(gaps, 1, 0):
        first = np.maximum(gap[:, 0] * DAY, starts)
        weight = weight - between(week, first, np.minimum((gap[:, 1] + 1) * DAY, ends))
    return np.maximum(weight, 0.0)
