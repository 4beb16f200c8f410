"""A total shared out among campaigns so that no other split brings more.

Where every curve is concave, all campaigns that can take or give end with the same marginal
return, the price of money, and the split in whole units is the best there is. Curves that bend
upwards first make it a problem of choice: bounds from above and splits from below are narrowed by
branching until they meet, or until it stops paying; the certificate says how far apart they are.

Sources: Gross, "A Class of Discrete-Type Minimization Problems" (RAND, 1956), for whole units;
Everett, Operations Research 11 (1963), for the price; Land and Doig, Econometrica 28 (1960), for
branching.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.allocation_branching import best_split
from engine.allocation_groups import Groups, InfeasibleAllocation
from engine.arrays import Floats, Ints, picked
from engine.curves import Curves

__all__ = ["Allocation", "Groups", "InfeasibleAllocation", "allocate"]

_NOTHING: Final = 1e-280
"""Value that cannot be told from none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """A total in whole units over B campaigns, and the proof of how good it is."""

    units: Ints
    """Shape (B,); sums to the total exactly and keeps every bound."""
    log_price: Floats
    """Shape (B,): log of the value of a unit more, in the campaign's pool of money."""
    value: float
    """What the curves expect it to bring."""
    bound: float
    """What no split within the bounds exceeds (Lagrange's dual)."""

    @property
    def gap(self) -> float:
        """How far the best split can be above this one, as a share of the bound, >= 0."""
        if self.bound <= _NOTHING:
            return 0.0
        return max(self.bound - self.value, 0.0) / self.bound


def allocate(
    curves: Curves, low: Ints, high: Ints, total: int, groups: Groups | None = None
) -> Allocation:
    """Share out a total for the most value.

    Parameters
    ----------
    curves
        Of B campaigns, as functions of spend in minor units.
    low, high
        Shape (B,), minor units, ``0 <= low <= high``; equal where a campaign's budget is fixed.
    total
        Minor units, >= 0.
    groups
        Groups with bounds of their own, a tree; the first is the whole, its bounds hold the total.

    Raises
    ------
    InfeasibleAllocation
        Bounds cross, or the total is below the minimums or above the maximums; says where.
    """
    low, high = np.asarray(low, dtype=np.int64), np.asarray(high, dtype=np.int64)
    _check(curves, low, high)
    if groups is None:
        return _answer(curves, (low, high), total, None)
    order, ordered = groups.side_by_side()
    bounds = picked(low, order), picked(high, order)
    found = _answer(curves.of(order), bounds, total, ordered)
    units, log_price = np.empty_like(found.units), np.empty_like(found.log_price)
    units[order], log_price[order] = found.units, found.log_price
    return replace(found, units=units, log_price=log_price)


def _answer(
    curves: Curves, bounds: tuple[Ints, Ints], total: int, groups: Groups | None
) -> Allocation:
    # Spends at a price of next to nothing are infinite, and cut to their bounds.
    with np.errstate(over="ignore"):
        found = best_split(curves, bounds, total, groups)
    return Allocation(
        units=found.units, log_price=found.log_price, value=found.value, bound=found.bound
    )


def _check(curves: Curves, low: Ints, high: Ints) -> None:
    if not len(curves) == len(low) == len(high):
        what = f"{len(curves)} curves need as many bounds, had {len(low)} and {len(high)}"
        raise InfeasibleAllocation(what, asked=len(curves), bound=len(low))
    wrong = (low < 0) | (low > high)
    if wrong.any():
        at = int(np.argmax(wrong))
        what = f"campaign {at} has a minimum of {low[at]} and a maximum of {high[at]}"
        raise InfeasibleAllocation(what, asked=int(low[at]), bound=int(high[at]))
