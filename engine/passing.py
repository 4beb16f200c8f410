"""What the passing of an hour does to what is known: it grows old, and a new day is less sure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.arrays import Bools, Floats
from engine.response import (
    DEVIATION,
    DEVIATION_STEP,
    ELASTICITY,
    ELASTICITY_STEP,
    FADING,
    KEPT,
    LASTS,
    LEVEL,
    LEVEL_STEP,
    ODD,
    SHAPE,
    STAYS,
    USUAL,
    USUAL_STEP,
    Response,
)


def hour_passed(response: Response, begins: Bools, shift: Floats) -> Response:
    """Return what is known one hour later: the deviation fades, and a new day is less sure.

    Parameters
    ----------
    begins
        Shape (B,): whose local day begins with this hour.
    shift
        Shape (B, 24): by how much the shape of the new weekday differs from the old one's, where a
        day begins.
    """
    mean, covariance = response.mean.copy(), response.covariance.copy()
    if begins.any():
        _begun(mean, covariance, begins)
        mean[begins, SHAPE] += shift[begins]
    # A new day starts with a deviation that nothing is known of.
    fading = np.where(begins, 0.0, FADING)
    mean[:, DEVIATION] *= fading
    covariance[:, DEVIATION, :] *= fading[:, None]
    covariance[:, :, DEVIATION] *= fading[:, None]
    grown = np.where(begins, DEVIATION_STEP**2 / (1.0 - FADING**2), DEVIATION_STEP**2)
    covariance[:, DEVIATION, DEVIATION] += grown
    return replace(response, mean=mean, covariance=covariance)


def _begun(mean: Floats, covariance: Floats, begins: Bools) -> None:
    """Move what is known, in place, to a new day where one begins: its level nears the usual one.

    After an odd day it is less sure, by the variance of a chance: that it stays, that it lasts.
    """
    away = (mean[:, LEVEL] + KEPT * mean[:, DEVIATION] - mean[:, USUAL]) ** 2
    odd = np.where(begins & (away > ODD**2), away, 0.0)
    stays = np.where(begins, STAYS, 1.0)
    kept = np.where(begins, KEPT, 0.0)
    for part in (mean, covariance, np.swapaxes(covariance, 1, 2)):
        of = (slice(None),) + (None,) * (part.ndim - 2)
        level = part[:, LEVEL] + kept[of] * part[:, DEVIATION]
        part[:, LEVEL] = stays[of] * level + (1.0 - stays[of]) * part[:, USUAL]
    covariance[:, LEVEL, LEVEL] += begins * LEVEL_STEP**2 + STAYS * (1.0 - STAYS) * odd
    covariance[:, USUAL, USUAL] += begins * USUAL_STEP**2 + LASTS * (1.0 - LASTS) * odd
    covariance[:, ELASTICITY, ELASTICITY] += begins * ELASTICITY_STEP**2
