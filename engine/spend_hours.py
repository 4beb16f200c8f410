"""From the hours of closed days to what each hour would have spent at one multiplier.

The pacer asks for the shape of spend at a constant multiplier. Where the multiplier moved within a
day, spend is taken back to one of them by the elasticity; an hour in which it was far from the
day's mean, which was cut off, or which says too little, counts as not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.day_gaps import HOURS

STEADY: Final = 1.0
"""Distance of an hour's log multiplier from its day's mean up to which spend is taken back to it:
the elasticity holds near the multiplier that it was learned at."""

LEAST_IMPRESSIONS: Final = 20
"""Impressions below which chance says more of an hour's spend than its shape does."""

LEAST_SPEND: Final = 10
"""Minor units below which rounding says more."""

LEAST_HOURS: Final = 12
"""Hours that must have been seen of a day that teaches its shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendHours:
    """H hours of N closed days; arrays of shape (H,)."""

    owner: Ints
    """Which day the hour is of, 0 to N - 1."""
    hour: Ints
    """Hour of the local day, 0 to 23; one that the clock skipped is missing, one that it repeated
    is there twice."""
    spend: Floats
    """Minor units, >= 0."""
    impressions: Floats
    """>= 0."""
    log_multiplier: Floats
    """Of the multiplier in force, natural log; only differences within the campaign count."""
    usable: Bools
    """Whether the hour was reported, and no cap, hourly budget or empty budget cut it off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDays:
    """What the hours of N days would have spent at the multiplier whose log is 0."""

    log_spend: Floats
    """Shape (N, 24), natural log of minor units; 0 where an hour was not seen."""
    seen: Bools
    """Shape (N, 24)."""

    def enough(self) -> Bools:
        """Return which days saw as many hours as it takes to teach their shape, (N,)."""
        return np.asarray(self.seen.sum(axis=1) >= LEAST_HOURS)


def log_days(hours: SpendHours, elasticity: Floats) -> LogDays:
    """Return the logs of N days.

    Parameters
    ----------
    elasticity
        Shape (N,), >= 0: log of spend to log of multiplier.
    """
    count = len(elasticity)
    told = hours.usable & (hours.impressions >= LEAST_IMPRESSIONS) & (hours.spend >= LEAST_SPEND)
    each = np.bincount(hours.owner[told], minlength=count)
    sums = np.bincount(hours.owner[told], hours.log_multiplier[told], minlength=count)
    mean = sums / np.maximum(each, 1)
    told &= np.abs(hours.log_multiplier - mean[hours.owner]) <= STEADY
    owner, log_multiplier = hours.owner[told], hours.log_multiplier[told]
    logs = np.log(hours.spend[told]) - elasticity[owner] * log_multiplier
    cells = owner * HOURS + hours.hour[told]
    often = np.bincount(cells, minlength=count * HOURS).reshape(count, HOURS)
    total = np.bincount(cells, logs, minlength=count * HOURS).reshape(count, HOURS)
    return LogDays(log_spend=total / np.maximum(often, 1), seen=often > 0)
