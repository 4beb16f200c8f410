"""Which ad sets, devices or placements of a campaign lose, and what they should pay.

What a segment brings per cost is Poisson around a rate that lies around its campaign's own: a gamma
distribution whose shape `LIKENESS` says how alike segments are. So a segment of few conversions is
taken for its campaign, and speaks for itself as evidence comes. It loses when its rate is below
`HALF` of the target with a chance of `LEAST_SURE` at least, and is a discovery among all that was
tested of its account. Half of the target is a convention of this engine, not a finding.

Sources: Efron, Morris, "Data Analysis Using Stein's Estimator and its Generalizations", J. Am.
Stat. Assoc. 70 (1975), for shrinkage; Gelman et al., "Bayesian Data Analysis" (2013), section 2.6,
for the gamma and the Poisson; Wilson, Hilferty, "The Distribution of Chi-Square", PNAS 17 (1931),
for the tail of a gamma; Benjamini, Hochberg (1995) as in `engine.discoveries`, where one less the
chance stands for the p-value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.discoveries import discoveries
from engine.intervals import LIKELY
from engine.normal import below
from engine.ratios import ratio

HALF: Final = 0.5
"""Share of the target below which a segment loses."""

QUARTER: Final = 0.25
"""Share of the target below which even the upper limit must lie for a segment to be excluded."""

LEAST_SURE: Final = 0.95
"""Chance from which a segment is said to lose."""

LIKENESS: Final = 2.0
"""Conversions that the campaign's own level counts for: segments differ by some factor of two."""

LEAST_EXPECTED: Final = 5.0
"""Conversions that the target would have brought at the segment's cost: fewer prove nothing."""

MOST_COST: Final = 0.5
"""Share of the campaign's cost from which on a segment carries it, and is never given up."""

LEAST_LEFT: Final = 0.5
"""Share of what the campaign brings that must come from elsewhere than the segment."""

BETTER: Final = 1.5
"""Times the segment's rate that the rest brings at least; else it is the campaign that loses."""

LEAST_SHARE: Final = 0.1
"""Lowest share of its bid that is advised for a segment that is not excluded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """S segments of B campaigns; those of one dimension of a campaign sum to the campaign."""

    campaign: Ints
    """Shape (S,), in [0, B)."""
    dimension: Ints
    """Shape (S,), >= 0: ad set, device, placement, however they are numbered."""
    named: Bools
    """Shape (S,): false for what reports do not name, which is never judged."""
    cost: Floats
    """Shape (S,), >= 0: spend, each amount by the share of its conversions that is there."""
    value: Floats
    """Shape (S,), >= 0: conversions, or revenue in the money of the cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardsticks:
    """What B campaigns are held to; shapes (B,)."""

    target: Floats
    """Value per cost; not a number where the plan has no target: then the rest is the yardstick."""
    unit: Floats
    """> 0: the value of one conversion: 1, or the mean revenue of an order."""
    dispersion: Floats
    """>= 1: variance of a sum of orders over that of their count: 1 for conversions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is known of S segments; shapes (S,)."""

    low: Floats
    """Value per cost over the target: 10th percentile, then the 50th and the 90th."""
    middle: Floats
    high: Floats
    target: Floats
    """What it is held to, value per cost; 0 where there is nothing to hold it to."""
    chance: Floats
    """Of being below `HALF` of the target, in [0, 1]."""
    tested: Bools
    """Whether there is evidence to judge by."""
    spared: Bools
    """Whether the campaign would not go on without the segment, or does no better elsewhere."""
    share: Floats
    """Of its bid that the target pays, in [0, 1]; 0 is to exclude it."""
    freed: Floats
    """Cost that the advice frees."""
    gain: Floats
    """Value more if the rest is bought for it: the mean, and its standard deviation."""
    gain_deviation: Floats


def judge(segments: Segments, yardsticks: Yardsticks) -> Judged:
    """Return how segments do against what their campaigns are held to."""
    sums = _sums(segments, yardsticks)
    held = sums.target > 0.0
    shape, rate = _posterior(sums)
    mean = ratio(shape, rate)
    low, middle, high = (
        np.where(held, ratio(_quantile(shape, rate, z), sums.target), 0.0)
        for z in (-LIKELY, 0.0, LIKELY)
    )
    share = np.where(high < QUARTER, 0.0, np.clip(middle, LEAST_SHARE, 1.0))
    freed = segments.cost * (1.0 - share)
    rest_rate = ratio(sums.rest, sums.rest_cost)
    doubt = mean**2 / shape + rest_rate**2 * sums.spread / np.maximum(sums.rest, 1.0)
    return Judged(
        low=low,
        middle=middle,
        high=high,
        target=sums.target * sums.unit,
        chance=np.where(held, _chance_below(shape, rate * HALF * sums.target), 0.0),
        tested=segments.named & held & (sums.cost * sums.target >= LEAST_EXPECTED),
        spared=~_may_go(sums, mean, rest_rate),
        share=share,
        freed=freed,
        gain=freed * (rest_rate - mean) * sums.unit,
        gain_deviation=freed * np.sqrt(doubt) * sums.unit,
    )


def losing(judged: Judged, others: Floats) -> Bools:
    """Return which segments lose, (S,), among all that was tested of their account.

    ``others`` are the chances of segments of the account that are judged elsewhere.
    """
    chances = 1.0 - np.concatenate((judged.chance[judged.tested], others))
    found = discoveries(chances)[: int(judged.tested.sum())]
    lose = np.zeros(len(judged.chance), dtype=np.bool_)
    lose[np.flatnonzero(judged.tested)] = found
    return np.asarray(lose & ~judged.spared & (judged.chance >= LEAST_SURE))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Of each segment, and of the rest of its campaign; values in conversions; shapes (S,)."""

    cost: Floats
    value: Floats
    rest_cost: Floats
    rest: Floats
    target: Floats
    unit: Floats
    spread: Floats


def _sums(segments: Segments, yardsticks: Yardsticks) -> _Sums:
    own = segments.campaign
    unit, target = yardsticks.unit[own], yardsticks.target[own]
    value = segments.value / unit
    cost_of_all, of_all = _totals(segments, segments.cost), _totals(segments, value)
    rest_cost = np.maximum(cost_of_all - segments.cost, 0.0)
    rest = np.maximum(of_all - value, 0.0)
    target = np.where(np.isnan(target), ratio(rest, rest_cost), target / unit)
    return _Sums(
        cost=segments.cost,
        value=value,
        rest_cost=rest_cost,
        rest=rest,
        target=target,
        unit=unit,
        spread=yardsticks.dispersion[own],
    )


def _posterior(sums: _Sums) -> tuple[Floats, Floats]:
    """Return shape and rate of the gamma that a segment's conversions per cost have.

    The campaign's own level is that of all it brought, and of one conversion at the target.
    """
    one = np.ones_like(sums.target)
    cost = sums.cost + sums.rest_cost + ratio(one, sums.target)
    level = ratio(sums.value + sums.rest + 1.0, cost)
    return (
        LIKENESS + sums.value / sums.spread,
        ratio(LIKENESS * one, level) + sums.cost / sums.spread,
    )


def _may_go(sums: _Sums, mean: Floats, rest_rate: Floats) -> Bools:
    """Return where the campaign goes on without the segment, and does better elsewhere."""
    small = sums.cost <= MOST_COST * (sums.cost + sums.rest_cost)
    carried = (sums.rest > 0.0) & (sums.rest >= LEAST_LEFT * (sums.value + sums.rest))
    return np.asarray(small & carried & (rest_rate >= BETTER * mean))


def _totals(segments: Segments, each: Floats) -> Floats:
    """Return the sum over each segment's whole dimension, (S,)."""
    pairs = np.stack((segments.campaign, segments.dimension), axis=1)
    _, group = np.unique(pairs, axis=0, return_inverse=True)
    group = group.reshape(-1)
    return np.asarray(np.bincount(group, each)[group], dtype=np.float64)


def _quantile(shape: Floats, rate: Floats, z: float) -> Floats:
    ninth = 1.0 / (9.0 * shape)
    cube = np.maximum(1.0 - ninth + z * np.sqrt(ninth), 0.0) ** 3
    return ratio(shape * cube, rate)


def _chance_below(shape: Floats, scaled: Floats) -> Floats:
    """Return the chance that a gamma of rate 1 is below ``scaled``, both (S,)."""
    ninth = 1.0 / (9.0 * shape)
    return below((np.cbrt(scaled / shape) - 1.0 + ninth) / np.sqrt(ninth))
