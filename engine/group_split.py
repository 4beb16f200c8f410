"""A total of a group split by given curves, and what becomes of each campaign.

A campaign whose last unit of money brings about as much as anybody's keeps its budget: what days
tell is not sharp enough to move money for so little.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.allocation import Groups, InfeasibleAllocation, allocate
from engine.arrays import Bools, Floats, Ints
from engine.curve_fitting import Fit
from engine.group_nesting import Nested
from schemas import HoldReason

GO, LATE, TOO_LITTLE, KEPT, TOO_SMALL, TOO_LARGE = range(6)
"""What becomes of a campaign: a new budget, or why it keeps the one that it has."""

HOLDS: Final = (
    None,
    HoldReason.STALE_DATA,
    HoldReason.TOO_LITTLE_DATA,
    HoldReason.WITHIN_BAND,
    HoldReason.INFEASIBLE_MINIMUM,
    HoldReason.INFEASIBLE_MAXIMUM,
)
"""The reasons of those codes, as records say them."""

BAND: Final = 0.05
"""Log distance between marginal return and price within which a budget is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A day's total over B campaigns; shapes (B,), money in minor units."""

    budget: Ints
    """The new ones; the present one of everybody who is held."""
    hold: Ints
    """A position in `HOLDS`, `GO` where the budget is new."""
    low: Ints
    high: Ints
    """How far this change may go, plans' bounds included."""
    log_price: Floats
    """Log of what a minor unit more brings, the same for all that are free to give and take; in a
    tree, for all that no bound of a group stands between."""
    total: int
    """What the budgets sum to."""
    unplaced: int
    """What is left of the total that no bound allows to place today, >= 0."""
    forced: bool
    """Whether the total was cut by more than the largest change allows."""
    fit: Fit
    wanted: int = 0
    """What would be raised without a limit on that, where there is one and it binds; else 0."""

    def only(self, rows: Ints) -> Shared:
        """Return the same for some campaigns; totals stay those of all."""
        names = ("budget", "hold", "low", "high", "log_price")
        return replace(
            self, fit=self.fit.only(rows), **{name: getattr(self, name)[rows] for name in names}
        )


def split(
    before: Shared, free: Bools, bounds: tuple[Ints, Ints], placed: int, nested: Nested | None
) -> Shared:
    """Return what the free ones have of what is placed with them, those in the band as before.

    Parameters
    ----------
    before
        Present budgets, and the curves to split by.
    free
        Shape (B,): who may be moved.
    bounds
        How low and how high each may go, shapes (B,), minor units.
    placed
        Minor units that the free ones have together, within their bounds.
    nested
        Groups inside, with bounds that can be kept.
    """
    low, high = bounds
    present = before.budget
    budget, price = _allocated(before, free, bounds, placed, nested)
    at_price = _in_band(before, free, price) & (low <= present) & (present <= high)
    others = free & ~at_price
    left = placed - int(present[at_price].sum())
    if at_price.any() and int(low[others].sum()) <= left <= int(high[others].sum()):
        # Where a group's bound needs those in the band to move, all are moved, as found first.
        with suppress(InfeasibleAllocation):
            budget, found = _allocated(before, others, bounds, left, nested)
            price = np.where(at_price, price, found)
    hold = np.where(free & (budget == present), KEPT, before.hold)
    return replace(
        before,
        budget=budget,
        hold=hold,
        low=low,
        high=high,
        log_price=price,
        total=int(budget.sum()),
    )


def _allocated(
    before: Shared, free: Bools, bounds: tuple[Ints, Ints], total: int, nested: Nested | None
) -> tuple[Ints, Floats]:
    """Return budgets with a total split among the free ones, and the log price of money of each."""
    at, budget = np.flatnonzero(free), before.budget.copy()
    price = np.zeros(len(free))
    groups: Groups | None = None if nested is None else nested.over(free, budget)
    if not at.size:
        return budget, price
    found = allocate(before.fit.curves().of(at), bounds[0][at], bounds[1][at], total, groups)
    budget[at], price[at] = found.units, found.log_price
    return budget, price


def _in_band(before: Shared, free: Bools, price: Floats) -> Bools:
    """Return which of the free ones' last units of money bring about as much as the price."""
    at, found = np.flatnonzero(free), np.zeros(len(free), dtype=np.bool_)
    marginal = before.fit.curves().of(at).log_marginal(before.budget[at].astype(np.float64))
    found[at] = np.abs(marginal - price[at]) <= BAND
    return found
