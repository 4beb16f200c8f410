"""Groups of campaigns with bounds of their own, one inside the other, as a tree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Floats, Ints, picked
from engine.errors import EngineError

_SHORT: Final = 2**16
"""Numbers below it fit into two bytes."""

_LARGEST: Final = 2.0**62
"""Whole units of no maximum at all: still within 64 bits."""


class InfeasibleAllocation(EngineError):
    """No allocation keeps all bounds."""

    def __init__(self, what: str, *, asked: int, bound: int) -> None:
        super().__init__(what)
        self.asked, self.bound = asked, bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """A tree of G groups; the first is the whole, and parents come before their children."""

    parent: Ints
    """Shape (G,): the group that each lies in; -1 of the first, smaller than its own otherwise."""
    low: Ints
    """Shape (G,), whole units, >= 0."""
    high: Ints
    """Shape (G,), whole units, >= ``low``."""
    of: Ints
    """Shape (B,): the group that each campaign belongs to, a leaf of the tree or not."""

    def __post_init__(self) -> None:
        count = len(self.parent)
        if not (len(self.low) == len(self.high) == count >= 1 and self.parent[0] == -1):
            raise EngineError("groups need a parent, a low and a high each, the first parent -1")
        if np.any(self.parent[1:] >= np.arange(1, count)) or np.any(self.parent[1:] < 0):
            at = 1 + int(np.argmax(~(self.parent[1:] < np.arange(1, count))))
            raise EngineError(f"group {at} must come after its parent {self.parent[at]}")
        if len(self.of) and not (self.of.min() >= 0 and self.of.max() < count):
            raise EngineError(
                f"campaigns belong to groups 0 to {count - 1}, not to {self.of.max()}"
            )
        crossed = self.low > self.high
        if np.any(crossed):
            at = int(np.argmax(crossed))
            low, high = int(self.low[at]), int(self.high[at])
            what = f"group {at} has a minimum of {low} above its maximum of {high}"
            raise InfeasibleAllocation(what, asked=low, bound=high)

    def side_by_side(self) -> tuple[Ints | slice, Groups]:
        """Return the order in which campaigns of a group, and of its subgroups, lie together.

        Sums over groups are quick then. The order is given as positions (B,), or as all of them
        where that is how they lie; with it the same groups of campaigns in that order.
        """
        place = self._places()[self.of]
        if np.all(place[1:] >= place[:-1]):
            return slice(None), self
        order = np.argsort(place, kind="stable")
        return order, replace(self, of=picked(self.of, order))

    def _places(self) -> NDArray[np.integer[Any]]:
        """Return the place of each group where all that lies inside one follows it; (G,)."""
        parent = self.parent.tolist()
        sizes = [1] * len(parent)
        for at in range(len(parent) - 1, 0, -1):
            sizes[parent[at]] += sizes[at]
        places, free = [0] * len(parent), [1] * len(parent)
        for at in range(1, len(parent)):
            places[at] = free[parent[at]]
            free[parent[at]] += sizes[at]
            free[at] = places[at] + 1
        # Short numbers are sorted by radix, several times quicker.
        return np.array(places, dtype=np.uint16 if len(places) <= _SHORT else np.int64)

    def sums(self, amounts: Ints) -> Ints:
        """Return what the campaigns of each group have together, its subgroups' included; (G,)."""
        sums = np.zeros(len(self.parent), dtype=np.int64)
        np.add.at(sums, self.of, amounts)
        for level in self.levels():
            np.add.at(sums, self.parent[level], sums[level])
        return sums

    def levels(self) -> list[Ints]:
        """Return the groups but the first by their depth, the deepest first."""
        depth = np.zeros(len(self.parent), dtype=np.int64)
        for at, parent in enumerate(self.parent.tolist()[1:], 1):
            depth[at] = depth[parent] + 1
        return [np.flatnonzero(depth == at) for at in range(int(depth.max()), 0, -1)]


@dataclass(frozen=True, slots=True)
class Runs:
    """Campaigns that lie side by side by group: where those of each lie, R of G groups."""

    groups: Ints
    """Shape (R,): groups with campaigns of their own."""
    begins: Ints
    """Shape (R,): the first campaign of each."""
    counts: Ints

    def sums(self, amounts: Floats) -> Floats:
        """Return what the own campaigns of each group have together, shape (R,)."""
        return np.add.reduceat(amounts, self.begins) if len(self.begins) else np.zeros(0)

    def each(self, of_groups: Floats) -> Floats:
        """Return what is said of groups, (G,), for each campaign."""
        return np.repeat(of_groups[self.groups], self.counts)

    def rows(self, runs: Ints) -> Ints | slice:
        """Return the campaigns of some runs, given by position and rising."""
        begins, counts = self.begins[runs], self.counts[runs]
        if len(runs) == 1:
            return slice(int(begins[0]), int(begins[0] + counts[0]))
        ends = np.cumsum(counts)
        return np.asarray(np.arange(counts.sum()) + np.repeat(begins - (ends - counts), counts))


def runs_of(of: Ints) -> Runs:
    """Return where groups' campaigns lie, given the group of each, (B,), side by side."""
    if not len(of):
        return Runs(of, of, of)
    begins = np.concatenate(([0], 1 + np.flatnonzero(of[1:] != of[:-1])))
    return Runs(of[begins], begins, np.diff(begins, append=len(of)))


def tightened(groups: Groups, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Return the least and the most that each group can have, its content's bounds included; (G,).

    Raises
    ------
    InfeasibleAllocation
        A group's content needs more than its maximum, or cannot take its minimum.
    """
    least = np.zeros(len(groups.parent), dtype=np.int64)
    # Maximums that are none sum to more than a whole number of 64 bits holds.
    most = np.zeros(len(groups.parent))
    np.add.at(least, groups.of, low)
    np.add.at(most, groups.of, high.astype(np.float64))
    for level in [*groups.levels(), np.array([0])]:
        _fit(groups, level, least[level], most[level])
        least[level] = np.maximum(least[level], groups.low[level])
        most[level] = np.minimum(most[level], groups.high[level])
        if level[0]:
            np.add.at(least, groups.parent[level], least[level])
            np.add.at(most, groups.parent[level], most[level])
    return least, np.minimum(most, _LARGEST).astype(np.int64)


def _fit(groups: Groups, level: Ints, least: Ints, most: Floats) -> None:
    for at in level[(least > groups.high[level]) | (most < groups.low[level])].tolist():
        name = "the total" if at == 0 else f"group {at}"
        fit_within(name, (int(groups.low[at]), int(groups.high[at])), _of(level, at, least, most))


def _of(level: Ints, at: int, least: Ints, most: Floats) -> tuple[int, int]:
    here = int(np.searchsorted(level, at))
    return int(least[here]), int(most[here])


def fit_within(name: str, allowed: tuple[int, int], content: tuple[int, int]) -> None:
    """Refuse bounds that what lies inside cannot keep.

    Raises
    ------
    InfeasibleAllocation
        The content's minimums exceed what is allowed, or its maximums fall short of it.
    """
    (low, high), (least, most) = allowed, content
    if least > high:
        what = f"{name} may have {high} at most, but the minimums inside need {least}"
        raise InfeasibleAllocation(what, asked=least, bound=high)
    if most < low:
        what = f"{name} must have {low} at least, but the maximums inside take {most}"
        raise InfeasibleAllocation(what, asked=low, bound=most)


def by_number(of: Ints, count: int) -> tuple[Ints, Ints]:
    """Return the order that sorts numbers below ``count``, and where each number's run ends."""
    # Short numbers are sorted by radix, several times quicker.
    order = np.argsort(of.astype(np.uint16) if count <= _SHORT else of, kind="stable")
    return order, np.cumsum(np.bincount(of, minlength=count))
