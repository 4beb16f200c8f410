"""Days of the month and months of the year: their sums, and the factors they make of a week.

A date's factor is its conversions against those that its hours would have at their weekdays'
usual, so that a weekday is not counted twice; months come first, and days of the month explain
what months leave. Each is shrunk towards 1 by its credibility: a date is an hour's worth of
chance (a Poisson count) and as many days' worth of chance as it has been seen on, for days
vary by more than counting. What has not been seen weighs what the week does.

Source: Bühlmann and Straub, "Glaubwürdigkeit für Schadensätze", Mitteilungen der Vereinigung
schweizerischer Versicherungsmathematiker 70 (1970); Bühlmann and Gisler, "A Course in
Credibility Theory and its Applications" (2005), chapter 4.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Floats, Ints, Rows
from engine.calendar import DATES, DAYS_OF_MONTH, date_of, weekday_of
from engine.hours import MILLIONTHS

UNDATED: Final = 2**62
"""``dated_from`` of a pattern of format 1: no day has been learned by its date yet."""

DAY_VARIANCE: Final = 0.2**2
"""Variance of a day's conversions around its usual beside what counting makes of it: days are
taken to vary by a fifth."""

DATE_VARIANCE: Final = 0.1**2
"""Variance of what days of the month are to each other: taken to differ by a tenth."""

MONTH_VARIANCE: Final = 0.2**2
"""Variance of what months are to each other: taken to differ by a fifth."""

_DAYS, _MONTHS = slice(0, DAYS_OF_MONTH), slice(DAYS_OF_MONTH, DATES)


def begin_dates(patterns: Rows, owners: Ints, days: Ints) -> Rows:
    """Return patterns of which local ``days`` close: those without dates have them from there.

    Hours of earlier days, which were added without their dates, so never are taken from them.
    """
    undated = patterns["dated_from"][owners] == UNDATED
    if not undated.any():
        return patterns
    after = patterns.copy()
    after["dated_from"][owners[undated]] = days[undated]
    return after


def add_dates(patterns: Rows, conversions: Ints, at: tuple[Ints, Ints], *, sign: int) -> Rows:
    """Return patterns with hours added to their dates (``sign`` 1) or taken away (-1).

    Parameters
    ----------
    patterns
        Shape (B,). Hours of days before ``dated_from`` change nothing.
    conversions
        Shape (N,), millionths, of one hour each.
    at
        The pattern and the local day of each hour; shapes (N,).
    """
    after = patterns.copy()
    dated = at[1] >= patterns["dated_from"][at[0]]
    owners, days = at[0][dated], at[1][dated]
    day, month = date_of(days)
    both, dates = np.concatenate([owners] * 2), np.concatenate([day, DAYS_OF_MONTH + month])
    weekdays = np.concatenate([weekday_of(days)] * 2)
    told = np.concatenate([sign * conversions[dated]] * 2)
    np.add.at(after["date_conversions"], (both, dates), told)
    after["date_hours"] += sign * _counted(after["date_hours"], (both, dates, weekdays))
    after["month_hours"] += sign * _counted(after["month_hours"], (owners, day, month))
    return after


def _counted(like: Ints, at: tuple[Ints, Ints, Ints]) -> NDArray[np.int16]:
    """Return how often each cell is named; counting is many times faster than adding at cells."""
    cells = np.ravel_multi_index(at, like.shape)
    counts = np.bincount(cells, minlength=like.size).reshape(like.shape)
    return counts.astype(np.int16)


def date_factors(patterns: Rows, week: Floats) -> Floats:
    """Return the factor of each date, > 0, shape (B, 43): 31 days of the month, 12 months.

    Parameters
    ----------
    patterns
        Shape (B,), `engine.patterns.PATTERN`.
    week
        Shape (B, 168), the learned relative rate of conversions, > 0.
    """
    hours = np.maximum(patterns["date_hours"], 0).astype(np.float64)
    seen = np.maximum(patterns["date_conversions"], 0) / MILLIONTHS
    usual = week.reshape(-1, 7, 24).mean(axis=2)
    exposure = (hours * usual[:, None, :]).sum(axis=2)
    days = hours.sum(axis=2) / 24.0
    factors = np.ones((len(patterns), DATES))
    factors[:, _MONTHS] = _credible(
        seen[:, _MONTHS], exposure[:, _MONTHS], days[:, _MONTHS], MONTH_VARIANCE
    )
    within = exposure[:, _DAYS] * _of_months(patterns, factors[:, _MONTHS])
    factors[:, _DAYS] = _credible(seen[:, _DAYS], within, days[:, _DAYS], DATE_VARIANCE)
    return factors


def _of_months(patterns: Rows, months: Floats) -> Floats:
    """Return the mean factor of the months that each day of the month was seen in, (B, 31)."""
    hours = np.maximum(patterns["month_hours"], 0).astype(np.float64)
    total = hours.sum(axis=2)
    mean = np.ones((len(patterns), DAYS_OF_MONTH))
    np.divide((hours * months[:, None, :]).sum(axis=2), total, out=mean, where=total > 0.0)
    return mean


def _credible(seen: Floats, exposure: Floats, days: Floats, variance: float) -> Floats:
    """Return each date's conversions against the expected ones, shrunk towards 1; shape (B, D).

    The weight of what was seen is ``variance / (variance + DAY_VARIANCE / days + 1 / expected)``.
    """
    total = exposure.sum(axis=1)
    level = np.divide(seen.sum(axis=1), total, out=np.zeros(len(seen)), where=total > 0.0)
    expected = exposure * level[:, None]
    known = (expected > 0.0) & (days > 0.0)
    noise = days + DAY_VARIANCE * expected
    told = np.divide(expected * days, noise, out=np.zeros(seen.shape), where=known)
    weight = variance * told / (1.0 + variance * told)
    ratio = np.divide(seen, expected, out=np.ones(seen.shape), where=known)
    return np.asarray(1.0 + weight * (ratio - 1.0))
