"""Exponents of a pool of campaigns: where they lie and how far apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints

FIRST: Final = 0.6
"""Exponent of a pool that nothing is known of: spend brings less and less."""

FIRST_DEVIATION: Final = 0.15
"""Spread of exponents in a pool that nothing is known of."""

_PRIOR: Final = 5.0
"""Campaigns with exponents known for certain that the first mean and spread count for."""

_TOLD: Final = 0.1
"""Standard deviation of a pool's mean below which its days are said to tell it."""

_TURNS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the days of B campaigns say of their exponents; shapes (B,)."""

    exponent: Floats
    precision: Floats
    """One over the variance; 0 where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """Exponents of P pools; shapes (P,)."""

    mean: Floats
    deviation: Floats
    identified: Bools


def pooled(said: Said, pool: Ints, pools: int) -> Pooled:
    """Return the mean and the spread of exponents in pools, by expectation and maximisation.

    Source: Dempster, Laird and Rubin, "Maximum Likelihood from Incomplete Data via the EM
    Algorithm", Journal of the Royal Statistical Society B 39 (1977).
    """
    mean, variance = np.full(pools, FIRST), np.full(pools, FIRST_DEVIATION**2)
    speaks = said.precision > 0.0
    of, exponent = pool[speaks], said.exponent[speaks]
    noise = 1.0 / said.precision[speaks]
    members = np.bincount(of, minlength=pools)
    sure: Floats = np.zeros(pools)
    for _ in range(_TURNS):
        weight = 1.0 / (noise + variance[of])
        sure = np.bincount(of, weight, pools).astype(np.float64, copy=False)
        first = _PRIOR / variance
        mean = (np.bincount(of, weight * exponent, pools) + first * FIRST) / (sure + first)
        share = variance[of] * weight
        drawn = share * (exponent - mean[of])
        spread = np.bincount(of, drawn**2 + share * noise, pools)
        variance = (spread + _PRIOR * FIRST_DEVIATION**2) / (members + _PRIOR)
    told = sure > 1.0 / _TOLD**2
    return Pooled(mean=mean, deviation=np.sqrt(variance), identified=told)
