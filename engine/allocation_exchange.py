"""One unit from a campaign to another: while some such exchange gains, an allocation can be better.

Where curves are concave the reverse holds too: an allocation in whole units that no exchange
improves is the best there is, groups inside groups included.

Source: Murota, "Discrete Convex Analysis" (SIAM, 2003), theorem 6.26: local optimality under single
exchanges is global for M-convex functions, of which these are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.allocation_groups import Groups, by_number, runs_of
from engine.arrays import Floats, Ints
from engine.curves import Curves


@dataclass(frozen=True, slots=True)
class Exchange:
    """The most that moving one unit brings."""

    gain: float
    giver: int
    taker: int


def best_exchange(
    curves: Curves, units: Ints, bounds: tuple[Ints, Ints], groups: Groups | None = None
) -> Exchange:
    """Return the best move of one unit that keeps all bounds; its gain may be below zero.

    Parameters
    ----------
    units
        Shape (B,), whole units; bounds, of campaigns and of ``groups``, hold.
    bounds
        Least and most of each campaign, shapes (B,).
    """
    low, high = bounds
    one = np.broadcast_to(1.0, units.shape)
    spend = units.astype(np.float64)
    taken = curves.gain(spend, one)
    taken[units >= high] = -np.inf
    spend -= 1.0
    given = curves.gain(np.maximum(spend, 0.0, out=spend), one)
    np.negative(given, out=given)
    given[units <= low] = -np.inf
    if groups is None:
        taker, giver = int(np.argmax(taken)), int(np.argmax(given))
        return Exchange(float(taken[taker] + given[giver]), giver, taker)
    return _within(groups, units, taken, given)


def improved(
    curves: Curves, units: Ints, bounds: tuple[Ints, Ints], groups: Groups, most_moves: int
) -> Ints:
    """Return units after the best exchanges, one after the other, while they gain."""
    units = units.copy()
    for _ in range(most_moves):
        move = best_exchange(curves, units, bounds, groups)
        if not move.gain > 0.0:
            break
        units[move.giver] -= 1
        units[move.taker] += 1
    return units


def _within(groups: Groups, units: Ints, taken: Floats, given: Floats) -> Exchange:
    """Return the best exchange of which no group's bound is in the way.

    ``given`` is what giving a unit brings, below zero. From the leaves up, each group tells its
    best taker and its best giver; a group that is full tells no taker to the one above, and one at
    its minimum no giver. A group that joins the two sees the exchange.
    """
    sums = groups.sums(units)
    best = _best_of_own(groups, (taken, given))
    at = np.tile(np.arange(len(sums)), (2, 1))
    for level in groups.levels():
        free = np.stack((sums[level] < groups.high[level], sums[level] > groups.low[level]))
        worth = np.where(free, best[:, level], -np.inf)
        for side in (0, 1):
            _raise(best[side], at[side], groups.parent[level], worth[side], at[side][level])
    joins = int(np.argmax(best[0] + best[1]))
    taker, giver = (
        int(np.flatnonzero((groups.of == at[side][joins]) & (worth == best[side][joins]))[0])
        if np.isfinite(best[side][joins])
        else 0
        for side, worth in enumerate((taken, given))
    )
    return Exchange(float(best[0][joins] + best[1][joins]), giver, taker)


def _best_of_own(groups: Groups, worth: tuple[Floats, Floats]) -> Floats:
    """Return the largest of each of ``worth``, (B,), among each group's campaigns; (2, G)."""
    best = np.full((2, len(groups.parent)), -np.inf)
    if not groups.in_order():
        order, _ = by_number(groups.of, len(groups.parent))
        groups = replace(groups, of=groups.of[order])
        worth = worth[0][order], worth[1][order]
    runs = runs_of(groups.of)
    for side in (0, 1):
        if len(runs.begins):
            best[side, runs.groups] = np.maximum.reduceat(worth[side], runs.begins)
    return best


def _raise(best: Floats, at: Ints, parents: Ints, worth: Floats, who: Ints) -> None:
    """Let groups tell those above them of what is better than they know."""
    order = np.argsort(worth, kind="stable")
    parents, worth, who = parents[order], worth[order], who[order]
    better = worth > best[parents]
    best[parents[better]] = worth[better]
    at[parents[better]] = who[better]
