"""What came, held against what was projected: inside the interval or not, how far off, what gained.

One row is one number of one recommendation; rows know nothing of each other.

Source: Christoffersen, "Evaluating Interval Forecasts", International Economic Review 39 (1998),
for what intervals are held to; Everett, Operations Research 11 (1963), for the price of money.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.delay import LEAST_MATURE, Maturity, expected

LEAST_MIDDLE: Final = 1e-9
"""Of numbers closer to 0 than this no share is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How B numbers came out; shapes (B,)."""

    inside: Bools
    """Whether the number lies in its interval, widened by ``slack`` on either side."""
    side: Ints
    """-1 below the interval, 0 inside, 1 above."""
    error: Floats
    """``realised / p50 - 1``; 0 where ``p50`` is nothing."""
    measurable: Bools
    """Whether ``p50`` is more than nothing, `LEAST_MIDDLE`."""


def judge(percentiles: Floats, realised: Floats, slack: Floats) -> Judged:
    """Hold B numbers against their intervals.

    Parameters
    ----------
    percentiles
        Shape (B, 3): p10 <= p50 <= p90, in the unit of ``realised``.
    realised
        Shape (B,).
    slack
        Shape (B,), >= 0: distance from an end that still counts as met, such as a minor unit.
    """
    low, middle, high = percentiles.T
    above = (realised > high + slack).astype(np.int64)
    below = (realised < low - slack).astype(np.int64)
    known = np.abs(middle) > LEAST_MIDDLE
    ratio = np.divide(realised, middle, out=np.ones(len(realised)), where=known)
    side = above - below
    return Judged(inside=side == 0, side=side, error=np.asarray(ratio - 1.0), measurable=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matured:
    """What hours come to once all is reported; shapes (B,)."""

    conversions: Floats
    revenue: Floats
    share: Floats
    """Share of their conversions that is reported, hours weighed by their spend; 1 without any."""


def matured(
    maturity: Maturity, ages: Floats, spend: Floats, conversions: Floats, revenue: Floats
) -> Matured:
    """Return what H hours of each of B campaigns come to, arrays (B, H); absent hours are all 0.

    Parameters
    ----------
    maturity
        Of the B campaigns.
    ages
        Hours from the end of each hour to now, >= 0.
    spend, conversions, revenue
        As reported; divided by what share of them is reported at that age.
    """
    shares = np.maximum(maturity.at(ages), LEAST_MATURE)
    weight = np.maximum(spend, 0.0)
    total = weight.sum(axis=1)
    mean = np.divide(
        (weight * shares).sum(axis=1), total, out=np.ones(len(total)), where=total > 0.0
    )
    return Matured(
        conversions=expected(conversions, shares).sum(axis=1),
        revenue=expected(revenue, shares).sum(axis=1),
        share=mean,
    )


def gain(value: Floats, spend: Floats, price: Floats) -> Floats:
    """Return what B changes gained: value on top, less what the spend on top is worth elsewhere.

    A raise gains when it brings more than the price, a cut when it gives up less.

    Parameters
    ----------
    value, spend
        Shape (B, 2): in a stretch before the change, and in one as long after it.
    price
        Shape (B,), >= 0: what a unit of money brings elsewhere, in the unit of ``value``.
    """
    more_value, more_spend = value[:, 1] - value[:, 0], spend[:, 1] - spend[:, 0]
    return np.asarray(more_value - price * more_spend)
