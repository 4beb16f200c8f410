"""Exact splits: whole minor units that sum to their total and keep their bounds."""

from __future__ import annotations

import numpy as np

from engine.arrays import Bools, Floats, Ints


def spread(totals: Ints, weights: Floats, low: Ints, high: Ints) -> Ints:
    """Split each total in proportion to weights, within bounds, to the last unit.

    Parameters
    ----------
    totals
        Shape (B,), minor units, ``low.sum(1) <= totals <= high.sum(1)``.
    weights
        Shape (B, N), >= 0; where a weight is 0 the part is ``low``, and ``high == low``.
    low, high
        Shape (B, N), minor units, ``0 <= low <= high``.

    Returns
    -------
    Shape (B, N), minor units; each row sums to its total exactly. Without rounding the
    part is ``clip(scale * weight, low, high)`` with one scale per row (water-filling);
    it is rounded to a neighbouring whole number by largest remainder, earlier parts first.

    Source: Bitran and Hax, "Disaggregation and Resource Allocation Using Convex Knapsack
    Problems with Bounded Variables", Management Science 27 (1981).
    """
    exact = _fill(totals, weights, low, high)
    parts = np.clip(np.floor(exact).astype(np.int64), low, high)
    return _settled(parts, exact, totals, (low, high))


def _fill(totals: Ints, weights: Floats, low: Ints, high: Ints) -> Floats:
    """Return the water-filled parts, unrounded: one scale per row, clipped to the bounds."""
    parts = np.where(weights > 0.0, 0.0, low)
    free = weights > 0.0
    rows = np.arange(len(totals))
    while rows.size:
        here = free[rows]
        wanted = _proportional(totals[rows], parts[rows], weights[rows], here)
        above = here & (wanted > high[rows])
        below = here & (wanted < low[rows])
        too_much = np.where(above, wanted - high[rows], 0.0).sum(axis=1)
        too_little = np.where(below, low[rows] - wanted, 0.0).sum(axis=1)
        fix = np.where((too_much >= too_little)[:, None], above, below)
        open_ = fix.any(axis=1)
        parts[rows] = np.where(here, wanted, parts[rows])
        parts[rows] = np.where(
            fix & above, high[rows], np.where(fix & below, low[rows], parts[rows])
        )
        free[rows] = here & ~fix
        rows = rows[open_]
    return parts


def _proportional(totals: Ints, parts: Floats, weights: Floats, free: Bools) -> Floats:
    rest = totals - np.where(free, 0.0, parts).sum(axis=1)
    shares = np.where(free, weights, 0.0)
    weight = shares.sum(axis=1)
    # Divided first: the least weights there are would make the scale overflow.
    parts = np.divide(shares, weight[:, None], out=shares, where=weight[:, None] > 0.0)
    return np.asarray(parts * rest[:, None])


def _settled(parts: Ints, exact: Floats, totals: Ints, bounds: tuple[Ints, Ints]) -> Ints:
    """Return parts moved by single units, largest remainders first, until rows have their sums."""
    low, high = bounds
    missing = totals - parts.sum(axis=1)
    rows = np.flatnonzero(missing)
    while rows.size:
        up = missing[rows] > 0
        here = parts[rows]
        room = np.where(up[:, None], here < high[rows], here > low[rows])
        urgency = np.where(up[:, None], exact[rows] - here, here - exact[rows])
        order = np.argsort(np.where(room, -urgency, np.inf), axis=1, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.arange(order.shape[1])[None, :], axis=1)
        moves = room & (rank < np.abs(missing[rows])[:, None])
        parts[rows] = here + np.where(moves, np.where(up, 1, -1)[:, None], 0)
        missing = totals - parts.sum(axis=1)
        rows = rows[missing[rows] != 0]
    return parts
