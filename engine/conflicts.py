"""Minimums of spend that the market will not take, or that a target does not leave room for.

What a campaign spends answers to its multiplier, and sells out: from some multiplier on more buys
hardly anything. A target of cost per result allows no more than its ceiling. Neither is known
for sure, so a minimum conflicts only where it is beyond what is likely at the highest multiplier.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.anchors import room_above
from engine.arrays import Bools, Floats, Ints
from engine.response import Response, expected, uncertainty

LIKELY: Final = 1.645
"""Standard deviations below which nineteen of twenty hours stay."""


def full_power(response: Response) -> Floats:
    """Return the log multiplier (B,) from which more would hardly buy more, natural log."""
    return np.asarray(response.anchor + room_above(response))


def most_bought(response: Response, hours: Ints, highest: Floats) -> Floats:
    """Return what an hour will hardly spend more than, (B,), minor units.

    Parameters
    ----------
    hours
        Shape (B,), hour of the day, 0 to 23.
    highest
        Shape (B,): the highest log multiplier that may be used, such as
        `engine.ceiling.Ceiling.log_multiplier`; infinite where there is none.
    """
    used = np.minimum(highest, full_power(response))
    sd = uncertainty(response, hours, used)
    return np.asarray(np.exp(expected(response, hours, used) + LIKELY * sd))


def unreachable(response: Response, hours: Ints, minimum: Floats, highest: Floats) -> Bools:
    """Return whether an hour's ``minimum`` of spend, (B,), minor units, conflicts with ``highest``.

    With an infinite ``highest`` it says whether the market is too small for the minimum.
    """
    return np.asarray(minimum > most_bought(response, hours, highest))
