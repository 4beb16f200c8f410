"""What campaigns buy at a price of money: the spends whose last unit is worth just that.

Between bounds a campaign's best spend falls as the price rises. Where its curve bends upwards first
(an S), that spend jumps: the least concave curve above it runs straight from the least spend to a
point of the upper part, and at the price of that line both ends are as good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints, picked
from engine.curve_families import FAMILIES, HILL
from engine.curves import Curves

_HALVINGS: Final = 40

Prices = float | Floats
"""Log of the value of a unit of money: one for all campaigns, or one each, shape (B,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jumps:
    """The campaigns whose curves bend upwards within their bounds, J of them."""

    at: Ints
    """Shape (J,): which campaigns."""
    low: Floats
    """Spend below the jump: the least that is allowed."""
    high: Floats
    """Spend above the jump."""
    log_price: Floats
    """Log of the value per unit of the line between them."""

    def of(self, at: Ints | slice) -> Jumps | None:
        """Return the jumps of some campaigns, of these by their new positions."""
        if isinstance(at, slice):
            kept = (self.at >= at.start) & (self.at < at.stop)
            new = self.at - at.start
        else:
            kept, new = np.isin(self.at, at), np.searchsorted(at, self.at)
        if not np.any(kept):
            return None
        return Jumps(
            at=new[kept],
            low=self.low[kept],
            high=self.high[kept],
            log_price=self.log_price[kept],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """B campaigns' curves within bounds; shapes (B,)."""

    curves: Curves
    low: Floats
    high: Floats
    log_reference: Floats
    jumps: Jumps | None

    def at(self, log_price: Prices) -> Floats:
        """Return the best spends at a log price, or at one each; at a jump's price the lower."""
        spend = self.curves.spend_at(self.log_reference - log_price)
        np.minimum(np.maximum(spend, self.low, out=spend), self.high, out=spend)
        if self.jumps is None:
            return spend
        at = self.jumps.at
        asked = log_price[at] if isinstance(log_price, np.ndarray) else log_price
        above = np.maximum(spend[at], self.jumps.high)
        spend[at] = np.where(asked < self.jumps.log_price, above, self.jumps.low)
        return spend

    def fall(self, spend: Floats) -> Floats:
        """Return by how much the spends fall for a rise of the log price by one."""
        free = (spend > self.low) & (spend < self.high)
        return self.curves.fall(spend) * free

    def of(self, at: Ints | slice) -> Demand:
        """Return what some of the campaigns buy, given by position and rising."""
        return Demand(
            curves=self.curves.of(at),
            low=picked(self.low, at),
            high=picked(self.high, at),
            log_reference=picked(self.log_reference, at),
            jumps=None if self.jumps is None else self.jumps.of(at),
        )


def demand_of(curves: Curves, low: Ints, high: Ints) -> Demand:
    """Return what campaigns buy within bounds, ``0 <= low <= high``, whole units."""
    least, most = low.astype(np.float64), high.astype(np.float64)
    return Demand(
        curves=curves,
        low=least,
        high=most,
        log_reference=curves.log_reference(),
        jumps=_jumps(curves, least, most),
    )


def _jumps(curves: Curves, low: Floats, high: Floats) -> Jumps | None:
    if all(part.family is not FAMILIES[HILL] for part in curves.parts):
        return None
    at = np.flatnonzero((curves.family == HILL) & (curves.exponent > 1.0) & (high > low))
    if not at.size:
        return None
    some = curves.of(at)
    bend = some.half * ((some.exponent - 1.0) / (some.exponent + 1.0)) ** (1.0 / some.exponent)
    inside = np.flatnonzero(low[at] < bend)
    at, some, bend = at[inside], some.of(inside), bend[inside]
    if not at.size:
        return None
    low, high = low[at], high[at]
    top = _tangent(some, low, high, bend)
    slope = some.gain(low, top - low) / (top - low)
    with np.errstate(divide="ignore"):
        return Jumps(at=at, low=low, high=top, log_price=np.log(slope))


def _tangent(curves: Curves, low: Floats, high: Floats, bend: Floats) -> Floats:
    """Return where the line from the lower bound touches the upper part, or the upper bound."""
    near, far = np.minimum(bend, high), high.copy()

    def still_steeper(spend: Floats) -> Bools:
        line = curves.gain(low, spend - low)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.exp(curves.log_marginal(spend)) * (spend - low) > line

    near = np.where(still_steeper(far), far, near)
    for _ in range(_HALVINGS):
        middle = 0.5 * (near + far)
        steeper = still_steeper(middle)
        near, far = np.where(steeper, middle, near), np.where(steeper, far, middle)
    return 0.5 * (near + far)
