"""What a group may spend in a day: its even part of what is left of the group's period."""

from __future__ import annotations

import numpy as np

from engine.calendar import month_first, month_of, weekday_of
from engine.errors import EngineError


def period_of(period: str, day: int) -> tuple[int, int]:
    """Return the first and the last local day of the day, week or month that ``day`` lies in.

    Raises
    ------
    EngineError
        A period that has no beginning of its own, such as a flight.
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
    raise EngineError(f"a group's budget is per day, week or month, not per {period}")


def mean_total(amount: int, period: str, days: tuple[int, int], spent: int) -> int:
    """Return what the group may spend on each of some days in the mean, minor units, rounded down.

    Parameters
    ----------
    amount, period, spent
        As for `day_total`; ``spent`` is that of the period that the first day lies in.
    days
        The first day and how many they are; those of a later period have an even part of its
        budget.
    """
    (first, count), total = days, 0
    begins, last = period_of(period, first)
    for day in range(first, first + count):
        if day <= last:
            total += day_total(amount, period, first, spent)
        else:
            begins, ends = period_of(period, day)
            total += amount // (ends - begins + 1)
    return total // count


def day_total(amount: int, period: str, day: int, spent: int) -> int:
    """Return what the group may spend on a local day, minor units, rounded down.

    Parameters
    ----------
    amount
        The period's budget, minor units.
    day
        Days since 1970-01-01.
    spent
        What the period's earlier days have spent, or are taken to have; minor units.

    Returns
    -------
    What is left over the days that are left, this one included: the last day has all of it, so that
    what is spent in full sums to ``amount``. Never below 0.
    """
    last = period_of(period, day)[1]
    return max(amount - spent, 0) // (last - day + 1)
