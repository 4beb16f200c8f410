"""The best purchase of hindsight, auction by auction."""

from __future__ import annotations

import numpy as np

from engine.arrays import Floats


def knapsack(value: Floats, price: Floats, money: float) -> tuple[float, float]:
    """Return the value of the best purchase, and the multiplier that makes it.

    Parameters
    ----------
    value, price
        Shape (N,), by price over value from the lowest: what is worth most for its money first. The
        last one bought may be bought in part.
    money
        What it may cost, the unit of ``price``.
    """
    paid = np.cumsum(price)
    bought = int(np.searchsorted(paid, money, side="right"))
    worth = float(value[:bought].sum())
    if bought == len(price):
        return worth, float(price[-1] / value[-1])
    before = float(paid[bought - 1]) if bought else 0.0
    worth += float(value[bought]) * (money - before) / float(price[bought])
    return worth, float(price[bought] / value[bought])
