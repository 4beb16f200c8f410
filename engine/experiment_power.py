"""How long an experiment has to run until it tells, and what it can tell by then.

By the confidence sequence that decides it, at one look: whoever looks oftener knows no later.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.confidence_sequences import Mixture, half_width

POWER: Final = 0.8
"""Probability with which an effect of the size asked about is to be told from none."""

_QUANTILE: Final = 0.8416212335729143
"""That of the standard normal at `POWER`."""

MOST: Final = 3_650
"""Observations beyond which it is not asked any more."""

NEVER: Final = -1


def detectable(deviation: Floats, count: Ints, mixture: Mixture) -> Floats:
    """Return the least effect that ``count`` observations tell from none with `POWER`.

    Parameters
    ----------
    deviation
        Of one observation, >= 0, in its unit.
    count
        Shape that goes with it. Those of the burn-in at least: before it no effect is told.
    """
    count = np.maximum(count, mixture.burn_in)
    chance = _QUANTILE * deviation / np.sqrt(count)
    return np.asarray(half_width(deviation, count, mixture) + chance)


def needed(deviation: Floats, effect: Floats, mixture: Mixture) -> Ints:
    """Return how many observations tell ``effect`` from none with `POWER`, `NEVER` beyond `MOST`.

    Parameters
    ----------
    deviation
        Shape (B,), of one observation, >= 0.
    effect
        Shape (B,), in the same unit; its sign does not matter.
    """
    count = np.arange(mixture.burn_in, MOST + 1)
    least = detectable(deviation[:, None], count[None, :], mixture)
    told = least <= np.abs(effect)[:, None]
    return np.where(told.any(axis=1), count[told.argmax(axis=1)], NEVER)
