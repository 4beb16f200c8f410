"""Five shapes of a response curve: what a campaign's spend brings, and back.

Every family is the same five questions, asked of arrays: the value of a spend, the value of the
next units, the marginal value, the spend at which the marginal value has fallen to a price, and how
quickly that spend falls as the price rises. All are stated so that no large numbers cancel.

Sources: Hill, "The possible effects of the aggregation of the molecules of haemoglobin", Journal
of Physiology 40 (1910), whose exponent of one is Michaelis and Menten's curve; Jin, Wang, Sun, Chan
and Koehler, "Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects" (2017),
for their use in advertising.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.curve_family import Coefficients, Family
from engine.hill_curves import Hill


class Power:
    """``scale * spend ** exponent``."""

    def value(self, of: Coefficients, spend: Floats) -> Floats:
        """Return what a spend brings."""
        return np.asarray(of.scale * spend**of.exponent)

    def gain(self, of: Coefficients, spend: Floats, more: Floats) -> Floats:
        """Return what ``more`` brings on top of ``spend``."""
        none = spend == 0.0
        if not none.any():
            grown = np.expm1(of.exponent * np.log1p(more / spend))
            return np.asarray(of.scale * (spend**of.exponent * grown))
        some = np.where(none, 1.0, spend)
        gain = some**of.exponent * np.expm1(of.exponent * np.log1p(more / some))
        return of.scale * np.where(none, more**of.exponent, gain)

    def log_marginal(self, of: Coefficients, spend: Floats) -> Floats:
        """Return the log of the value of a unit more."""
        return np.log(of.scale * of.exponent) + (of.exponent - 1.0) * np.log(spend)

    def log_reference(self, of: Coefficients) -> Floats:
        """Return the log price that ``spend_at`` is asked against: that of the first unit."""
        return np.log(of.scale * of.exponent)

    def spend_at(self, of: Coefficients, below: Floats) -> Floats:
        """Return the spend whose marginal value is a price."""
        return np.exp(below / (1.0 - of.exponent))

    def fall(self, of: Coefficients, spend: Floats) -> Floats:
        """Return by how much that spend falls for a rise of the log price by one."""
        return spend / (1.0 - of.exponent)


class Logarithm:
    """``scale * log(1 + spend / half)``."""

    def value(self, of: Coefficients, spend: Floats) -> Floats:
        """Return what a spend brings."""
        return of.scale * np.log1p(spend / of.half)

    def gain(self, of: Coefficients, spend: Floats, more: Floats) -> Floats:
        """Return what ``more`` brings on top of ``spend``."""
        return of.scale * np.log1p(more / (of.half + spend))

    def log_marginal(self, of: Coefficients, spend: Floats) -> Floats:
        """Return the log of the value of a unit more."""
        return np.log(of.scale / (of.half + spend))

    def log_reference(self, of: Coefficients) -> Floats:
        """Return the log price that ``spend_at`` is asked against."""
        return np.log(of.scale)

    def spend_at(self, of: Coefficients, below: Floats) -> Floats:
        """Return the spend whose marginal value is a price; may be negative."""
        return np.exp(below) - of.half

    def fall(self, of: Coefficients, spend: Floats) -> Floats:
        """Return by how much that spend falls for a rise of the log price by one."""
        return spend + of.half


class Exponential:
    """``scale * (1 - exp(-spend / half))``."""

    def value(self, of: Coefficients, spend: Floats) -> Floats:
        """Return what a spend brings."""
        return -of.scale * np.expm1(-spend / of.half)

    def gain(self, of: Coefficients, spend: Floats, more: Floats) -> Floats:
        """Return what ``more`` brings on top of ``spend``."""
        return -of.scale * np.exp(-spend / of.half) * np.expm1(-more / of.half)

    def log_marginal(self, of: Coefficients, spend: Floats) -> Floats:
        """Return the log of the value of a unit more."""
        return np.log(of.scale / of.half) - spend / of.half

    def log_reference(self, of: Coefficients) -> Floats:
        """Return the log price that ``spend_at`` is asked against: that of the first unit."""
        return np.log(of.scale / of.half)

    def spend_at(self, of: Coefficients, below: Floats) -> Floats:
        """Return the spend whose marginal value is a price; negative above it."""
        return of.half * below

    def fall(self, of: Coefficients, spend: Floats) -> Floats:
        """Return by how much that spend falls for a rise of the log price by one."""
        return np.broadcast_to(of.half, spend.shape)


class MichaelisMenten:
    """``scale * spend / (spend + half)``."""

    def value(self, of: Coefficients, spend: Floats) -> Floats:
        """Return what a spend brings."""
        return of.scale * spend / (spend + of.half)

    def gain(self, of: Coefficients, spend: Floats, more: Floats) -> Floats:
        """Return what ``more`` brings on top of ``spend``."""
        before = spend + of.half
        return of.scale * (of.half / before) * (more / (before + more))

    def log_marginal(self, of: Coefficients, spend: Floats) -> Floats:
        """Return the log of the value of a unit more."""
        return np.log(of.scale * of.half) - 2.0 * np.log(spend + of.half)

    def log_reference(self, of: Coefficients) -> Floats:
        """Return the log price that ``spend_at`` is asked against."""
        return np.log(of.scale * of.half)

    def spend_at(self, of: Coefficients, below: Floats) -> Floats:
        """Return the spend whose marginal value is a price; may be negative."""
        return np.exp(0.5 * below) - of.half

    def fall(self, of: Coefficients, spend: Floats) -> Floats:
        """Return by how much that spend falls for a rise of the log price by one."""
        return 0.5 * (spend + of.half)


FAMILIES: Final[tuple[Family, ...]] = (
    Power(),
    Logarithm(),
    Exponential(),
    MichaelisMenten(),
    Hill(),
)
POWER, LOGARITHM, EXPONENTIAL, MICHAELIS_MENTEN, HILL = range(len(FAMILIES))
