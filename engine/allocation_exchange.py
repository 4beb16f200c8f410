"""One unit from a campaign to another: while some such exchange gains, an allocation can be better.

Where curves are concave the reverse holds too: an allocation in whole units that no exchange
improves is the best there is, groups inside groups included.

Source: Murota, "Discrete Convex Analysis" (SIAM, 2003), theorem 6.26: local optimality under single
exchanges is global for M-convex functions, of which these are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.allocation_groups import Groups, runs_of
from engine.arrays import Floats, Ints, blocks
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
    if groups is None:
        taken, given = _worth(curves, units, bounds, slice(0, len(units)))
        taker, giver = int(np.argmax(taken)), int(np.argmax(given))
        return Exchange(float(taken[taker] + given[giver]), giver, taker)
    return _within(groups, curves, units, bounds)


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


def _worth(
    curves: Curves, units: Ints, bounds: tuple[Ints, Ints], rows: slice
) -> tuple[Floats, Floats]:
    """Return what taking a unit brings some campaigns, and giving one, which is below zero."""
    low, high, spend = bounds[0][rows], bounds[1][rows], units[rows].astype(np.float64)
    some, one = curves.of(rows), np.broadcast_to(1.0, spend.shape)
    taken = np.where(units[rows] < high, some.gain(spend, one), -np.inf)
    given = np.where(units[rows] > low, -some.gain(np.maximum(spend - 1.0, 0.0), one), -np.inf)
    return taken, given


def _within(groups: Groups, curves: Curves, units: Ints, bounds: tuple[Ints, Ints]) -> Exchange:
    """Return the best exchange of which no group's bound is in the way.

    From the leaves up, each group tells its best taker and its best giver; a group that is full
    tells no taker to the one above, and one at its minimum no giver. A group that joins the two
    sees the exchange.
    """
    sums = groups.sums(units)
    best, at = _best_of_own(groups, curves, units, bounds)
    for level in groups.levels():
        free = np.stack((sums[level] < groups.high[level], sums[level] > groups.low[level]))
        worth = np.where(free, best[:, level], -np.inf)
        for side in (0, 1):
            _raise(best[side], at[side], groups.parent[level], worth[side], at[side][level])
    joins = int(np.argmax(best[0] + best[1]))
    taker, giver = at[:, joins].tolist()
    return Exchange(float(best[0][joins] + best[1][joins]), giver, taker)


def _best_of_own(
    groups: Groups, curves: Curves, units: Ints, bounds: tuple[Ints, Ints]
) -> tuple[Floats, Ints]:
    """Return the most that a campaign of each group takes and gives a unit for, and who; (2, G)."""
    best = np.full((2, len(groups.parent)), -np.inf)
    at = np.zeros(best.shape, dtype=np.int64)
    for rows in blocks(len(units)):
        runs = runs_of(groups.of[rows])
        for side, worth in enumerate(_worth(curves, units, bounds, rows)):
            most = np.maximum.reduceat(worth, runs.begins)
            who = np.flatnonzero(worth == np.repeat(most, runs.counts))
            first = rows.start + who[np.searchsorted(who, runs.begins)]
            _raise(best[side], at[side], runs.groups, most, first)
    return best, at


def _raise(best: Floats, at: Ints, groups: Ints, worth: Floats, who: Ints) -> None:
    """Tell groups of what is better than they know."""
    order = np.argsort(worth, kind="stable")
    groups, worth, who = groups[order], worth[order], who[order]
    better = worth > best[groups]
    best[groups[better]] = worth[better]
    at[groups[better]] = who[better]
