"""How much of what is left may stay unspent: a distribution with a lump at nothing.

A controller that decides anew every hour spends what is left up to its end, unless one of two
things is short.

- **Power**: with the multiplier as high as it would go, the hours ahead may still come to less.
  What they come to is log-normal.
- **Time**: the last hours are decided before anything is heard of them, and nothing comes after
  them to make up for what they miss. They miss nothing where they would have spent more.

The two are taken to be independent, so the probability to spend at least a share is a product.

Source: the normal distribution as in Page, "Approximations to the Cumulative Normal Function and
its Inverse for Use on a Pocket Calculator" (1977), within 0.00014.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from engine.arrays import Floats

PERCENTS: Final = (0.1, 0.5, 0.9)

_HALVINGS: Final = 8
"""Of the square root of what is missed, before the rest is taken to be straight."""

_LEAST: Final = 1e-9
_SLICE: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What decides over what is left of B campaigns' budgets; arrays of shape (B,)."""

    power: Floats
    """Median of what full power comes to against what is left, natural log."""
    power_sd: Floats
    """Standard deviation of it, natural log, > 0."""
    last: Floats
    """Share of what is left that the last hours are meant to spend; 0 where power tells all."""
    last_sd: Floats
    """Standard deviation of what they come to, natural log, > 0."""

    def of(self, rows: slice) -> Outcome:
        """Return those of some campaigns."""
        return Outcome(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def percentiles(outcome: Outcome) -> Floats:
    """Return the shares of what is left that are spent at the `PERCENTS`, in [0, 1], (3, B)."""
    count = len(outcome.power)
    # One slice of all the arrays fits the cache.
    parts = [_searched(outcome.of(slice(at, at + _SLICE))) for at in range(0, count, _SLICE)]
    return np.concatenate(parts, axis=1) if parts else np.zeros((len(PERCENTS), 0))


def at_least(outcome: Outcome, share: Floats) -> Floats:
    """Return the probability that ``share``, in (0, 1], of what is left is spent, (N, B)."""
    power = _normal((outcome.power - np.log(share)) / outcome.power_sd)
    missed = (1.0 - share) / np.maximum(outcome.last, _LEAST)
    needed = np.log(np.maximum(1.0 - missed, _LEAST))
    # The median of a log-normal lies below its mean, which is what the hours are meant for.
    time = _normal(-needed / outcome.last_sd - 0.5 * outcome.last_sd)
    return np.asarray(power * np.where(outcome.last > 0.0, time, 1.0))


def _searched(outcome: Outcome) -> Floats:
    wanted = 1.0 - np.array(PERCENTS)[:, None]
    shape = len(PERCENTS), len(outcome.power)
    # Between ``high``, where too little is missed, and ``low``, where too much is.
    high, low = np.zeros(shape), np.ones(shape)
    at_high, at_low = at_least(outcome, np.ones(shape)), np.ones(shape)
    whole = at_high >= wanted
    for _ in range(_HALVINGS):
        middle = 0.5 * (high + low)
        here = at_least(outcome, np.maximum(1.0 - middle * middle, _LEAST))
        enough = here >= wanted
        low, at_low = np.where(enough, middle, low), np.where(enough, here, at_low)
        high, at_high = np.where(enough, high, middle), np.where(enough, at_high, here)
    part = (wanted - at_high) / np.maximum(at_low - at_high, _LEAST)
    missed = high + np.clip(part, 0.0, 1.0) * (low - high)
    return np.where(whole, 1.0, 1.0 - missed * missed)


def _normal(score: Floats) -> Floats:
    """Return the probability that a standard normal number is below ``score``."""
    bounded = np.maximum(score, -6.0)
    odds = np.exp(-bounded * (1.5976 + 0.070565992 * bounded * bounded))
    return np.asarray(1.0 / (1.0 + odds))
