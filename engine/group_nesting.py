"""Groups inside a group: what each must have and may have of a day's total, as a tree of bounds.

A floor keeps a group from starving, a ceiling is its own budget. Where they collide with how far
budgets may go today, they give way as a whole group's total does: a floor is reached step by step,
a ceiling that is below what the largest change leads to is kept at once. Only where the plans'
minimums, or the floors inside, need more than a ceiling has is there no answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.allocation_groups import Groups, InfeasibleAllocation
from engine.arrays import Bools, Ints
from engine.errors import EngineError


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """G groups over B campaigns; the first is the whole, and parents come before their children."""

    parent: Ints
    """Shape (G,): the group that each lies in; -1 of the first."""
    floor: Ints
    """Shape (G,), minor units of a day, >= 0; of the first it is not asked for."""
    ceiling: Ints
    """Shape (G,), >= ``floor``; of the first it is not asked for: that is the total."""
    of: Ints
    """Shape (B,): the group that each campaign belongs to."""

    def __post_init__(self) -> None:
        if np.any(self.floor[1:] > self.ceiling[1:]):
            at = 1 + int(np.argmax(self.floor[1:] > self.ceiling[1:]))
            what = f"a floor of {self.floor[at]} above its ceiling of {self.ceiling[at]}"
            raise EngineError(f"group {at} has {what}")

    def with_bounds(self, floor: Ints, ceiling: Ints) -> Nested:
        """Return the same tree with other bounds."""
        return replace(self, floor=floor, ceiling=ceiling)

    def over(self, free: Bools, budget: Ints) -> Groups:
        """Return the bounds that ``free`` campaigns (B,) are left by what the others have.

        Raises
        ------
        InfeasibleAllocation
            The others have more than a group may have, or nobody is free where more is needed.
        """
        had = self.sums(np.where(free, 0, budget))
        without = self.sums(free.astype(np.int64)) == 0
        wrong = (had > self.ceiling) | (without & (had < self.floor))
        if wrong.any():
            at = int(np.argmax(wrong))
            what = f"group {at} has {had[at]}, which is not within its bounds"
            raise InfeasibleAllocation(what, asked=int(had[at]), bound=int(self.ceiling[at]))
        return Groups(
            parent=self.parent,
            low=np.maximum(self.floor - had, 0),
            high=np.maximum(self.ceiling - had, 0),
            of=self.of[free],
        )

    def sums(self, amounts: Ints) -> Ints:
        """Return what the campaigns of each group have together, (G,), of amounts (B,)."""
        return self._tree().sums(amounts)

    def inside(self, groups: Bools) -> Bools:
        """Return which campaigns (B,) lie in some of the groups (G,), at whatever depth."""
        covered = groups.copy()
        for at, parent in enumerate(self.parent.tolist()[1:], 1):
            covered[at] |= covered[parent]
        return np.asarray(covered[self.of])

    def _tree(self) -> Groups:
        none = np.zeros(len(self.parent), dtype=np.int64)
        return Groups(parent=self.parent, low=none, high=none, of=self.of)

    def levels(self) -> list[Ints]:
        """Return the groups by their depth, the deepest first, the whole last."""
        return [*self._tree().levels(), np.array([0])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Bounds that can all be kept."""

    nested: Nested
    """With floors as high as can be reached today, and the total as the bounds of the first."""
    low: Ints
    """Shape (B,): the least of each campaign."""
    forced: bool
    """Whether a total was cut by more than the largest change allows."""


def room(nested: Nested, bounds: tuple[Ints, Ints], least: Ints, total: int) -> Room | None:
    """Return bounds of a tree that can be kept; None where minimums need more than there is.

    Parameters
    ----------
    nested
        The tree; at least one campaign.
    bounds
        How low and how high each budget may go by one change, shapes (B,), minor units; the same
        where a budget is not to be moved.
    least
        Shape (B,): how low it may go at once where a total does not fit otherwise.
    total
        What the whole has for the day, >= 0; where less finds a place, that is what it has.
    """
    low, high = bounds
    takes = _takes(nested, high, total)
    floor, ceiling = np.minimum(nested.floor, takes), nested.ceiling.copy()
    floor[0] = ceiling[0] = takes[0]
    fitted = nested.with_bounds(floor, ceiling)
    relaxed = low
    for level in nested.levels():
        over = np.zeros(len(floor), dtype=np.bool_)
        over[level] = (_needs(fitted, relaxed) > ceiling)[level]
        if over.any():
            relaxed = np.where(nested.inside(over), np.minimum(least, relaxed), relaxed)
    if np.any(_needs(fitted, relaxed) > ceiling):
        return None
    return Room(nested=fitted, low=relaxed, forced=bool(np.any(relaxed < low)))


def _takes(nested: Nested, high: Ints, total: int) -> Ints:
    """Return the most that each group can have, (G,)."""
    takes = np.zeros(len(nested.parent), dtype=np.int64)
    np.add.at(takes, nested.of, high)
    ceiling = nested.ceiling.copy()
    ceiling[0] = total
    for level in nested.levels():
        takes[level] = np.minimum(takes[level], ceiling[level])
        if level[0]:
            np.add.at(takes, nested.parent[level], takes[level])
    return takes


def _needs(nested: Nested, low: Ints) -> Ints:
    """Return the least that each group can have, (G,): of the whole, what lies in it needs."""
    needs = np.zeros(len(nested.parent), dtype=np.int64)
    np.add.at(needs, nested.of, low)
    for level in nested.levels()[:-1]:
        needs[level] = np.maximum(needs[level], nested.floor[level])
        np.add.at(needs, nested.parent[level], needs[level])
    return needs
