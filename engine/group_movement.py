"""How much of a group's money is moved in a day, and a split that moves no more than it may.

Money that is moved is raised in one place: what counts is by how much budgets are raised, all
together. Where a split wants more, what may be moved goes to the raises that make most of it, and
the rest of the group is split anew around them: who pays for them gives no more than they take.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.allocation import allocate
from engine.arrays import Ints
from engine.group_budgets import Members
from engine.group_exploring import Chances, Explored, explored
from engine.group_split import Shared

Splitting = Callable[[Ints | None], Shared]
"""Splits a total, with the most that each budget (B,) may be raised by; None for no such bound."""


def raised(present: Ints, budget: Ints) -> int:
    """Return by how much budgets (B,) are raised, all together; what is lowered does not count."""
    return int(np.maximum(budget - present, 0).sum())


def moved_within(present: Ints, splitting: Splitting, limit: int | None) -> Shared:
    """Return a split that raises budgets by a limit at most.

    Parameters
    ----------
    present
        Shape (B,): what is in force, minor units.
    splitting
        The split that brings most, within bounds of raises.
    limit
        Minor units, >= 0; None for any.

    Returns
    -------
    The split, whose ``wanted`` says what would have been raised without the limit where that is
    more, else 0.
    """
    free = splitting(None)
    wanted = raised(present, free.budget)
    if limit is None or wanted <= limit:
        return free
    return replace(splitting(_raises(present, free, limit)), wanted=wanted)


def explored_within(
    members: Members, settled: Shared, chances: Chances, limit: int | None
) -> Explored:
    """Return what is moved to learn; nothing where more than the limit would be raised for it."""
    made = explored(members, settled, chances)
    if limit is None or raised(members.budget, made.shared.budget) <= limit:
        return made
    none = replace(chances, share=np.zeros_like(chances.share))
    return explored(members, settled, none)


def _raises(present: Ints, free: Shared, limit: int) -> Ints:
    """Return by how much each may be raised, (B,), so that the limit brings most."""
    at = np.flatnonzero(free.budget > present)
    low, high, raises = present[at], free.budget[at], np.zeros_like(present)
    found = allocate(free.fit.curves().of(at), low, high, int(low.sum()) + limit)
    raises[at] = found.units - low
    return raises
