"""Where a response model is anchored: the multiplier at which level and elasticity are meant.

The model is right near its anchor, so the anchor follows the multiplier from day to day.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from engine import rough
from engine.arrays import Bools, Floats
from engine.response import (
    CURVATURE,
    ELASTICITY,
    FIRST_CURVATURE,
    FIRST_CURVATURE_SD,
    FIRST_ELASTICITY,
    FIRST_ELASTICITY_SD,
    FIRST_LEVEL_SD,
    LEAST_ELASTICITY,
    LEVEL,
    USUAL,
    Response,
)

ANCHOR_ELASTICITY: Final = 0.6
"""Least elasticity at the anchor that an anchor is moved to."""


def room_above(response: Response) -> Floats:
    """Return how far above the anchor more would hardly buy more, (B,), natural log, >= 0."""
    elasticity = np.maximum(response.mean[:, ELASTICITY], LEAST_ELASTICITY)
    return np.asarray((elasticity - LEAST_ELASTICITY) / response.mean[:, CURVATURE])


def anchored(response: Response, log_multiplier: Floats, moves: Bools) -> Response:
    """Return the same knowledge with the anchor of those that move at ``log_multiplier`` (B,).

    Level and elasticity at the new anchor are linear in the old ones, so nothing is lost. The
    anchor stays where spend still answers: a curve is not told by its flat end.
    """
    if not moves.any():
        return response
    mean, covariance = response.mean.copy(), response.covariance.copy()
    room = (mean[:, ELASTICITY] - ANCHOR_ELASTICITY) / mean[:, CURVATURE]
    shift = np.minimum(log_multiplier - response.anchor, np.maximum(room, 0.0))
    shift = np.where(moves, shift, 0.0)
    half = 0.5 * shift * shift
    for part in (mean, covariance, np.swapaxes(covariance, 1, 2)):
        of = (slice(None),) + (None,) * (part.ndim - 2)
        moved = shift[of] * part[:, ELASTICITY] - half[of] * part[:, CURVATURE]
        part[:, LEVEL] += moved
        part[:, USUAL] += moved
        part[:, ELASTICITY] -= shift[of] * part[:, CURVATURE]
    return Response(
        mean=mean,
        covariance=covariance,
        anchor=response.anchor + shift,
        rough=rough.moved(response.rough, shift),
    )


def restarted(response: Response, log_multiplier: Floats, moves: Bools) -> Response:
    """Return what is known of those that move once their multiplier is found to win nothing.

    What was believed of level and answer was believed of another multiplier: they are unknown
    again, at ``log_multiplier`` (B,). The shape of the day stays.
    """
    if not moves.any():
        return response
    mean, covariance = response.mean.copy(), response.covariance.copy()
    for part, believed, deviation in (
        (LEVEL, response.mean[:, LEVEL], FIRST_LEVEL_SD),
        (ELASTICITY, FIRST_ELASTICITY, FIRST_ELASTICITY_SD),
        (CURVATURE, FIRST_CURVATURE, FIRST_CURVATURE_SD),
    ):
        mean[:, part] = np.where(moves, believed, mean[:, part])
        covariance[moves, part, :] = 0.0
        covariance[moves, :, part] = 0.0
        covariance[moves, part, part] = deviation**2
    mean[:, USUAL] = np.where(moves, mean[:, LEVEL], mean[:, USUAL])
    covariance[moves, USUAL] = covariance[moves, LEVEL]
    covariance[moves, :, USUAL] = covariance[moves, :, LEVEL]
    covariance[moves, USUAL, USUAL] = FIRST_LEVEL_SD**2
    anchor = np.where(moves, log_multiplier, response.anchor)
    money = np.where(moves, np.exp(mean[:, LEVEL]) * response.rough.hours, response.rough.money)
    return Response(
        mean=mean,
        covariance=covariance,
        anchor=anchor,
        rough=replace(response.rough, money=money),
    )
