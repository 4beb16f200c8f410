"""Account-local time in batches: the day, week, month and hour of week of an instant.

Instants are int64 seconds since the epoch; local days are days since 1970-01-01;
weeks begin on Monday. Days of 23 and 25 hours, and of half-hour changes, are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Ints
from engine.zones import FIRST_DAY, LAST_DAY, ZoneDays

HOUR = 3_600
DAY = 86_400
HOURS_OF_WEEK = 168
DAYS_OF_MONTH = 31
MONTHS_OF_YEAR = 12
DATES = DAYS_OF_MONTH + MONTHS_OF_YEAR
"""Days of the month, then months of the year, where both lie along one axis."""
FAR = LAST_DAY - 1
"""Stands for "no end": the last local day that is known."""

_EASTMOST = 14 * HOUR
"""By how much the zone that is furthest ahead of UTC is ahead of it."""

_MONDAY = 3
"""Days from a Monday to the epoch's, which was a Thursday."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The local days of several zones; arrays of shape (Z, days), int32, as in `ZoneDays`."""

    start: NDArray[np.int32]
    offset: NDArray[np.int32]
    shift: NDArray[np.int32]

    @classmethod
    def of(cls, zones: Sequence[ZoneDays]) -> Calendar:
        """Return the calendar whose row ``z`` is ``zones[z]``; at least one zone."""
        return cls(
            start=np.stack([zone.start for zone in zones]),
            offset=np.stack([zone.offset for zone in zones]),
            shift=np.stack([zone.shift for zone in zones]),
        )


def day_start(calendar: Calendar, zones: Ints, days: Ints) -> Ints:
    """Return the first instant of local days; days beyond the calendar are moved to its edge."""
    known = _within(days)
    return known * DAY + calendar.start[zones, known - FIRST_DAY]


def local_day(calendar: Calendar, zones: Ints, instants: Ints) -> Ints:
    """Return the local day that each instant lies in; shapes (B,)."""
    days = (instants + _EASTMOST) // DAY
    for _ in range(2):
        days = days - (day_start(calendar, zones, days) > instants)
    return _within(days)


def _within(days: Ints) -> Ints:
    # For a few campaigns, np.clip takes five times as long as the two bounds do.
    return np.minimum(np.maximum(days, FIRST_DAY), FAR)


def utc_offset(calendar: Calendar, zones: Ints, instants: Ints, days: Ints) -> Ints:
    """Return the seconds that local time is ahead of UTC, given the instants' local days."""
    index = days - FIRST_DAY
    shifted = instants - days * DAY >= calendar.shift[zones, index]
    following = np.minimum(index + 1, calendar.offset.shape[1] - 1)
    offsets = np.where(shifted, calendar.offset[zones, following], calendar.offset[zones, index])
    return offsets.astype(np.int64)


def hour_of_week(calendar: Calendar, zones: Ints, instants: Ints, days: Ints) -> Ints:
    """Return the local hour of the week, 0 to 167, Monday midnight is 0."""
    wall = instants + utc_offset(calendar, zones, instants, days)
    return weekday_of(days) * 24 + wall % DAY // HOUR


def weekday_of(days: Ints) -> Ints:
    """Return the weekday of local days, Monday is 0."""
    return (days + _MONDAY) % 7


def week_of(days: Ints) -> Ints:
    """Return the number of the week, Monday to Sunday."""
    return (days + _MONDAY) // 7


def week_first(days: Ints) -> Ints:
    """Return the Monday of each day's week."""
    return days - weekday_of(days)


def month_of(days: Ints) -> Ints:
    """Return months since January 1970."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_first(months: Ints) -> Ints:
    """Return the first day of each month, given in months since January 1970."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def date_of(days: Ints) -> tuple[Ints, Ints]:
    """Return the day of the month, 0 to 30, and the month of the year, 0 to 11, of local days."""
    months = month_of(days)
    return days - month_first(months), months % 12
