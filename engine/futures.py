"""Possible futures of a campaign: draws of what its filter is not sure of, and of the days to come.

A draw is one campaign as it may truly be, with the days and hours that it may meet. Chance is given
from outside, as standard normals, so that the same numbers can be used for every question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.day_shapes import DayShapes
from engine.pacer import Pacing
from engine.response import (
    CURVATURE,
    DEVIATION_STEP,
    ELASTICITY,
    FADING,
    LEAST_CURVATURE,
    LEAST_ELASTICITY,
    LEVEL,
    LEVEL_STEP,
    MOST_CURVATURE,
    MOST_ELASTICITY,
    SHAPE,
    STAYS,
    USUAL,
    USUAL_STEP,
    hour_noise,
)

MOST_SURPRISING: Final = 4.0
"""Standard deviations beyond which nothing is drawn: the log-normal tail has no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Standard normal numbers for K draws of H hours that lie in D days."""

    posterior: Floats
    """Shape (K, 29)."""
    days: Floats
    """Shape (K, 2, D): of a day's level, and of the usual one's."""
    hours: Floats
    """Shape (K, 2, H): of the unrest within a day, and of an hour's own noise."""
    rate: Floats
    """Shape (K,): of how many conversions money buys."""
    hourly: Floats
    """Shape (K, 24): of how an hour of the day differs in that."""
    counts: Floats
    """Shape (K,): of what comes of the conversions expected."""
    worth: Floats
    """Shape (K,): of what they are worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Futures:
    """K draws of each of B campaigns over H hours."""

    size: Floats
    """Shape (B, K, H): what each hour would spend at the anchor's multiplier, minor units."""
    elasticity: Floats
    """Shape (B, K), at the anchor."""
    curvature: Floats
    """Shape (B, K)."""
    anchor: Floats
    """Shape (B,), log multiplier."""


def futures(pacing: Pacing, shapes: DayShapes, cells: Ints, chance: Chance) -> Futures:
    """Draw futures of whole local days that follow the newest hour's day.

    Parameters
    ----------
    cells
        Shape (H,), hour of the local week of each hour, in their order, from a midnight on.
    chance
        The same numbers serve all B campaigns.
    """
    drawn = _posterior(pacing, chance)
    days = np.cumsum(np.diff(cells // 24, prepend=cells[0] // 24) != 0)
    level = _levels(drawn, chance)[:, :, days]
    today = np.maximum(pacing.cells, 0) // 24
    rows = np.arange(len(today))
    weekday = shapes.mean[rows[:, None], cells // 24, cells % 24]
    own = drawn[:, :, SHAPE] - shapes.mean[rows, today][:, None]
    noise = np.sqrt(hour_noise(pacing.response))[:, None, None]
    unrest = _unrest(chance) + noise * _bounded(chance.hours[:, 1])
    size = level + weekday[:, None] + own[:, :, cells % 24] + unrest
    return Futures(
        size=np.exp(size),
        elasticity=np.clip(drawn[:, :, ELASTICITY], LEAST_ELASTICITY, MOST_ELASTICITY),
        curvature=np.clip(drawn[:, :, CURVATURE], LEAST_CURVATURE, MOST_CURVATURE),
        anchor=pacing.response.anchor,
    )


def _posterior(pacing: Pacing, chance: Chance) -> Floats:
    """Return draws (B, K, 29) of all that the filter has learned."""
    values, vectors = np.linalg.eigh(pacing.response.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    moved = np.einsum("bij,kj->bki", root, _bounded(chance.posterior))
    return np.asarray(pacing.response.mean[:, None] + moved)


def _levels(drawn: Floats, chance: Chance) -> Floats:
    """Return the level (B, K, D) of each day: it comes back to the usual one, which wanders."""
    away = drawn[:, :, LEVEL] - drawn[:, :, USUAL]
    usual, found = drawn[:, :, USUAL], []
    for day, wander in zip(*np.moveaxis(_bounded(chance.days), 1, 0).swapaxes(1, 2), strict=True):
        away = STAYS * away + LEVEL_STEP * day
        usual = usual + USUAL_STEP * wander
        found.append(usual + away)
    return np.stack(found, axis=2)


def _unrest(chance: Chance) -> Floats:
    """Return the deviation (K, H) that fades from hour to hour."""
    steps = _bounded(chance.hours[:, 0]).T
    now = steps[0] * DEVIATION_STEP / np.sqrt(1.0 - FADING**2)
    found = [now]
    for step in steps[1:]:
        now = FADING * now + DEVIATION_STEP * step
        found.append(now)
    return np.stack(found, axis=1)


def _bounded(normals: Floats) -> Floats:
    return np.clip(normals, -MOST_SURPRISING, MOST_SURPRISING)
