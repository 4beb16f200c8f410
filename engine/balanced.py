"""Moves of money between the campaigns of a group that leave the group's sum as it is.

Who gives and who takes is said by coins, and by nothing that is known of the campaigns: a move is a
chance of our own making, and no demand can have caused it. Campaigns of about the same means are
opposed to each other, so that what some give the others can take, however few there are.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.rounding import spread

_HEADS: Final = 0.5


def by_chance(most: Ints, of: Ints, coins: Floats) -> Ints:
    """Return by how much each campaign is moved, (B,), minor units: half of them up, half down.

    Parameters
    ----------
    most
        Shape (B,), minor units, >= 0: how far each may be moved, the same up as down.
    of
        Shape (B,), >= 0: campaigns of one number make up for each other's moves.
    coins
        Shape (B, 2), in [0, 1): who is moved up, and whom equal means are opposed to.

    Returns
    -------
    Moves that sum to nothing over each number of ``of``. Were all coins turned, all moves would be:
    on average nobody is moved at all.
    """
    order = np.lexsort((coins[:, 1], -most, of))
    rank = _rank(of[order])
    leader = order[np.arange(len(order)) - rank % 2]
    up = (coins[leader, 0] < _HEADS) == (rank % 2 == 0)
    moves = np.zeros_like(most)
    moves[order] = balanced(np.where(up, most[order], -most[order]), of[order])
    return moves


def balanced(moves: Ints, of: Ints) -> Ints:
    """Return moves with the larger of the two sides cut, in proportion, to what the other has.

    Parameters
    ----------
    moves
        Shape (B,), minor units: what each is to have more, or less where it is below 0.
    of
        Shape (B,), >= 0: which of them are to sum to nothing. Of equal moves earlier ones are cut
        last.
    """
    after, order = moves.copy(), np.argsort(of, kind="stable")
    for inside in np.split(order, np.flatnonzero(np.diff(of[order])) + 1):
        ups, downs = (inside[sign * moves[inside] > 0] for sign in (1, -1))
        given, taken = int(moves[ups].sum()), -int(moves[downs].sum())
        larger = ups if given > taken else downs
        size = np.abs(moves[larger])[None, :]
        cut = spread(np.array([min(given, taken)]), size.astype(np.float64), 0 * size, size)
        after[larger] = np.sign(moves[larger]) * cut[0]
    return after


def _rank(of: Ints) -> Ints:
    """Return each one's place among those of its number, which lie side by side."""
    begins = np.flatnonzero(np.diff(of, prepend=-1))
    lengths = np.diff(begins, append=len(of))
    return np.arange(len(of)) - np.repeat(begins, lengths)
