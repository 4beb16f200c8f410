"""What a conversion is worth: the campaign's mean revenue per conversion, shrunk to the others'.

Source: Bühlmann and Straub, "Glaubwürdigkeit für Schadensätze", Mitteilungen der Vereinigung
schweizerischer Versicherungsmathematiker 70 (1970): the credibility of a mean is its number of
orders against how many orders the difference between campaigns is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.intervals import ORDERS_VARY

ASSUMED_STRENGTH: Final = 10.0
"""Orders that what was taught counts for, where nobody has: values differ by a third or so."""

LEAST_STRENGTH: Final = 0.5
MOST_STRENGTH: Final = 1e4
"""Orders that it counts for at least and at most, however unlike or alike campaigns are."""

_ROUNDS: Final = 20
"""Of weights and strength, one after the other: many more than it takes until both stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtValue:
    """What campaigns of one currency teach of the revenue of a conversion."""

    mean: float
    """In the unit of the revenue, > 0; 0 where there was no conversion at all."""
    strength: float
    """Conversions that it counts for, > 0."""


def teach_value(revenue: Floats, conversions: Floats) -> TaughtValue:
    """Return what campaigns teach; ``revenue`` and ``conversions`` (B,), >= 0.

    Means of n orders vary by `ORDERS_VARY` ** 2 / n and by as much as campaigns differ; both are
    relative to the mean (moments, each campaign weighed by how much it tells).
    """
    some = conversions > 0.0
    orders, sums = conversions[some], revenue[some]
    if not sums.any():
        return TaughtValue(mean=0.0, strength=ASSUMED_STRENGTH)
    mean, strength = float(sums.sum() / orders.sum()), ASSUMED_STRENGTH
    for _ in range(_ROUNDS):
        weight = orders / (orders + strength)
        mean = float(weight @ (sums / orders) / weight.sum())
        excess = np.square(sums / orders / mean - 1.0) - ORDERS_VARY**2 / orders
        # What is assumed counts for one campaign that is known.
        spread = float(weight**2 @ excess) + ORDERS_VARY**2 / ASSUMED_STRENGTH
        spread /= float((weight**2).sum()) + 1.0
        strength = ORDERS_VARY**2 / max(spread, ORDERS_VARY**2 / MOST_STRENGTH)
        strength = max(strength, LEAST_STRENGTH)
    return TaughtValue(mean=mean, strength=strength)


def value_per_conversion(
    revenue: Floats, conversions: Floats, stated: Floats, taught: TaughtValue
) -> Floats:
    """Return what a conversion of each campaign is worth, (B,), 0 where nothing is known of it.

    Parameters
    ----------
    revenue, conversions
        Shape (B,), >= 0: evidence that fades like that of rates.
    stated
        Shape (B,): the plan's ``avg_order_value``, 0 for none. It is what the campaign begins with,
        in place of what others teach.
    """
    prior = np.where(stated > 0.0, stated, taught.mean)
    known = prior > 0.0
    strength = np.where(known, taught.strength, 0.0)
    orders = conversions + strength
    sums = revenue + strength * prior
    return np.asarray(np.divide(sums, orders, out=np.zeros(len(sums)), where=orders > 0.0))
