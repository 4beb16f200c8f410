"""Hours of the day in few blocks: what a platform takes that allows only some stretches a day.

Source: Fisher, "On Grouping for Maximum Homogeneity", Journal of the American Statistical
Association 53 (1958): the best split of an ordered row by dynamic programming.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Floats, Ints

_HOURS: Final = 24
_NONE: Final = 1e300


def blocks(values: Floats, weights: Floats, most: int) -> Ints:
    """Return the block of each hour, (B, 24), from 0 on, so that a day has ``most`` at most.

    Blocks are stretches of hours, from midnight; the squares of what values differ by from the mean
    of their block, by weight, are as few as can be.

    Parameters
    ----------
    values, weights
        Shape (B, 24); weights are >= 0. Where none is above 0 all weigh alike.
    most
        In [1, 24].
    """
    sums = weights.sum(axis=1, keepdims=True)
    share = np.divide(weights, sums, out=np.full(weights.shape, 1.0 / _HOURS), where=sums > 0.0)
    cost = _costs(values, share)
    best, cuts = cost[:, 0, 1:], []
    for _ in range(1, most):
        # Ends and beginnings: the row up to an hour is best, and one more block follows.
        ways = (
            np.concatenate((np.zeros((len(cost), 1)), best), axis=1)[:, :-1, None] + cost[:, :, 1:]
        )
        cuts.append(np.argmin(ways, axis=1))
        best = np.take_along_axis(ways, cuts[-1][:, None, :], axis=1)[:, 0]
    return _traced(cuts, len(values))


def _costs(values: Floats, share: Floats) -> Floats:
    """Return the cost of a block from hour ``i`` to before ``j``, (B, 24, 25); huge for none."""
    weight, first, second = (
        np.concatenate((np.zeros((len(values), 1)), np.cumsum(each, axis=1)), axis=1)
        for each in (share, share * values, share * np.square(values))
    )
    held, sums, squares = (
        each[:, None, :] - each[:, :-1, None] for each in (weight, first, second)
    )
    mean = np.divide(sums, held, out=np.zeros_like(sums), where=held > 0.0)
    start, end = np.arange(_HOURS)[:, None], np.arange(_HOURS + 1)
    return np.where(end > start, np.maximum(squares - sums * mean, 0.0), _NONE)


def _traced(cuts: list[Ints], count: int) -> Ints:
    """Return the block of each hour from where each block began."""
    begins = np.zeros((count, _HOURS), dtype=np.int64)
    end = np.full(count, _HOURS)
    rows = np.arange(count)
    for cut in reversed(cuts):
        inside = end > 0
        start = np.where(inside, cut[rows, np.maximum(end - 1, 0)], 0)
        begins[rows[inside], start[inside]] = 1
        end = start
    begins[:, 0] = 1
    return np.cumsum(begins, axis=1) - 1
