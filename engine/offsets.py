"""Hours whose bids lie above or below the common multiplier, and what they spend for it.

The best bid is in proportion to what a click is worth: an hour whose clicks convert twice as well
is worth twice the bid. A plan may ask for more or less of an hour, or switch it off.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.day_shapes import DayShapes
from engine.pacer import Pacing
from engine.response import CURVATURE, ELASTICITY, LEAST_ELASTICITY, SHAPE, Response
from engine.situation import Steered

OFF: Final = -50.0
"""Offset, and lift, of an hour in which nothing may be spent."""

MOST_OFFSET: Final = 1.0
"""Most that an hour's bids lie above or below the common multiplier for its clicks, natural log."""

_TINY: Final = 1e-12


def of_intent(intents: Floats) -> Floats:
    """Return offsets (R, 168) of hours whose clicks convert ``intents`` times as well as others."""
    return np.clip(np.log(np.maximum(intents, _TINY)), -MOST_OFFSET, MOST_OFFSET)


def offset_lifts(response: Response, offsets: Floats, common: Floats) -> Floats:
    """Return by how much log spend is more where bids lie above the common multiplier, (R, N).

    Near ``common`` (R,), natural log, within `OFF` on either side; hours in which nothing may be
    spent are as good as none.
    """
    finite = np.where(offsets > OFF, offsets, 0.0)
    curvature = response.mean[:, CURVATURE]
    slope = response.mean[:, ELASTICITY] - curvature * (common - response.anchor)
    slope = np.maximum(slope, LEAST_ELASTICITY)[:, None]
    # A market that sells out has nothing more to sell: no bid buys less than a lower one.
    most = slope / curvature[:, None]
    within = np.minimum(finite, most)
    lifts = slope * within - 0.5 * curvature[:, None] * within**2
    return np.where(offsets > OFF, np.clip(lifts, OFF, -OFF), OFF)


def with_wishes(steered: Steered, usual: Floats, wished: Floats) -> Steered:
    """Return campaigns whose bids lie higher in hours that are to weigh more than is usual.

    ``usual`` and ``wished`` weights have the shape (R, 168), >= 0; an hour of weight 0 is switched
    off. Spend answers to bids by the elasticity, so bids by its reciprocal.
    """
    share = np.divide(wished, usual, out=np.ones(usual.shape), where=usual > 0.0)
    if (share == 1.0).all():
        return steered
    elasticity = np.maximum(steered.pacing.response.mean[:, ELASTICITY], LEAST_ELASTICITY)
    logs = np.log(np.maximum(share, _TINY)) / elasticity[:, None]
    return replace(steered, offsets=np.where(share > 0.0, steered.offsets + logs, OFF))


def day_offset_lifts(steered: Steered, lifts: Floats) -> Floats:
    """Return by how much the log of a weekday's spend is more for its hours' offsets, (R, 7)."""
    size = np.exp(week_shape(steered.pacing, steered.shapes))
    more = (size * np.exp(lifts)).reshape(-1, 7, 24).sum(axis=2)
    return np.asarray(np.log(np.maximum(more, _TINY) / size.reshape(-1, 7, 24).sum(axis=2)))


def week_shape(pacing: Pacing, shapes: DayShapes) -> Floats:
    """Return the log of what each hour of the week spends at one multiplier, relative, (R, 168)."""
    newest = np.maximum(pacing.cells, 0) // 24
    own = pacing.response.mean[:, SHAPE] - shapes.mean[np.arange(len(newest)), newest]
    return np.asarray((shapes.mean + own[:, None]).reshape(len(newest), -1))
