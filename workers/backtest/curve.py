"""What a campaign's spend and value answer to another multiplier on its bids.

Auctions whose values and prices are log-normal, won where multiplier times value exceeds the price
and paid at that price: then the multiplier that an auction needs is log-normal, too, and

    spend(u) = everything * N((u - middle) / width)

with ``u`` the log of the multiplier against the usual one and N the normal distribution. An
auction that needs the multiplier m is worth its price over m, so the value is the integral of
d spend / m, which is of the same form, with the middle moved by width squared: each hour buys
first what is worth most for its money.

Source: Zhang, Yuan and Wang, "Optimal Real-Time Bidding for Display Advertising", KDD 2014, for
winning as a function of the bid; the log-normal form is an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats
from workers.backtest.normal import from_log_below, from_slope, log_below, slope

BOUGHT: Final = (0.005, 0.8)
"""Shares of all that is for sale between which the usual multiplier buys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Curves of R campaigns; shapes (R,)."""

    width: Floats
    """Standard deviation of the log of the multiplier that money needs, > 0."""
    usual: Floats
    """Where the usual multiplier lies, in standard deviations."""

    def log_spend(self, u: Floats) -> Floats:
        """Return the log of spend at ``u`` (R,) over spend at the usual multiplier."""
        return log_below(self.usual + u / self.width) - log_below(self.usual)

    def log_value(self, u: Floats) -> Floats:
        """Return the log of value at ``u`` over spend at the usual multiplier.

        Money spent on an auction that needs the multiplier m brings 1 / m.
        """
        middle = -self.usual * self.width
        level = 0.5 * self.width**2 - middle
        return level + log_below(self.usual + u / self.width + self.width) - log_below(self.usual)

    def spending(self, log_spend: Floats) -> Floats:
        """Return the ``u`` (R, ...) at which spend is so much; the highest where it cannot be."""
        extra = (slice(None), *[None] * (log_spend.ndim - 1))
        usual, width = self.usual[extra], self.width[extra]
        return np.asarray(width * (from_log_below(log_spend + log_below(usual)) - usual))

    @property
    def log_everything(self) -> Floats:
        """Log of what everything would cost over spend at the usual multiplier."""
        return -log_below(self.usual)


def curve_of(elasticity: Floats, width: Floats) -> Curve:
    """Return the curves with this elasticity of spend at the usual multiplier.

    The two say which share of all that is for sale the usual multiplier buys. Where that were
    outside of `BOUGHT`, it is the nearest within, and the width gives way.

    Parameters
    ----------
    elasticity
        Shape (R,), > 0: d log spend / d log multiplier.
    width
        Shape (R,), > 0: standard deviation of the log of the multiplier that money needs.
    """
    least, most = from_log_below(np.log(np.array(BOUGHT)))
    usual = np.clip(from_slope(elasticity * width), least, most)
    return Curve(width=slope(usual) / elasticity, usual=usual)
