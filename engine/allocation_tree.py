"""Totals of groups inside groups: which bounds of theirs bind, and the price of money in each.

All campaigns share one price unless a group's bound stands between them. Under a common price the
topmost groups that ask for more than they may have, or for less than they must have, are held at
that bound; each is then a whole of its own with its own price, and the same is asked inside it.

Sources: Hochbaum, "Lower and Upper Bounds for the Allocation Problem and Other Nonlinear
Optimization Problems", Mathematics of Operations Research 19 (1994); Federgruen and Groenevelt,
Operations Research 34 (1986), for allocations under nested bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.allocation_groups import Groups, Runs, runs_of
from engine.allocation_told import KnownDemand, nothing_told, step_of
from engine.arrays import Bools, Floats, Ints, blocks
from engine.demand import Demand

_TURNS: Final = 120
"""Steps after which prices are taken as they are; a dozen do where demand does not jump."""

_WIDEST: Final = 3.0
"""Most that a price moves in the first step, natural log; twice as much in the second, ..."""

_BEYOND: Final = 0.5
"""Most of a step that a price moves beyond where Newton's method takes it."""

_LARGE: Final = 1_000
"""Campaigns from which on a pool's price is found as quickly by itself, where its units are."""

_CLOSE: Final = 0.1
"""Units of money per root of a pool's campaigns: rounding leaves more than that anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Groups that are held at a bound, and the first: the wholes that share one price each."""

    head: Ints
    """Shape (G,): the group that heads the pool of each group."""
    total: Ints
    """Shape (G,): what a pool has; of heads only."""
    log_price: Floats
    """Shape (G,): of the pool of each group, about."""


def pools_of(
    demand: Demand, groups: Groups, bounds: tuple[Ints, Ints], total: int, log_price: float
) -> Pools:
    """Return the pools of a tree whose bounds ``(least, most)`` are tightened to its content.

    Campaigns of each group lie side by side, as by `Groups.side_by_side`.
    """
    search = _Search(demand, groups, bounds, log_price)
    search.total[0] = total
    heads = np.array([0])
    while heads.size:
        ended = search.at_an_end(heads)
        settled, open_ = heads[ended], heads[~ended]
        heads = search.hold_all(settled)
        open_ = open_[search.sought[open_]]
        if open_.size:
            heads = np.concatenate((heads, search.hold(open_, search.clear(open_))))
    return Pools(
        head=search.head,
        total=search.total,
        log_price=search.log_price[search.head],
    )


def asked_at(demand: Demand, groups: Groups, bounds: tuple[Ints, Ints], log_price: float) -> float:
    """Return what all campaigns together ask for at one price, kept to their groups' bounds.

    Campaigns of each group lie side by side, as by `Groups.side_by_side`.
    """
    search = _Search(demand, groups, bounds, log_price)
    return float(search.asked(search.blocks)[0][0])


@dataclass(frozen=True, slots=True)
class _Block:
    """Some campaigns side by side; few enough to stay in the processor's cache."""

    demand: Demand
    runs: Runs


def _blocks(demand: Demand, of: Ints) -> list[_Block]:
    return [_Block(demand.of(rows), runs_of(of[rows])) for rows in blocks(len(of))]


class _Search:
    """The pools found so far."""

    def __init__(
        self, demand: Demand, groups: Groups, bounds: tuple[Ints, Ints], log_price: float
    ) -> None:
        count = len(groups.parent)
        self.demand, self.groups, self.bounds = demand, groups, bounds
        self.levels, self.blocks = groups.levels(), _blocks(demand, groups.of)
        self.head = np.zeros(count, dtype=np.int64)
        self.total = np.zeros(count, dtype=np.int64)
        self.log_price = np.full(count, log_price)
        members = groups.sums(np.ones(len(groups.of), dtype=np.int64))
        self.close = _CLOSE * np.sqrt(members + 4.0)
        self.content = self._content()
        self.large = members >= _LARGE
        self.sought = np.isin(np.arange(count), groups.parent) | ~self.large

    def clear(self, heads: Ints) -> KnownDemand:
        """Find the prices of new pools, as closely as it takes to tell which groups they hold."""
        told = nothing_told(self.content)
        for turn in range(1, _TURNS):
            inside, price = self._among(heads), self.log_price[self.head]
            said = self.asked(self._blocks_of(heads))
            over = (said[0] - self.total)[self.head], self.close[self.head]
            told = told.hear(inside, over, price, said)
            open_ = told.open()
            if self.large[heads].any():
                open_ &= ~self.large | self._in_doubt(told)
            heads = heads[open_[heads]]
            if not heads.size:
                break
            self._move(heads, told, turn * _WIDEST)
        return told

    def _in_doubt(self, told: KnownDemand) -> Bools:
        """Return which pools hold groups or not by where between its ends their price lies."""
        least, most = self.bounds
        doubt = (told.least <= most) & (most < told.most)
        doubt |= (told.least < least) & (least <= told.most)
        doubt[self.head == np.arange(len(self.head))] = False
        pools = np.zeros(len(self.head), dtype=np.bool_)
        pools[self.head[doubt]] = True
        return pools

    def _move(self, heads: Ints, told: KnownDemand, widest: float) -> None:
        """Move prices by Newton's method; of large pools a little beyond where it takes them.

        An error becomes its square, about; with the right price in between, so do its ends' too.
        """
        step = step_of(told.asked[heads], self.total[heads], told.fall[heads], widest)
        beyond = np.where(self.large[heads], np.minimum(np.abs(step), _BEYOND), 0.0)
        wanted = self.log_price[heads] + step * (1.0 + beyond)
        low, high = told.low[heads], told.high[heads]
        within = (low < wanted) & (wanted < high)
        self.log_price[heads] = np.where(within, wanted, 0.5 * (low + high))

    def _blocks_of(self, heads: Ints) -> list[_Block]:
        """Return the campaigns of pools, perhaps with some others."""
        inside = self._among(heads)
        return [block for block in self.blocks if inside[block.runs.groups].any()]

    def hold(self, heads: Ints, told: KnownDemand) -> Ints:
        """Hold the topmost groups of pools that ask for what they may not have; return these."""
        least, most = self.bounds
        inside = self._among(heads)
        outside = inside & ((told.least > most) | (told.most < least))
        outside[heads] = False
        held = self._head(outside, np.where(told.least > most, most, least))
        step = step_of(told.asked[held], self.total[held], told.fall[held], _WIDEST)
        self.log_price[held] += step
        return held

    def hold_all(self, heads: Ints) -> Ints:
        """Hold the groups right inside pools whose content is at an end of its range."""
        _, most = self.content
        parent = self.groups.parent
        within = np.isin(parent, heads)
        full = self.total[parent] == most[parent]
        return self._head(within, np.where(full, self.bounds[1], self.bounds[0]))

    def at_an_end(self, heads: Ints) -> Bools:
        """Return which pools leave no choice: all inside is at its least, or all at its most."""
        least, most = self.content
        total = self.total[heads]
        return np.asarray((total == least[heads]) | (total == most[heads]))

    def _head(self, which: Bools, totals: Ints) -> Ints:
        """Let the topmost of some groups head pools of their own; return these."""
        new = np.zeros(len(self.head), dtype=np.bool_)
        covered = np.zeros(len(self.head), dtype=np.bool_)
        head = self.head.copy()
        for level in reversed(self.levels):
            above = self.groups.parent[level]
            covered[level] = covered[above]
            new[level] = which[level] & ~covered[above]
            covered[level] |= new[level]
            head[level] = np.where(
                new[level], level, np.where(covered[above], head[above], self.head[level])
            )
        at = np.flatnonzero(new)
        self.total[at] = totals[at]
        self.log_price[at] = self.log_price[self.head[at]]
        self.head = head
        return at

    def _among(self, heads: Ints) -> Bools:
        chosen = np.zeros(len(self.head), dtype=np.bool_)
        chosen[heads] = True
        return np.asarray(chosen[self.head])

    def _content(self) -> tuple[Floats, Floats]:
        """Return the least and the most of what lies inside each group, its own bounds aside."""
        groups = self.groups
        contents = []
        for own, inner in zip((self.demand.low, self.demand.high), self.bounds, strict=True):
            content = np.zeros(len(groups.parent))
            runs = runs_of(groups.of)
            content[runs.groups] = runs.sums(own)
            np.add.at(content, groups.parent[1:], inner[1:])
            contents.append(content)
        return contents[0], contents[1]

    def asked(self, some: list[_Block]) -> tuple[Floats, Floats]:
        """Return what groups of ``some`` ask for at pools' prices, and how quickly that falls."""
        groups, (least, most) = self.groups, self.bounds
        price = self.log_price[self.head]
        asked, fall = np.zeros(len(price)), np.zeros(len(price))
        for block in some:
            spend = block.demand.at(block.runs.each(price))
            asked[block.runs.groups] += block.runs.sums(spend)
            fall[block.runs.groups] += block.runs.sums(block.demand.fall(spend))
        for level in self.levels:
            free = (asked[level] > least[level]) & (asked[level] < most[level])
            own = self.head[level] != level
            up = np.clip(asked[level], least[level], most[level])
            np.add.at(asked, groups.parent[level], np.where(own, up, 0.0))
            np.add.at(fall, groups.parent[level], np.where(own & free, fall[level], 0.0))
        return asked, fall
