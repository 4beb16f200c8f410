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

from engine.allocation_groups import Groups
from engine.arrays import Bools, Floats, Ints
from engine.demand import Demand

_TURNS: Final = 60
_WIDEST: Final = 3.0
_LARGEST: Final = 690.0
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
    """Return the pools of a tree whose bounds ``(least, most)`` are tightened to its content."""
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
    """Return what all campaigns together ask for at one price, kept to their groups' bounds."""
    asked, _ = _Search(demand, groups, bounds, log_price).asked(demand, groups.of)
    return float(asked[0])


class _Search:
    """The pools found so far."""

    def __init__(
        self, demand: Demand, groups: Groups, bounds: tuple[Ints, Ints], log_price: float
    ) -> None:
        count = len(groups.parent)
        self.demand, self.groups, self.bounds = demand, groups, bounds
        self.levels = groups.levels()
        self.head = np.zeros(count, dtype=np.int64)
        self.total = np.zeros(count, dtype=np.int64)
        self.log_price = np.full(count, log_price)
        members = groups.sums(np.ones(len(groups.of), dtype=np.int64))
        self.close = _CLOSE * np.sqrt(members + 4.0)
        self.content = self._content()

    def clear(self, heads: Ints) -> Floats:
        """Find the prices of new pools; return what groups ask for at them."""
        rows = np.flatnonzero(self._among(heads)[self.groups.of])
        demand = self.demand if len(rows) == len(self.groups.of) else self.demand.of(rows)
        of = self.groups.of[rows]
        bracket = (np.full(len(heads), -_LARGEST), np.full(len(heads), _LARGEST))
        asked, fall = self.asked(demand, of)
        for _ in range(_TURNS):
            over = asked[heads] - self.total[heads]
            low, high = bracket
            if np.all(
                (np.abs(over) <= self.close[heads]) | (high - low <= 1e-13 * (1.0 + np.abs(high)))
            ):
                break
            price = self.log_price[heads]
            bracket = np.where(over > 0, price, low), np.where(over < 0, price, high)
            self.log_price[heads] = self._next(heads, asked, fall, bracket)
            asked, fall = self.asked(demand, of)
        return asked

    def hold(self, heads: Ints, asked: Floats) -> Ints:
        """Hold the topmost groups of pools that ask for what they may not have; return these."""
        least, most = self.bounds
        inside = self._among(heads)
        outside = inside & ((asked > most) | (asked < least))
        outside[heads] = False
        return self._head(outside, np.where(asked > most, most, least))

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
            content = _summed(groups.of, own, len(groups.parent))
            np.add.at(content, groups.parent[1:], inner[1:])
            contents.append(content)
        return contents[0], contents[1]

    def asked(self, demand: Demand, of: Ints) -> tuple[Floats, Floats]:
        """Return what groups ask for at the pools' prices, and how quickly that falls with them."""
        groups, (least, most) = self.groups, self.bounds
        spend = demand.at(self.log_price[self.head][of])
        count = len(groups.parent)
        asked = _summed(of, spend, count)
        fall = _summed(of, demand.fall(spend), count)
        for level in self.levels:
            free = (asked[level] > least[level]) & (asked[level] < most[level])
            own = self.head[level] != level
            up = np.clip(asked[level], least[level], most[level])
            np.add.at(asked, groups.parent[level], np.where(own, up, 0.0))
            np.add.at(fall, groups.parent[level], np.where(own & free, fall[level], 0.0))
        return asked, fall

    def _next(
        self, heads: Ints, asked: Floats, fall: Floats, bracket: tuple[Floats, Floats]
    ) -> Floats:
        low, high = bracket
        price = self.log_price[heads]
        bought, total = np.maximum(asked[heads], _LEAST), np.maximum(self.total[heads], _LEAST)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            step = np.log(bought / total) * bought / fall[heads]
        step = np.where(fall[heads] > 0.0, step, np.where(bought > total, np.inf, -np.inf))
        wanted = price + np.clip(step, -_WIDEST, _WIDEST)
        within = (low < wanted) & (wanted < high)
        done = np.abs(asked[heads] - self.total[heads]) <= self.close[heads]
        return np.asarray(np.where(done, price, np.where(within, wanted, 0.5 * (low + high))))


def _summed(of: Ints, amounts: Floats, groups: int) -> Floats:
    return np.bincount(of, amounts, groups).astype(np.float64, copy=False)
