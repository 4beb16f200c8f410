"""How value answers spend, learned for many campaigns at once from their closed days.

Expected value of a day is ``level * (spend / usual) ** exponent``, times how the day was for all
campaigns of a pool. A campaign's own days say little about its exponent, those of a pool much:
exponents are spread normally around the pool's, whose mean and spread are learned as well, and each
campaign's is drawn towards it by as much as its own evidence is thin.

Spend that follows demand makes the exponent look larger than it is. Where spend was varied by
chance of our own making, that part alone is used, as an instrument: demand cannot have caused it.

Sources: McCullagh and Nelder, "Generalized Linear Models", 2nd ed. (1989), chapter 9, for the
quasi-likelihood and its dispersion; Morris, "Parametric Empirical Bayes Inference", Journal of the
American Statistical Association 78 (1983); Wooldridge, "Econometric Analysis of Cross Section and
Panel Data" (2002), section 14.2, for instruments.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.curves import Curves, power
from engine.exponents import Pooled, Said, pooled
from engine.response_days import Centred, Days, Sums, centred, sums_of

LOWEST, HIGHEST = 0.05, 0.95
"""Exponents that a curve is given, whatever was measured: outside them it is no guide."""

ROUNDS: Final = 3
"""Of exponents and pools, one after the other: a fourth moves exponents by next to nothing."""

_USUAL_DISPERSION: Final = 2.0
_DISPERSION_DAYS: Final = 5.0
"""Variance over mean of a day's value that is assumed, and the days that it counts for."""

_NOISE_DAYS: Final = 20.0
"""Days that the dispersion of all counts for against how a campaign's own days departed."""

_LEAST: Final = 1e-12


OF_POOLS: Final = frozenset({"pool_exponent", "pool_deviation", "pool_identified", "by_chance"})
"""The fields of a fit that pools have, not campaigns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What B campaigns' days say of their curves; shapes (B,) but of pools."""

    usual: Floats
    """Spend of a usual day, the geometric mean; 0 of a campaign without any."""
    level: Floats
    """Expected value of a day of usual spend."""
    level_precision: Floats
    """One over the variance of its log; 0 without any value."""
    exponent: Floats
    exponent_deviation: Floats
    """Standard deviation; that of the pool where own days say nothing."""
    identified: Bools
    """Whether own days say more of the exponent than the pool does."""
    dispersion: Floats
    """Variance of a day's value over its mean."""
    pool_exponent: Floats
    """Shape (P,)."""
    pool_deviation: Floats
    """Shape (P,): spread of the exponents in a pool."""
    pool_identified: Bools
    """Shape (P,): whether the campaigns of a pool together tell its exponent to .1 or better."""
    by_chance: Bools
    """Shape (P,): whether exponents come from chance of our own alone, which demand cannot move."""

    def only(self, rows: Ints) -> Fit:
        """Return what is known of some campaigns; pools stay as they are."""
        own = {
            field.name: getattr(self, field.name)[rows]
            for field in fields(self)
            if field.name not in OF_POOLS
        }
        return replace(self, **own)

    def curves(self) -> Curves:
        """Return the curves of a day's spend, in the money of ``usual``."""
        exponent = np.clip(self.exponent, LOWEST, HIGHEST)
        usual = np.where(self.usual > 0.0, self.usual, 1.0)
        return power(self.level * usual**-exponent, exponent)


def fit_curves(days: Days) -> Fit:
    """Fit the curves of campaigns in pools.

    Days without spend say nothing of the exponent and are left out. A campaign without value or
    without variation has its pool's exponent; a pool without either has a general one.
    """
    pools = int(days.pool.max()) + 1 if len(days.pool) else 0
    middle = centred(days)
    pool_exponent = pooled(_nothing(len(days.pool)), days.pool, pools)
    exponent = pool_exponent.mean[days.pool]
    common = np.ones((pools, days.spend.shape[1]))
    step = _step(days, middle, exponent, common)
    for _ in range(ROUNDS - 1):
        step = _step(days, middle, step.exponent, step.sums.common)
    return _fit(middle, step, by_chance=days.jitter is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What a round of fitting found."""

    sums: Sums
    dispersion: Floats
    said: Said
    pool: Pooled
    pool_deviation: Floats
    """Of each campaign's pool."""
    exponent: Floats
    deviation: Floats


def _step(days: Days, middle: Centred, exponent: Floats, common: Floats) -> _Step:
    sums = sums_of(days, middle, exponent, common)
    dispersion = _dispersion(sums)
    said = _said(sums, exponent, dispersion)
    pool = pooled(said, days.pool, len(common))
    drawn, deviation = _drawn(said, pool, days.pool)
    return _Step(
        sums=sums,
        dispersion=dispersion,
        said=said,
        pool=pool,
        pool_deviation=pool.deviation[days.pool],
        exponent=drawn,
        deviation=deviation,
    )


def _nothing(count: int) -> Said:
    return Said(exponent=np.zeros(count), precision=np.zeros(count))


def _dispersion(sums: Sums) -> Floats:
    """Return variance over mean, drawn towards the usual where there are few days."""
    free = np.maximum(sums.days - 2.0, 0.0)
    squares = sums.pearson * sums.days + _USUAL_DISPERSION * _DISPERSION_DAYS
    return np.asarray(squares / (free + _DISPERSION_DAYS))


def _said(sums: Sums, exponent: Floats, dispersion: Floats) -> Said:
    """Return where one Newton step leads each campaign's exponent, and how sure that is."""
    slope = sums.slope
    spoken = slope > _LEAST
    step = np.divide(sums.score, slope, out=np.zeros_like(slope), where=spoken)
    # As the departures were, and as their dispersion has it where there are few: days of much
    # spend depart by more than the dispersion of all days says.
    seen = sums.noise * sums.days / np.maximum(sums.days - 2.0, 1.0)
    expected = dispersion * slope
    noise = (sums.days * seen + _NOISE_DAYS * expected) / (sums.days + _NOISE_DAYS)
    precision = np.where(spoken, slope**2 / np.maximum(noise, _LEAST), 0.0)
    return Said(exponent=exponent + step, precision=precision)


def _drawn(said: Said, pool: Pooled, of: Ints) -> tuple[Floats, Floats]:
    """Return exponents drawn towards their pools', and their standard deviations."""
    prior = 1.0 / pool.deviation[of] ** 2
    precision = said.precision + prior
    mean = (said.precision * said.exponent + prior * pool.mean[of]) / precision
    return mean, 1.0 / np.sqrt(precision)


def _fit(middle: Centred, step: _Step, *, by_chance: bool) -> Fit:
    noise = np.maximum(step.dispersion * step.sums.squares, _LEAST)
    return Fit(
        usual=middle.usual,
        level=step.sums.level,
        level_precision=step.sums.expected**2 / noise,
        exponent=step.exponent,
        exponent_deviation=step.deviation,
        identified=step.said.precision > 1.0 / step.pool_deviation**2,
        dispersion=step.dispersion,
        pool_exponent=step.pool.mean,
        pool_deviation=step.pool.deviation,
        pool_identified=step.pool.identified,
        by_chance=np.full(len(step.pool.mean), by_chance),
    )
