"""What the hours and days until the end of a horizon are expected to spend.

The rest of today is forecast hour by hour, from today's level and a deviation that fades. Of later
days today tells less the further they are: their level comes back to the usual one. Whole days
are forecast by the sums of their weekdays, so that a month costs no more than a few days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.day_shapes import DayShapes
from engine.response import (
    DEVIATION,
    DEVIATION_STEP,
    FADING,
    KEPT,
    LEVEL,
    LEVEL_STEP,
    NOISE,
    SHAPE,
    STAYS,
    USUAL,
    Response,
)
from engine.rough import LEANING, trust

_TODAY: Final = 0.5 * (NOISE**2 + DEVIATION_STEP**2)
_LATER: Final = 0.5 * (
    NOISE**2 + DEVIATION_STEP**2 / (1.0 - FADING**2) + LEVEL_STEP**2 / (1.0 - STAYS**2)
)
"""By how much the log of the mean of an hour of today, and of a later day, lies above its
median: spend is log-normal."""

_STAYED: Final = STAYS ** np.arange(64.0)
"""Share of today's distance from the usual level that is left after so many days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """The hours and the whole days from the hour decided to the end of the horizon."""

    cells: Ints
    """Shape (B, R), hour of the local week of each hour, -1 beyond the horizon."""
    lift: Floats
    """Shape (B, R): by how much more than usual an hour is told to spend at the same multiplier,
    natural log; 0 where nothing special is known to come."""
    weekdays: Ints
    """Shape (B, D), of the whole days after the last of these hours, 0 (Monday) to 6, -1 beyond."""
    day_lift: Floats
    """Shape (B, D), as ``lift``, of these days."""


def hours_only(cells: Ints) -> Coming:
    """Return a horizon of hours (B, R) of which nothing special is told."""
    count = len(cells)
    return Coming(
        cells=cells,
        lift=np.zeros(cells.shape),
        weekdays=np.zeros((count, 0), dtype=np.int64),
        day_lift=np.zeros((count, 0)),
    )


def to_go(coming: Coming) -> Ints:
    """Return how many hours there are to the end of the horizon, (B,)."""
    hours = (coming.cells >= 0).sum(axis=1)
    return np.asarray(hours + 24 * (coming.weekdays >= 0).sum(axis=1))


def at_anchor(
    response: Response, shapes: DayShapes, coming: Coming, newest: tuple[Ints, Ints]
) -> tuple[Floats, Floats]:
    """Return the expected spend of each hour and each whole day at the anchor, minor units.

    The first array, (B, R + D), is what is expected now, the second what it would be without
    today's deviation.

    Parameters
    ----------
    newest
        The hour of the local week that is known last, -1 before the first, and how many hours
        after it are not reported yet; shapes (B,).
    """
    cell, unreported = newest
    cells = np.maximum(coming.cells, 0)
    known = np.where(cell < 0, cells[:, 0], cell)
    ahead, present = _days_ahead(coming, cells, known)
    size = _sizes(response, shapes, (cells, coming.weekdays), known // 24)
    size[:, : cells.shape[1]] += coming.lift
    size[:, cells.shape[1] :] += coming.day_lift
    mean, rough = response.mean, response.rough
    size += mean[:, USUAL, None] + _STAYED[ahead] * (mean[:, LEVEL] - mean[:, USUAL])[:, None]
    size += np.where(ahead > 0, _LATER, _TODAY)
    usual = np.where(present, np.exp(size), 0.0)
    now = usual * np.exp(_fading(response, ahead, unreported))
    sure = trust(rough)[:, None]
    if (sure == 1.0).all():
        return now, usual
    part = np.where(present, (1.0 - sure) * np.exp(_roughly(response, shapes, coming, cells)), 0.0)
    return sure * now + part, sure * usual + part


def _roughly(response: Response, shapes: DayShapes, coming: Coming, cells: Ints) -> Floats:
    """Return the log of each hour and whole day of rough campaigns at the anchor, (B, R + D)."""
    leaning = LEANING * shapes.mean
    hours = np.take_along_axis(leaning.reshape(len(cells), -1), cells, axis=1) + coming.lift
    whole = np.log(np.exp(leaning).sum(axis=2))
    days = np.take_along_axis(whole, np.maximum(coming.weekdays, 0), axis=1) + coming.day_lift
    mean_hour = np.log(response.rough.money / response.rough.hours)
    return np.asarray(mean_hour[:, None] + np.concatenate([hours, days], axis=1))


def _days_ahead(coming: Coming, cells: Ints, known: Ints) -> tuple[Ints, Bools]:
    """Return how many days after that of the hour known last each hour and whole day is (B, R + D).

    The second array says which of them the horizon has.
    """
    before = np.concatenate([known[:, None], cells[:, :-1]], axis=1)
    # The same weekday with an earlier hour is a week later.
    days = (cells // 24 - before // 24) % 7 + 7 * ((cells < before) & (cells // 24 == before // 24))
    hours = days.cumsum(axis=1)
    present = coming.cells >= 0
    last = np.where(present, hours, 0).max(axis=1)
    later = last[:, None] + np.arange(1, coming.weekdays.shape[1] + 1)
    ahead = np.concatenate([hours, later], axis=1)
    there = np.concatenate([present, coming.weekdays >= 0], axis=1)
    return np.minimum(ahead, len(_STAYED) - 1), there


def _sizes(
    response: Response, shapes: DayShapes, columns: tuple[Ints, Ints], today: Ints
) -> Floats:
    """Return the log of each hour and whole day against the level of its day, (B, R + D)."""
    cells, weekdays = columns
    count = len(cells)
    # The shape that is learned is that of the weekday known last.
    own = response.mean[:, SHAPE] - shapes.mean[np.arange(count), today]
    hours = np.take_along_axis(shapes.mean.reshape(count, -1), cells, axis=1)
    hours += np.take_along_axis(own, cells % 24, axis=1)
    if not weekdays.shape[1]:
        return hours
    whole = np.log(np.exp(shapes.mean + own[:, None]).sum(axis=2))
    days = np.take_along_axis(whole, np.maximum(weekdays, 0), axis=1)
    return np.concatenate([hours, days], axis=1)


def _fading(response: Response, ahead: Ints, unreported: Ints) -> Floats:
    """Return what of today's deviation is left in each hour and each later day, natural log.

    A later day takes over a share of what is left at the end of today.
    """
    today = ahead == 0
    steps = unreported[:, None] + np.arange(1, ahead.shape[1] + 1)
    at_end = unreported + today.sum(axis=1)
    left = np.where(today, FADING**steps, KEPT * _STAYED[ahead] * (FADING**at_end)[:, None])
    return np.asarray(response.mean[:, DEVIATION, None] * left)
