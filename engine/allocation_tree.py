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
from engine.arrays import Bools, Floats, Ints
from engine.demand import Demand

_ROWS: Final = 16_384
"""Campaigns of a block: what is reckoned of them stays in the processor's cache."""

_TURNS: Final = 120
"""Steps after which prices are taken as they are; a dozen do where demand does not jump."""

_WIDEST: Final = 3.0
"""Most that a price moves in the first step, natural log; twice as much in the second, ..."""

_LARGEST: Final = 690.0
"""Log price beyond which, either way, nothing can be told from none and from all."""

_LEAST: Final = 1e-300

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

    Campaigns are in the order of their groups.
    """
    search = _Search(demand, groups, bounds, log_price)
    search.total[0] = total
    heads = np.array([0])
    while heads.size:
        ended = search.at_an_end(heads)
        settled, open_ = heads[ended], heads[~ended]
        heads = search.hold_all(settled)
        if open_.size:
            heads = np.concatenate((heads, search.hold(open_, search.clear(open_))))
    return Pools(
        head=search.head,
        total=search.total,
        log_price=search.log_price[search.head],
    )


def asked_at(demand: Demand, groups: Groups, bounds: tuple[Ints, Ints], log_price: float) -> float:
    """Return what all campaigns together ask for at one price, kept to their groups' bounds.

    Campaigns are in the order of their groups.
    """
    search = _Search(demand, groups, bounds, log_price)
    return float(search.asked(search.blocks)[0][0])


@dataclass(frozen=True, slots=True)
class _Block:
    """Some campaigns side by side; few enough to stay in the processor's cache."""

    demand: Demand
    runs: Runs


def _blocks(demand: Demand, of: Ints) -> list[_Block]:
    some = (slice(begin, begin + _ROWS) for begin in range(0, len(of), _ROWS))
    return [_Block(demand.of(rows), runs_of(of[rows])) for rows in some]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What groups ask for at the prices of their pools, shapes (G,)."""

    least: Floats
    most: Floats
    """As ``least``, but where demand jumps at a price: there the campaigns may have any of it."""
    fall: Floats
    """By how much it falls for a rise of the log price by one."""


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

    def clear(self, heads: Ints) -> _Asked:
        """Find the prices of new pools; return what groups ask for at them."""
        pools = heads
        low, high = (np.full(len(self.head), end) for end in (-_LARGEST, _LARGEST))
        asked, fall = self.asked(self._blocks_of(heads))
        for turn in range(1, _TURNS):
            over = asked - self.total
            apart = high - low > 1e-13 * (1.0 + np.abs(high))
            heads = heads[((np.abs(over) > self.close) & apart)[heads]]
            if not heads.size:
                break
            price, above = self.log_price[heads], over[heads] > 0
            low[heads] = np.where(above, price, low[heads])
            high[heads] = np.where(above, high[heads], price)
            widest = turn * _WIDEST
            wanted = price + _step(asked[heads], self.total[heads], fall[heads], widest)
            within = (low[heads] < wanted) & (wanted < high[heads])
            middle = 0.5 * (low[heads] + high[heads])
            self.log_price[heads] = np.where(within, wanted, middle)
            inside, again = self._among(heads), self.asked(self._blocks_of(heads))
            asked, fall = np.where(inside, again[0], asked), np.where(inside, again[1], fall)
        jumping = pools[np.abs(asked - self.total)[pools] > self.close[pools]]
        return self._at_jumps(jumping, (low, high), _Asked(asked, asked, fall))

    def _at_jumps(self, heads: Ints, ends: tuple[Floats, Floats], asked: _Asked) -> _Asked:
        """Return what is asked for with pools whose demand jumps over their totals at a price."""
        if not heads.size:
            return asked
        inside, blocks, found = self._among(heads), self._blocks_of(heads), []
        for end in ends:
            self.log_price[heads] = end[heads]
            found.append(np.where(inside, self.asked(blocks)[0], asked.least))
        return _Asked(found[1], found[0], asked.fall)

    def _blocks_of(self, heads: Ints) -> list[_Block]:
        """Return the campaigns of pools, perhaps with some others."""
        inside = self._among(heads)
        return [block for block in self.blocks if inside[block.runs.groups].any()]

    def hold(self, heads: Ints, asked: _Asked) -> Ints:
        """Hold the topmost groups of pools that ask for what they may not have; return these."""
        least, most = self.bounds
        inside = self._among(heads)
        outside = inside & ((asked.least > most) | (asked.most < least))
        outside[heads] = False
        held = self._head(outside, np.where(asked.least > most, most, least))
        step = _step(asked.least[held], self.total[held], asked.fall[held], _WIDEST)
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

    def asked(self, blocks: list[_Block]) -> tuple[Floats, Floats]:
        """Return what groups ask for at the pools' prices, and how quickly that falls with them."""
        groups, (least, most) = self.groups, self.bounds
        price = self.log_price[self.head]
        asked, fall = np.zeros(len(price)), np.zeros(len(price))
        for block in blocks:
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


def _step(asked: Floats, total: Ints, fall: Floats, widest: float) -> Floats:
    """Return by how much a log price is to rise, by Newton's method on logarithms."""
    bought, wanted = np.maximum(asked, _LEAST), np.maximum(total, _LEAST)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        step = np.log(bought / wanted) * bought / fall
    step = np.where(fall > 0.0, step, np.where(bought > wanted, np.inf, -np.inf))
    return np.clip(step, -widest, widest)
