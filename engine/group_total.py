"""What a group may spend in a day: its even part of what is left of the group's period."""

from __future__ import annotations

import numpy as np

from engine.calendar import month_first, month_of, weekday_of
from engine.errors import EngineError

Span = tuple[int, int]
"""A first and a last local day, days since 1970-01-01."""


def period_of(period: str, day: int, flight: Span | None = None) -> Span:
    """Return the first and the last local day of the day, week or month that ``day`` lies in.

    Of a flight they are those of ``flight``, wherever the day lies.

    Raises
    ------
    EngineError
        A period that has no beginning of its own, and a flight that was not given.
    """
    days = np.array([day])
    if period == "day":
        return day, day
    if period == "week":
        first = day - int(weekday_of(days)[0])
        return first, first + 6
    if period == "month":
        month = month_of(days)
        return int(month_first(month)[0]), int(month_first(month + 1)[0]) - 1
    if period == "flight" and flight is not None:
        return flight
    raise EngineError(f"a budget per {period} needs the first and the last day of its flight")


def mean_total(amount: int, period: str, days: Span, spent: int, flight: Span | None = None) -> int:
    """Return what the group may spend on each of some days in the mean, minor units, rounded down.

    Parameters
    ----------
    amount, period, spent, flight
        As for `day_total`; ``spent`` is that of the period that the first day lies in.
    days
        The first day and how many they are; those of a later period have an even part of its
        budget, and those after a flight nothing.
    """
    (first, count), total = days, 0
    last = period_of(period, first, flight)[1]
    for day in range(first, first + count):
        if day <= last:
            total += day_total(amount, period, first, spent, flight)
        elif flight is None:
            begins, ends = period_of(period, day)
            total += amount // (ends - begins + 1)
    return total // count


def day_total(amount: int, period: str, day: int, spent: int, flight: Span | None = None) -> int:
    """Return what the group may spend on a local day, minor units, rounded down.

    Parameters
    ----------
    amount
        The period's budget, minor units.
    day
        Days since 1970-01-01.
    spent
        What the period's earlier days have spent, or are taken to have; minor units.
    flight
        First and last day, of a budget per flight.

    Returns
    -------
    What is left over the days that are left, this one included: the last day has all of it, so that
    what is spent in full sums to ``amount``. Never below 0; nothing outside of a flight.
    """
    first, last = period_of(period, day, flight)
    if not first <= day <= last:
        return 0
    return max(amount - spent, 0) // (last - day + 1)
