"""Daily budgets of the campaigns of a group: one total, shared out where it brings most.

Curves are fitted to closed days of all campaigns together, each is bounded by its plan and by how
far one change may go, and the total is split for the most value. A campaign whose last unit of
money brings about as much as anybody's keeps its budget: what the days tell is not sharp enough to
move money for so little.

Where limits collide, the plan's bounds come first, then the total, then the largest change: a total
that is cut is kept at once, one that is raised is reached step by step. Groups inside have bounds
of their own, which hold as the total does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.curve_fitting import Fit
from engine.group_nesting import Nested, room
from engine.group_split import (
    BAND,
    GO,
    HOLDS,
    KEPT,
    LATE,
    TOO_LARGE,
    TOO_LITTLE,
    TOO_SMALL,
    Shared,
    split,
)
from engine.instruments import fitted
from engine.response_days import Days

__all__ = [
    "BAND",
    "FIRST_STEP",
    "GO",
    "HOLDS",
    "KEPT",
    "LATE",
    "LEAST_DAYS",
    "TOO_LARGE",
    "TOO_LITTLE",
    "TOO_SMALL",
    "UNUSED",
    "Members",
    "Shared",
    "share",
]

LEAST_DAYS: Final = 7.0
"""Days with spend, by their weights, below which a campaign's budget is left alone."""

FIRST_STEP: Final = 0.05
"""Share of an equal part of the total that one change may always add: a budget of nothing starts
with it, and a small one grows by it."""

UNUSED: Final = 0.8
"""Share of its budget below which a campaign spends too little of it to be given more."""

_HALF: Final = 31
"""Bits at a time that maximums are summed by: each may be as large as the total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """B campaigns of a group; shapes (B,), money in minor units."""

    days: Days
    """Closed days, shape (B, T)."""
    budget: Ints
    """What each may spend in a day now."""
    least: Ints
    most: Ints
    """Bounds by the plans, ``least <= most``."""
    used: Floats
    """Share of the budget that the last days spent; 1 or more where it is not known."""
    late: Bools
    """Whose last day is not closed yet: they keep their budget."""
    base: Ints | None = None
    """What ``budget`` was before chance of the group's own moved it; the same where none did."""

    @property
    def settled(self) -> Ints:
        """Return what the budgets were settled at: what they are without our own chance."""
        return self.budget if self.base is None else self.base


def share(
    members: Members,
    total: int,
    max_change: float | Floats,
    nested: Nested | None = None,
    most_raised: Ints | None = None,
) -> Shared:
    """Share out a day's total.

    Parameters
    ----------
    members
        At least one campaign.
    total
        Minor units, >= 0, for all of the group's campaigns together.
    max_change
        The largest change, as a share of a budget, > 0, of all or of each, (B,). `FIRST_STEP` is
        always allowed.
    nested
        Groups inside the group, with bounds of their own.
    most_raised
        Shape (B,), minor units, >= 0: the most that each may be raised by, whatever its minimum.

    Returns
    -------
    Budgets that sum to ``total``, less what is unplaced, and keep every bound; or, where nobody can
    be moved, the present budgets with the reason. Of a total of nothing nobody keeps anything.
    """
    fit = fitted(members.days)
    known = _known(members, fit)
    hold = np.where(members.late, LATE, np.where(known, GO, TOO_LITTLE))
    # No maximum is a number whose sum nothing holds: nobody is given more than these anyway.
    highest = max(total, int(members.least.max()), int(members.budget.max()))
    least, most = members.least, np.minimum(members.most, highest)
    low, high = _reach(members, (least, most), total, max_change)
    if most_raised is not None:
        high = np.minimum(high, members.budget + most_raised)
        low, least = np.minimum(low, high), np.minimum(least, high)
    nobody = _nobody(members, hold, (low, high), fit)
    free = hold == GO
    if total == 0 and not least.any():
        return _nothing(nobody, free)
    if not free.any():
        return nobody
    asked = total - int(members.budget[~free].sum())
    if asked < int(least[free].sum()):
        return replace(nobody, hold=np.where(free, TOO_SMALL, hold))
    if asked > _sum(most[free]):
        return replace(nobody, hold=np.where(free, TOO_LARGE, hold))
    # Who is in the band keeps what it was settled at, not where a coin has put it.
    before = replace(nobody, budget=np.where(free, members.settled, members.budget))
    if nested is not None:
        made = _in_tree(before, free, least, nested, total)
        return made or replace(nobody, hold=np.where(free, TOO_SMALL, hold))
    forced = asked < int(low[free].sum())
    bounds = (least if forced else low, high)
    made = split(before, free, bounds, min(asked, int(high[free].sum())), None)
    return replace(made, unplaced=total - made.total, forced=forced)


def _sum(amounts: Ints) -> int:
    """Return the exact sum of amounts >= 0 that together may be more than 64 bits hold."""
    return (int((amounts >> _HALF).sum()) << _HALF) + int((amounts & ((1 << _HALF) - 1)).sum())


def _nothing(before: Shared, free: Bools) -> Shared:
    """Return what becomes of a total of nothing: none, whether its days say enough or not."""
    budget, price = np.zeros_like(before.budget), 0.0
    if free.any():
        cut = split(before, free, (budget, before.high), 0, None)
        price = float(cut.log_price[free].max())
    return replace(
        before,
        budget=budget,
        hold=np.where(before.budget > 0, GO, KEPT),
        low=budget,
        log_price=np.full(len(budget), price),
        total=0,
        forced=bool(before.budget.any()),
    )


def _in_tree(before: Shared, free: Bools, least: Ints, nested: Nested, total: int) -> Shared | None:
    """Return a total shared out with the bounds of the groups inside; None where they cross."""
    fixed = before.budget
    low, high, lowest = (np.where(free, end, fixed) for end in (before.low, before.high, least))
    found = room(nested, (low, high), lowest, total)
    if found is None:
        return None
    placed = int(found.nested.ceiling[0]) - int(fixed[~free].sum())
    made = split(before, free, (found.low, high), placed, found.nested)
    return replace(made, unplaced=total - made.total, forced=found.forced)


def _known(members: Members, fit: Fit) -> Bools:
    counted = np.where(members.days.spend > 0.0, members.days.weight, 0.0).sum(axis=1)
    return np.asarray((counted >= LEAST_DAYS) & (fit.level > 0.0))


def _reach(
    members: Members, bounds: tuple[Ints, Ints], total: int, max_change: float | Floats
) -> tuple[Ints, Ints]:
    """Return how far each budget may be moved by one change."""
    budget = members.budget
    first = int(FIRST_STEP * total / len(budget))
    step = np.maximum(np.floor(budget * max_change).astype(np.int64), max(first, 1))
    low, high = np.clip(budget - step, *bounds), np.clip(budget + step, *bounds)
    idle = (budget > 0) & (members.used < UNUSED)
    return low, np.where(idle, np.maximum(np.minimum(high, budget), low), high)


def _nobody(members: Members, hold: Ints, bounds: tuple[Ints, Ints], fit: Fit) -> Shared:
    """Return the present budgets."""
    return Shared(
        budget=members.budget,
        hold=hold,
        low=bounds[0],
        high=bounds[1],
        log_price=np.zeros(len(hold)),
        total=int(members.budget.sum()),
        unplaced=0,
        forced=False,
        fit=fit,
    )
