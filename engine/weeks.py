"""How much of a learned week lies between two moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.calendar import (
    DATES,
    DAY,
    DAYS_OF_MONTH,
    HOUR,
    HOURS_OF_WEEK,
    date_of,
    weekday_of,
)

_MONDAY = 3 * DAY
"""Seconds from a Monday midnight to the epoch's, which was a Thursday's."""

_BLOCK = 8
"""Days that are walked at a time: a week and the part of a day at its end."""


@dataclass(frozen=True, slots=True)
class WeekWeights:
    """Relative weights of the hours of the local week, and factors of dates, by campaign."""

    weights: Floats
    """Shape (B, 168), >= 0."""
    sums: Floats
    """Shape (B, 169): the sum of the hours before each hour, and of them all."""
    dates: Floats
    """Shape (B, 43), >= 0: what multiplies all hours of a day, by its day of the month and its
    month of the year."""
    dated: Bools
    """Shape (B,): whether any of the factors is not 1."""

    @classmethod
    def of(cls, weights: Floats, dates: Floats | None = None) -> WeekWeights:
        """Return the week with its running sums; without dates all days of a weekday are alike."""
        count = len(weights)
        sums = np.zeros((count, HOURS_OF_WEEK + 1))
        np.cumsum(weights, axis=1, out=sums[:, 1:])
        if dates is None:
            alike, never = np.broadcast_to(1.0, (count, DATES)), np.zeros(count, dtype=np.bool_)
            return cls(weights=weights, sums=sums, dates=alike, dated=never)
        return cls(weights=weights, sums=sums, dates=dates, dated=(dates != 1.0).any(axis=1))


def between(week: WeekWeights, starts: Ints, ends: Ints) -> Floats:
    """Return the weight of the wall-clock time from ``starts`` to ``ends``; shape (B,).

    Both are seconds of local wall time since 1970-01-01 00:00 local; 0 where
    ``ends <= starts``.
    """
    origin = (starts + _MONDAY) // (7 * DAY)
    total = _until(week, ends, origin) - _until(week, starts, origin)
    total = np.where(ends > starts, np.maximum(total, 0.0), 0.0)
    dated = np.flatnonzero(week.dated & (ends > starts))
    total[dated] = _walked(week, dated, starts[dated], ends[dated])
    return total


def date_factor(week: WeekWeights, days: Ints) -> Floats:
    """Return what each campaign's dates make of its local day; shape (B,)."""
    if not week.dated.any():
        return np.ones(len(days))
    rows, (day, month) = np.arange(len(days)), date_of(days)
    return np.asarray(week.dates[rows, day] * week.dates[rows, DAYS_OF_MONTH + month])


def _walked(week: WeekWeights, rows: Ints, starts: Ints, ends: Ints) -> Floats:
    """Return the weight from day to day, for dates do not repeat as weeks do; shape (N,)."""
    first, last = starts // DAY, (ends - 1) // DAY
    total, walked = np.zeros(len(rows)), 0
    left = np.arange(len(rows))
    while left.size:
        days = first[left, None] + np.arange(walked, walked + _BLOCK)
        bounds = starts[left, None] - days * DAY, ends[left, None] - days * DAY
        total[left] += _of_days(week, rows[left, None], days, bounds).sum(axis=1)
        walked += _BLOCK
        left = left[first[left] + walked <= last[left]]
    return total


def _of_days(week: WeekWeights, rows: Ints, days: Ints, bounds: tuple[Ints, Ints]) -> Floats:
    """Return the weight of each day's part between two seconds of it, which may lie outside."""
    day, month = date_of(days)
    factors = week.dates[rows, day] * week.dates[rows, DAYS_OF_MONTH + month]
    since, until = (np.clip(each, 0, DAY) for each in bounds)
    midnight = weekday_of(days) * 24
    weight = _in_day(week, rows, midnight, until) - _in_day(week, rows, midnight, since)
    return np.asarray(factors * weight)


def _in_day(week: WeekWeights, rows: Ints, midnight: Ints, seconds: Ints) -> Floats:
    """Return the weight of the hours before a second of the day, and of its own hour's part."""
    cell, part = midnight + seconds // HOUR, seconds % HOUR / float(HOUR)
    begun = week.weights[rows, np.minimum(cell, HOURS_OF_WEEK - 1)] * part
    return np.asarray(week.sums[rows, cell] + begun)


def _until(week: WeekWeights, walls: Ints, origin: Ints) -> Floats:
    """Return the weight from the Monday of week ``origin`` up to each wall time."""
    since = walls + _MONDAY - origin * (7 * DAY)
    weeks, rest = since // (7 * DAY), since % (7 * DAY)
    cell = rest // HOUR
    part = rest % HOUR / float(HOUR)
    rows = np.arange(len(walls))
    begun = week.weights[rows, cell] * part
    weight: Floats = weeks * week.sums[:, -1] + week.sums[rows, cell] + begun
    return weight
