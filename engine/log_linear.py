"""Rates that are products of factors, each shrunk to 1 by what its evidence does not say.

Counts are Poisson around exposure times a level times one factor for each kind of thing that a row
belongs to. Log factors are normal around 0 with a variance of their own kind; levels are gamma. All
overlap: they are refitted one after the other, each to what is expected *after* the one before it
(Gauss-Seidel). Refitting all of them to one and the same expectation lets each explain the same
departure once more, and diverges.

Source: Agarwal, Agrawal, Khanna and Kota, "Estimating Rates of Rare Events with Multiple
Hierarchies through Scalable Log-linear Models", KDD 2010; Clayton and Kaldor, "Empirical Bayes
Estimates of Age-standardized Relative Risks", Biometrics 43 (1987), for the gamma of the levels;
Breslow and Clayton, "Approximate Inference in Generalized Linear Mixed Models", JASA 88 (1993).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints

LONGEST: Final = 1.0
"""Most that a log factor moves at once: Newton's step overshoots where next to nothing is
expected."""

ASSUMED_VARIANCE: Final = 0.04
"""Variance of log factors where nobody has taught anything: a fifth up or down."""

ASSUMED_FOR: Final = 1.0
"""Known factors that this counts for."""

LEAST_VARIANCE: Final = 1e-4
MOST_VARIANCE: Final = 4.0
"""Of log factors, whatever counts say: by one in a hundred, and by a factor of seven."""

ASSUMED_SPREAD: Final = 0.25
"""Variance of levels against their mean where nobody has taught anything: half up or down."""

LEAST_STRENGTH: Final = 0.05
MOST_STRENGTH: Final = 1e4
"""Of the gamma distribution of levels, however unlike or alike campaigns are."""

_ROUNDS: Final = 20
"""Of mean and strength, one after the other: many more than it takes until both stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One kind of thing that rows belong to."""

    of: Ints
    """Shape (N,), which one each row belongs to, in [0, L)."""
    group: Ints
    """Shape (L,), >= 0: whose each is, whose level is fitted too: a campaign, or 0 for all."""
    counted: Floats
    """Shape (L,), >= 0: what was counted of each."""
    effect: Floats
    """Shape (L,), natural log."""
    variance: float
    """Of effects around 0, > 0."""
    precision: Floats
    """Shape (L,): of each effect when all others are known, > 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The levels of B campaigns, drawn from a gamma distribution."""

    of: Ints
    """Shape (N,), in [0, B)."""
    counted: Floats
    """Shape (B,), >= 0."""
    level: Floats
    """Shape (B,), > 0."""
    mean: float
    """Of the gamma distribution, > 0."""
    strength: float
    """Its shape: the counts that it is worth, > 0."""


def no_effect(of: Ints, group: Ints, counts: Floats, variance: float) -> Factor:
    """Return a factor before its first fit; ``counts`` (N,) by row, else as in `Factor`."""
    size = len(group)
    return Factor(
        of=of,
        group=group,
        counted=np.bincount(of, counts, size).astype(np.float64),
        effect=np.zeros(size),
        variance=variance,
        precision=np.full(size, 1.0 / variance),
    )


def refitted(factor: Factor, expected: Floats) -> tuple[Factor, Floats]:
    """Return the factor after one step of Newton's, and what is expected then, (N,).

    The step is (counted - expected - effect / variance) / (expected + 1 / variance).
    """
    came = np.bincount(factor.of, expected, len(factor.effect))
    precision = came + 1.0 / factor.variance
    step = (factor.counted - came - factor.effect / factor.variance) / precision
    step = np.clip(step, -LONGEST, LONGEST)
    after = replace(factor, effect=factor.effect + step, precision=np.asarray(precision))
    return after, expected * np.exp(step)[factor.of]


def with_variance(factor: Factor, expected: Floats) -> Factor:
    """Return the factor with the variance that its counts tell of (moments).

    The sum of each group is taken as given, so that counts are multinomial around the shares that
    are expected without the factor, and the group's level drops out. Beyond that they vary by the
    square of what is expected times the variance, but for what moves all alike. Each is weighed by
    how much it tells; `ASSUMED_VARIANCE` counts for `ASSUMED_FOR` known effects, however large
    effects are: the more they vary, the less of their square a known one tells.
    """
    alone = np.bincount(factor.of, expected, len(factor.effect)) * np.exp(-factor.effect)
    group, groups = factor.group, int(factor.group.max(initial=0)) + 1
    sums = np.bincount(group, alone, groups)[group]
    share = np.divide(alone, sums, out=np.zeros(len(alone)), where=sums > 0.0)
    counted = np.bincount(group, factor.counted, groups)[group]
    middle = counted * share
    excess = np.square(factor.counted - middle) - middle * (1.0 - share)
    alike = 2.0 * share - np.bincount(group, np.square(share), groups)[group]
    square = np.maximum(counted - 1.0, 0.0) * middle * share * (1.0 - alike)
    weight = 1.0 / np.square(1.0 + middle * factor.variance)
    known = ASSUMED_FOR / max(factor.variance, ASSUMED_VARIANCE) ** 2
    variance = float(weight @ excess) + known * ASSUMED_VARIANCE
    variance /= float(weight @ square) + known
    return replace(factor, variance=min(max(variance, LEAST_VARIANCE), MOST_VARIANCE))


def centred(factor: Factor, expected: Floats) -> tuple[Factor, Floats]:
    """Return the factor with effects of mean 0, and what is expected then: levels say the rest."""
    middle = float(factor.effect.mean())
    return replace(factor, effect=factor.effect - middle), expected * np.exp(-middle)


def releveled(levels: Levels, expected: Floats) -> tuple[Levels, Floats]:
    """Return levels refitted to all else, and what is expected then, (N,).

    A level is (counted + a) / (exposure + a / mean), the middle of its gamma distribution given
    the counts.
    """
    exposure = _exposure(levels, expected)
    prior = levels.strength / levels.mean
    level = (levels.counted + levels.strength) / (exposure + prior)
    return replace(levels, level=level), expected * (level / levels.level)[levels.of]


def balanced(levels: Levels, factor: Factor) -> tuple[Levels, Factor]:
    """Return both with what moves all of a campaign's effects alike where it is most likely.

    It changes nothing that is expected, so that refitting one after the other would take long to
    find it. A step of Newton's along that line; the factor's groups are the campaigns.
    """
    sums = np.bincount(factor.group, factor.effect / factor.variance, len(levels.level))
    size = np.bincount(factor.group, minlength=len(levels.level))
    pull = levels.strength * levels.level / levels.mean
    step = (sums + levels.strength - pull) / (size / factor.variance + pull)
    step = np.clip(step, -LONGEST, LONGEST)
    effect = factor.effect - step[factor.group]
    return replace(levels, level=levels.level * np.exp(step)), replace(factor, effect=effect)


def with_prior(levels: Levels, exposure: Floats) -> Levels:
    """Return the levels with the gamma distribution that their counts tell of (moments).

    Counts vary around ``mean * exposure`` by that much (Poisson) and by its square over the
    strength; each campaign is weighed by how much it tells of either. `ASSUMED_SPREAD` counts for
    one campaign whose level is known. ``exposure`` is (B,), clicks times all factors but levels.
    """
    if not exposure.any():
        return levels
    mean, strength = levels.mean, levels.strength
    for _ in range(_ROUNDS):
        weight = 1.0 / (1.0 + mean * exposure / strength)
        # Half a conversion keeps the mean above zero where none was counted at all.
        mean = (float(weight @ levels.counted) + 0.5) / float(weight @ exposure)
        middle = mean * exposure
        excess = float(weight**2 @ (np.square(levels.counted - middle) - middle))
        square = float(weight**2 @ np.square(middle)) + strength**2
        excess += ASSUMED_SPREAD * strength**2
        strength = square / max(excess, square / MOST_STRENGTH)
        strength = min(max(strength, LEAST_STRENGTH), MOST_STRENGTH)
    return replace(levels, mean=mean, strength=strength)


def _exposure(levels: Levels, expected: Floats) -> Floats:
    came = np.bincount(levels.of, expected, len(levels.level)).astype(np.float64)
    return np.asarray(came / levels.level)
