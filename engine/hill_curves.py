"""Hill's curves: an S that bends upwards first where its exponent is above one.

Source: Hill, "The possible effects of the aggregation of the molecules of haemoglobin", Journal of
Physiology 40 (1910), whose exponent of one is Michaelis and Menten's curve.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.curve_family import Coefficients

_STEPS: Final = 40
_CLOSE: Final = 1e-13


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
