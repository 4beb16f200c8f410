"""Whether ads are clicked on less than those of their peers, or less than when they were new.

Clicks are binomial with more spread than that: days differ, and so do ads. Each unit, a campaign or
an ad set, is held against what its peers' click rates would have brought on the devices and in the
placements that it was shown in (indirect standardisation), so that being shown where nobody clicks
is not held against the ad. The unit itself is left out of what it is held against.

Sources: Williams, "Extra-binomial Variation in Logistic Linear Models", J. R. Stat. Soc. C 31
(1982), for the spread; DerSimonian, Laird, "Meta-analysis in Clinical Trials", Controlled Clinical
Trials 7 (1986), for how much peers differ; Breslow, Day, "Statistical Methods in Cancer Research
II" (1987), chapter 2, for the standardisation. `WEAK` is a convention of this engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats
from engine.discoveries import discoveries
from engine.intervals import LIKELY
from engine.normal import below
from engine.ratios import ratio

WEAK: Final = 0.8
"""Share of what peers, or its own first days, would have brought below which an ad is weak."""

LEAST_SURE: Final = 0.95
"""Chance from which it is said to be."""

LEAST_CLICKS: Final = 30.0
"""Clicks that must have been expected: fewer prove nothing."""

LEAST_PEERS: Final = 2
"""Units beside the one that is judged."""

PERIOD: Final = 7
"""Days at the beginning and at the end that fatigue compares: whole weeks, as weekdays differ."""

ALIKE: Final = 2.0
"""Factor within which the impressions of both must lie."""

_USUAL_DAYS: Final = 5.0
"""Days of no more spread than the binomial's that are taken to have been seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Impressions and clicks of N units, by kind of place (K) and of their newest days (D)."""

    impressions: Floats
    """Shape (N, K), >= 0: a place is a device and placement, in any numbering."""
    clicks: Floats
    """Shape (N, K), >= 0."""
    spread: Floats
    """Shape (N,), >= 1, as of `spread`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Clicks over those expected, of N units; shapes (N,)."""

    low: Floats
    """10th percentile of the ratio, then the 50th and the 90th; 0 where nothing is comparable."""
    middle: Floats
    high: Floats
    expected: Floats
    """Clicks that were expected."""
    chance: Floats
    """Of a ratio below `WEAK`, in [0, 1]."""
    tested: Bools


def spread(impressions: Floats, clicks: Floats) -> Floats:
    """Return by how much clicks of days (N, D) vary more than binomial ones, (N,), >= 1."""
    seen = impressions > 0.0
    total, hits = impressions.sum(axis=1), clicks.sum(axis=1)
    rate = np.clip(ratio(hits, total), 0.0, 1.0)[:, None]
    usual = impressions * rate * (1.0 - rate)
    square = ratio((clicks - impressions * rate) ** 2, usual).sum(axis=1)
    degrees = np.maximum(seen.sum(axis=1) - 1.0, 0.0)
    return np.asarray(np.maximum((square + _USUAL_DAYS) / (degrees + _USUAL_DAYS), 1.0))


def against_peers(shown: Shown) -> Compared:
    """Return how each unit is clicked on against all the others, where both were shown."""
    others = shown.impressions.sum(axis=0) - shown.impressions
    rate = ratio(shown.clicks.sum(axis=0) - shown.clicks, others)
    shared = others > 0.0
    expected = (shown.impressions * rate).sum(axis=1)
    found = (shown.clicks * shared).sum(axis=1)
    logs = np.log((found + 0.5) / (expected + 0.5))
    own = shown.spread / (found + 0.5)
    differ, peers = _between(logs, own), _effective_peers(shown.impressions.sum(axis=1))
    clicks = shown.clicks.sum() - shown.clicks.sum(axis=1)
    mean = differ / np.maximum(peers, 1.0) + ratio(shown.spread, clicks)
    enough = (len(logs) > LEAST_PEERS) & (expected >= LEAST_CLICKS)
    return _compared(logs, np.sqrt(own + mean), expected, enough)


def fatigue(impressions: Floats, clicks: Floats) -> Compared:
    """Return how units are clicked on in their last days against their first.

    ``impressions`` and ``clicks`` have shape (N, D), the newest day last; days without impressions
    are no days. Compared are the first and the last `PERIOD` days of those that do not overlap,
    where impressions were alike: an ad that is shown to many more people is another case.
    """
    seen = impressions > 0.0
    number = np.cumsum(seen, axis=1)
    days = number[:, -1:] if number.shape[1] else np.zeros((len(seen), 1))
    first, last = seen & (number <= PERIOD), seen & (number > days - PERIOD)
    before, after = ((impressions * each).sum(axis=1) for each in (first, last))
    old, new = ((clicks * each).sum(axis=1) for each in (first, last))
    expected = after * ratio(old, before)
    alike = (after <= ALIKE * before) & (before <= ALIKE * after)
    enough = alike & (days[:, 0] >= 2 * PERIOD) & (expected >= LEAST_CLICKS)
    deviation = np.sqrt(spread(impressions, clicks) * (1.0 / (old + 0.5) + 1.0 / (new + 0.5)))
    return _compared(np.log((new + 0.5) / (expected + 0.5)), deviation, expected, enough)


def weak(compared: Compared, others: Floats) -> Bools:
    """Return which units are weak, (N,); ``others`` are the chances of those judged elsewhere."""
    chances = 1.0 - np.concatenate((compared.chance[compared.tested], others))
    found = np.zeros(len(compared.chance), dtype=np.bool_)
    found[np.flatnonzero(compared.tested)] = discoveries(chances)[: int(compared.tested.sum())]
    return np.asarray(found & (compared.chance >= LEAST_SURE))


def _between(logs: Floats, variance: Floats) -> Floats:
    """Return the variance between the peers of each unit, (N,), >= 0."""
    weight = 1.0 / variance
    sums = [(weight * each).sum() - weight * each for each in (np.ones_like(logs), logs, logs**2)]
    squares = (weight**2).sum() - weight**2
    homogeneous = sums[2] - ratio(sums[1] ** 2, sums[0])
    scale = sums[0] - ratio(squares, sums[0])
    return np.maximum(ratio(homogeneous - (len(logs) - 2.0), scale), 0.0)


def _effective_peers(sizes: Floats) -> Floats:
    """Return how many peers of equal size those of each unit are worth, (N,)."""
    return ratio((sizes.sum() - sizes) ** 2, (sizes**2).sum() - sizes**2)


def _compared(logs: Floats, deviation: Floats, expected: Floats, tested: Bools) -> Compared:
    comparable = expected > 0.0
    low, middle, high = (
        np.where(comparable, np.exp(logs + z * deviation), 0.0) for z in (-LIKELY, 0.0, LIKELY)
    )
    chance = below((np.log(WEAK) - logs) / deviation)
    return Compared(
        low=low,
        middle=middle,
        high=high,
        expected=expected,
        chance=np.where(comparable, chance, 0.0),
        tested=np.asarray(tested & comparable),
    )
