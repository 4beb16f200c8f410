"""Bid multipliers by device, placement and hour, as platforms take them.

A platform multiplies one bid by one factor for each of them. The factors are those whose products
come nearest to the rates of the cells, by clicks; each kind is then scaled so that its mean over
clicks is 1 and the bid alone says how much is bid.

Source: Deming and Stephan, "On a Least Squares Adjustment of a Sampled Frequency Table When the
Expected Marginal Totals are Known", Annals of Mathematical Statistics 11 (1940), for fitting
products to margins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats

PASSES: Final = 20
"""Times that each kind is fitted to the others; a fixed number, whoever shares the batch."""

_HALVINGS: Final = 60
_FARTHEST: Final = 20.0
"""Log of the scale that is looked for at most, either way, and how often that range is halved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a platform takes of multipliers."""

    low: float = 0.1
    """Lowest multiplier, > 0 and <= 1."""
    high: float = 10.0
    """Highest, >= 1."""
    step: float = 0.01
    """Multipliers are 1 and whole multiples of it more or less, > 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Multipliers:
    """Multipliers of B campaigns by K kinds, and what rounding leaves."""

    factor: Floats
    """Shape (B, K): as the platform takes them."""
    mean: Floats
    """Shape (B,): their mean over clicks, near 1; the bid divided by it keeps its mean exact."""


def products(rates: Floats, clicks: Floats) -> tuple[Floats, Floats, Floats]:
    """Return factors by device (B, D), placement (B, P) and hour (B, H) for rates of cells.

    Their products times a campaign's mean come to its rates over each device, placement and hour.

    Parameters
    ----------
    rates, clicks
        Shape (B, D, P, H), > 0 and >= 0. A kind without clicks has factor 1.
    """
    came = rates * clicks
    level = came.sum(axis=(1, 2, 3)) / np.maximum(clicks.sum(axis=(1, 2, 3)), 1e-300)
    fitted = np.where(level > 0.0, level, 1.0)[:, None, None, None] * clicks
    factors = [np.ones((len(rates), size)) for size in rates.shape[1:]]
    for _ in range(PASSES):
        for axis in range(3):
            others = tuple(1 + each for each in range(3) if each != axis)
            there, here = came.sum(axis=others), fitted.sum(axis=others)
            change = np.divide(there, here, out=np.ones_like(there), where=here > 0.0)
            factors[axis] = factors[axis] * change
            fitted = fitted * np.expand_dims(change, others)
    device, placement, hour = factors
    return device, placement, hour


def multipliers(factors: Floats, clicks: Floats, taken: Taken) -> Multipliers:
    """Return factors (B, K) scaled to mean 1 over ``clicks`` (B, K), bounded and rounded.

    What the bounds cut off is made up for by the others, so that the mean is 1 before rounding.
    Without clicks all kinds weigh alike.
    """
    sums = clicks.sum(axis=1, keepdims=True)
    even = np.full(clicks.shape, 1.0 / max(clicks.shape[1], 1))
    share = np.divide(clicks, sums, out=even, where=sums > 0.0)
    low, high = np.full((2, len(factors), 1), [[[-_FARTHEST]], [[_FARTHEST]]])
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        scaled = np.clip(factors * np.exp(middle), taken.low, taken.high)
        above = (share * scaled).sum(axis=1, keepdims=True) > 1.0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    whole = np.rint((np.clip(factors * np.exp(low), taken.low, taken.high) - 1.0) / taken.step)
    least = np.ceil((taken.low - 1.0) / taken.step - 1e-9)
    most = np.floor((taken.high - 1.0) / taken.step + 1e-9)
    factor = 1.0 + np.clip(whole, least, most) * taken.step
    return Multipliers(factor=factor, mean=(share * factor).sum(axis=1))
