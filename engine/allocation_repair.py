"""Whole units that rounding left a little outside a group's bounds, brought back within them."""

from __future__ import annotations

import numpy as np

from engine.allocation_groups import Groups, by_number
from engine.arrays import Ints


def brought_within(groups: Groups, units: Ints, bounds: tuple[Ints, Ints], total: int) -> Ints:
    """Return units near the given ones that sum to the total and keep every bound.

    ``groups`` are tightened to their content, so that what a group is told to have it can have: the
    total is handed down from the first, each group's content moved as little as its own share asks.
    """
    units = np.clip(units, *bounds)
    sums = groups.sums(units)
    if sums[0] == total and np.all((groups.low <= sums) & (sums <= groups.high)):
        return units
    wanted = np.clip(sums, groups.low, groups.high)
    wanted[0] = total
    members, inner = _listed(groups.of, len(sums)), _listed(groups.parent[1:], len(sums))
    for at in range(len(sums)):
        rows, below = members[at], inner[at] + 1
        content = np.concatenate((units[rows], wanted[below]))
        low = np.concatenate((bounds[0][rows], groups.low[below]))
        high = np.concatenate((bounds[1][rows], groups.high[below]))
        moved = _moved(content, low, high, int(wanted[at] - content.sum()))
        units[rows], wanted[below] = moved[: len(rows)], moved[len(rows) :]
    return units


def _moved(content: Ints, low: Ints, high: Ints, by: int) -> Ints:
    """Return content that sums to ``by`` more, the first with room taking it."""
    if by == 0:
        return content
    room = high - content if by > 0 else content - low
    before = np.cumsum(room) - room
    part = np.clip(abs(by) - before, 0, room)
    return np.asarray(content + part if by > 0 else content - part)


def _listed(of: Ints, groups: int) -> list[Ints]:
    order, ends = by_number(of, groups)
    return np.split(order, ends[:-1])
