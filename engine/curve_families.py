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

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from engine.arrays import Floats

_STEPS: Final = 40
_CLOSE: Final = 1e-13


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Of N curves of one family; shapes (N,)."""

    scale: Floats
    """Value; of saturating curves the most there is to win. >= 0."""
    half: Floats
    """Spend that sets where a curve bends, > 0; not used by ``Power``."""
    exponent: Floats
    """Without unit: ``Power`` in (0, 1), ``Hill`` > 0; not used by the others."""


class Family(Protocol):
    """The questions; spends, steps and results have shape (N,)."""

    def value(self, of: Coefficients, spend: Floats) -> Floats:
        """Return what a spend brings."""

    def gain(self, of: Coefficients, spend: Floats, more: Floats) -> Floats:
        """Return what ``more`` brings on top of ``spend``."""

    def log_marginal(self, of: Coefficients, spend: Floats) -> Floats:
        """Return the log of the value of a unit more."""

    def log_reference(self, of: Coefficients) -> Floats:
        """Return the log price that ``spend_at`` is asked against."""

    def spend_at(self, of: Coefficients, below: Floats) -> Floats:
        """Return the spend whose marginal value is a price; may be negative.

        ``below`` is by how much the log price lies below the curve's reference.
        """

    def fall(self, of: Coefficients, spend: Floats) -> Floats:
        """Return by how much that spend falls for a rise of the log price by one."""


class Power:
    """``scale * spend ** exponent``."""

    def value(self, of: Coefficients, spend: Floats) -> Floats:
        """Return what a spend brings."""
        return np.asarray(of.scale * spend**of.exponent)

    def gain(self, of: Coefficients, spend: Floats, more: Floats) -> Floats:
        """Return what ``more`` brings on top of ``spend``."""
        none = spend == 0.0
        some = np.where(none, 1.0, spend)
        gain = some**of.exponent * np.expm1(of.exponent * np.log1p(more / some))
        if none.any():
            gain[none] = more[none] ** of.exponent[none]
        return of.scale * gain

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


class Hill:
    """``scale * spend ** exponent / (spend ** exponent + half ** exponent)``: an S above one.

    Of an S the questions of prices are those of its upper, concave part.
    """

    def value(self, of: Coefficients, spend: Floats) -> Floats:
        """Return what a spend brings."""
        # A flat curve is not zero at the least spend that a number can hold.
        share = np.where(spend > 0.0, _share(of.exponent * _log(spend / of.half)), 0.0)
        return of.scale * share

    def gain(self, of: Coefficients, spend: Floats, more: Floats) -> Floats:
        """Return what ``more`` brings on top of ``spend``."""
        some = np.where(spend > 0.0, spend, 1.0)
        before = of.exponent * np.log(some / of.half)
        after = of.exponent * _log((spend + more) / of.half)
        grown = np.expm1(np.minimum(of.exponent * np.log1p(more / some), 700.0))
        on_top = _share(before) * _share(-after) * grown
        return of.scale * np.where(spend > 0.0, on_top, _share(after))

    def log_marginal(self, of: Coefficients, spend: Floats) -> Floats:
        """Return the log of the value of a unit more."""
        return _log_top(of) + _bend(of.exponent, of.exponent * _log(spend / of.half))

    def log_reference(self, of: Coefficients) -> Floats:
        """Return the log price that ``spend_at`` is asked against."""
        return _log_top(of)

    def spend_at(self, of: Coefficients, below: Floats) -> Floats:
        """Return the spend whose marginal value is a price; 0 where it is never as high."""
        return _hill_spend(of, -below)

    def fall(self, of: Coefficients, spend: Floats) -> Floats:
        """Return by how much that spend falls for a rise of the log price by one."""
        bent = 2.0 * _share(of.exponent * _log(spend / of.half)) * of.exponent
        return np.asarray(spend / np.maximum(bent - (of.exponent - 1.0), 1e-6))


def _hill_spend(of: Coefficients, wanted: Floats) -> Floats:
    """Return the spend at which the concave part's marginal value falls to a price.

    ``wanted`` is the log price less its reference.

    Newton's method in the log of the spend. The log marginal value is concave in it, and the
    start lies beyond the answer, so that every step comes nearer from the same side.
    """
    exponent = of.exponent
    peak = _log(np.maximum(exponent - 1.0, 0.0) / (exponent + 1.0))
    never = np.isfinite(peak) & (_bend(exponent, np.maximum(peak, -700.0)) <= wanted)
    never |= wanted == np.inf
    wanted = np.where(never, 0.0, wanted)
    at = np.maximum(-wanted / (1.0 + 1.0 / exponent), np.maximum(peak, -700.0) + 0.1)
    for _ in range(_STEPS):
        steepness = (1.0 - 1.0 / exponent) - 2.0 * _share(at)
        step = np.where(never, 0.0, (wanted - _bend(exponent, at)) / steepness)
        at = at + step
        if np.all(np.abs(step) <= _CLOSE * (1.0 + np.abs(at))):
            break
    return np.asarray(np.where(never, 0.0, of.half * np.exp(at / exponent)))


def _log(number: Floats) -> Floats:
    return np.log(np.maximum(number, np.finfo(np.float64).tiny))


def _share(log_odds: Floats) -> Floats:
    """Return the logistic function, without overflow."""
    small = np.exp(-np.abs(log_odds))
    return np.asarray(np.where(log_odds >= 0.0, 1.0, small) / (1.0 + small))


def _log_top(of: Coefficients) -> Floats:
    return np.log(of.scale * of.exponent / of.half)


def _bend(exponent: Floats, at: Floats) -> Floats:
    return (1.0 - 1.0 / exponent) * at - 2.0 * np.logaddexp(0.0, at)


FAMILIES: Final[tuple[Family, ...]] = (
    Power(),
    Logarithm(),
    Exponential(),
    MichaelisMenten(),
    Hill(),
)
POWER, LOGARITHM, EXPONENTIAL, MICHAELIS_MENTEN, HILL = range(len(FAMILIES))
