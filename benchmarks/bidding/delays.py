"""How far off the conversion rate of the newest week is where conversions are late.

Campaigns of four groups have exponential delays of half a day to four days. Hours are reported
again every hour for eight weeks, as long as the pooled delay remembers, and their growth is
learned; then the rate of the last seven days is taken by clicks that each count by their maturity,
against that of all conversions that these clicks will ever have.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.bidding.world import Floats
from engine import delay
from engine.rate_cells import matured

MEANS: Final = (12.0, 24.0, 48.0, 96.0)
"""Mean delay of each group, hours."""

EACH: Final = 100
"""Campaigns of a group."""

LONG, SHORT = 56 * 24, 28 * 24
"""Hours that are lived; after the fewer the slowest group's delay is hardly known yet."""

RECENT: Final = 7 * 24
CLICKS: Final = 60.0
"""Of an hour."""

RATE: Final = 0.03


@cache
def biases(lived: int) -> tuple[Floats, Floats]:
    """Return by how much the newest week's rate is off, by group: by maturity, and naively.

    Conversions per click over the true rate, less 1; shapes (4,).
    """
    found = [_group(number, mean, lived) for number, mean in enumerate(MEANS)]
    weighed, naive = np.array(found).T
    return weighed, naive


def worst() -> float:
    """Return the largest bias by maturity of any group, in per cent."""
    return 100.0 * float(np.abs(biases(LONG)[0]).max())


def _group(number: int, mean: float, lived: int) -> tuple[float, float]:
    chance = np.random.default_rng([31, number])
    clicks = chance.poisson(CLICKS, (EACH, lived)).astype(np.float64)
    sold = chance.binomial(clicks.astype(np.int64), RATE)
    counted, delays = _lived(chance, sold, mean)
    share = delay.maturity(delays, delay.together(delays))
    recent = slice(lived - RECENT, lived)
    ages = np.tile(np.arange(RECENT - 1.0, -1.0, -1.0), EACH)
    fresh = clicks[:, recent].ravel()
    exposure = matured(share, np.repeat(np.arange(EACH), RECENT), fresh, ages)
    true = float(sold[:, recent].sum()) / float(fresh.sum())
    rates = float(counted[:, recent].sum()) / np.array([exposure.sum(), fresh.sum()])
    weighed, naive = rates / true - 1.0
    return float(weighed), float(naive)


def _lived(
    chance: np.random.Generator, sold: NDArray[np.int64], mean: float
) -> tuple[Floats, delay.Delays]:
    """Return what is reported of each hour at the end (B, H), and what all reports told."""
    campaign, hour = (np.repeat(each.ravel(), sold.ravel()) for each in np.indices(sold.shape))
    size = len(hour)
    # A click comes at any moment of its hour, whose age is counted from the end.
    age = np.maximum(np.ceil(chance.exponential(mean, size) - chance.random(size)), 0.0)
    told = hour + age.astype(np.int64)
    delays, counted = delay.no_delays(EACH), np.zeros(sold.shape)
    for now in range(sold.shape[1]):
        before = counted.copy()
        news = told == now
        np.add.at(counted, (campaign[news], hour[news]), 1.0)
        ages = now - np.arange(now, dtype=np.float64)
        restated = delay.Restated(
            before=before[:, :now], after=counted[:, :now], earlier=ages - 1.0, later=ages
        )
        delays = delay.add_restatements(delays, restated)
    return counted, delays
