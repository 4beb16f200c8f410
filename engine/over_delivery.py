"""What platforms may spend of a daily budget: a "daily budget" is a target there, and no cap.

A platform lets a good day spend more than its budget and makes up for it later in its week or
month. Where that budget is what is turned, a hard cap holds only if it holds for the most that
the platform may make of it.

A budget that is changed makes the rules looser: of the day it was changed on counts the highest
budget set, and what the period had spent until then stays spent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Ints
from engine.calendar import month_first, month_of, weekday_of
from engine.errors import EngineError
from engine.platform_rules import NO_LIMIT, OF_DAYS, Rule

LARGEST: Final = 10**16
"""Most minor units that a daily budget may have: more than any plan says."""

_BITS: Final = 54
_ENDLESS: Final = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What was set and spent so far; arrays of shape (B,), money in minor units."""

    highest_today: Ints
    """Highest daily budget that was set today, >= 0."""
    today: Ints
    week: Ints
    """Spent in the platform's week so far, today included."""
    month: Ints
    week_before: Ints
    """Of that, what was spent before the budget was last changed in this week; 0 if never."""
    month_before: Ints
    week_days: Ints
    """Days of the week from that change on, its own included; 0 where there was no change."""
    month_days: Ints
    week_left: Ints
    """Days of the week after today, 0 to 6."""
    month_left: Ints
    """Days of the month after today, 0 to 30."""
    month_length: Ints
    """28 to 31."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is, or may be, spent from now to the end of a day, week and month; shapes (B,)."""

    day: Ints
    week: Ints
    month: Ints

    def within(self, other: Rest) -> Bools:
        """Return whether each campaign stays within ``other`` in all three."""
        return np.asarray(
            (self.day <= other.day) & (self.week <= other.week) & (self.month <= other.month)
        )


def days_after(rules: Sequence[Rule], days: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the days of week and of month after each local day, and the month's length; (B,)."""
    begins = np.array([rule.week_begins for rule in rules], dtype=np.int64)
    week = 6 - (weekday_of(days) - begins) % 7
    first, following = month_first(month_of(days)), month_first(month_of(days) + 1)
    return week, following - 1 - days, following - first


def worst_case(rules: Sequence[Rule], daily: Ints, delivered: Delivered) -> Rest:
    """Return the most that a platform may still spend if the daily budget stays as it is.

    Parameters
    ----------
    daily
        Shape (B,), minor units, 0 to `LARGEST`: the daily budget in force.

    Raises
    ------
    EngineError
        When a budget is below 0 or above `LARGEST`.
    """
    highest = np.maximum(delivered.highest_today, daily)
    if ((daily < 0) | (highest > LARGEST)).any():
        raise EngineError(f"daily budgets must lie in 0 to {LARGEST:,}, was {daily.tolist()}")
    known = _Factors.of(rules, delivered.month_length)
    day = np.maximum(_times(highest, known.day) - delivered.today, 0)
    # A change loosens the limits of week and month: today they are those of the highest budget.
    day = np.minimum(day, _left(highest, known.week, delivered.week))
    day = np.minimum(day, _left(highest, known.month, delivered.month))
    later = _times(daily, known.day)
    whole_week = np.minimum(later * 7, _left(daily, known.week, np.zeros_like(daily)))
    of_week, of_month = _period_limits(known, daily, delivered)
    week = np.minimum(day + later * delivered.week_left, np.maximum(of_week, day))
    inside = np.minimum(delivered.week_left, delivered.month_left)
    weeks, days = np.divmod(delivered.month_left - inside, 7)
    month = np.minimum(week, day + later * inside)
    month = month + whole_week * weeks + np.minimum(later * days, whole_week)
    return Rest(day=day, week=week, month=np.minimum(month, np.maximum(of_month, day)))


def highest_daily(rules: Sequence[Rule], delivered: Delivered, caps: Rest) -> tuple[Ints, Bools]:
    """Return the highest daily budget whose worst case stays within what may still be spent.

    It is whole minor units, so rounded down. It may be set now, or be in force already: the
    worst case holds either way. Where even 0 does not keep the caps, for a higher budget was set
    today already, it is 0 and the second array, both (B,), is false.

    Parameters
    ----------
    caps
        What the rest of the day, week and month may spend, >= 0; `engine.plans.UNLIMITED` or more
        stands for no cap.
    """
    found = np.zeros(len(caps.day), dtype=np.int64)
    for bit in range(_BITS - 1, -1, -1):
        higher = found + (1 << bit)
        fits = (higher <= LARGEST) & _keeps(rules, np.minimum(higher, LARGEST), delivered, caps)
        found = np.where(fits, higher, found)
    return found, _keeps(rules, found, delivered, caps)


def _keeps(rules: Sequence[Rule], daily: Ints, delivered: Delivered, caps: Rest) -> Bools:
    stays = worst_case(rules, daily, delivered).within(caps)
    return np.asarray(stays & worst_case(rules, daily, _changed_now(delivered)).within(caps))


def _changed_now(delivered: Delivered) -> Delivered:
    """Return the same where the budget is changed now."""
    return replace(
        delivered,
        week_before=delivered.week,
        month_before=delivered.month,
        week_days=delivered.week_left + 1,
        month_days=delivered.month_left + 1,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Factors:
    """Hundredths of the daily budget, shapes (B,)."""

    day: Ints
    week: Ints
    month: Ints

    @classmethod
    def of(cls, rules: Sequence[Rule], month_length: Ints) -> _Factors:
        months = np.array([rule.month for rule in rules], dtype=np.int64)
        return cls(
            day=np.array([rule.day for rule in rules], dtype=np.int64),
            week=np.array([rule.week for rule in rules], dtype=np.int64),
            month=np.where(months == OF_DAYS, 100 * month_length, months),
        )


def _period_limits(known: _Factors, daily: Ints, delivered: Delivered) -> tuple[Ints, Ints]:
    """Return what the limits of week and month leave: of the whole, or since the last change.

    From a change on a period has the budget times the days that it still had.
    """
    left = []
    for whole, per_day, spent, before, days in (
        (
            known.week,
            -(-known.week // 7),
            delivered.week,
            delivered.week_before,
            delivered.week_days,
        ),
        (known.month, 100, delivered.month, delivered.month_before, delivered.month_days),
    ):
        changed = (days > 0) & (whole != NO_LIMIT)
        left.append(
            _left(
                daily,
                np.where(changed, per_day * days, whole),
                spent - np.where(changed, before, 0),
            )
        )
    return left[0], left[1]


def _times(daily: Ints, hundredths: Ints) -> Ints:
    """Return the product, rounded up; whole hundreds and the rest apart, for it would overflow."""
    return np.asarray(daily // 100 * hundredths - (-(daily % 100) * hundredths // 100))


def _left(daily: Ints, hundredths: Ints, spent: Ints) -> Ints:
    """Return what a limit leaves of itself, >= 0; more than anything where there is none."""
    left = np.maximum(_times(daily, hundredths) - spent, 0)
    return np.where(hundredths == NO_LIMIT, _ENDLESS, left)
