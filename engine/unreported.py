"""What the hours may have spent that nobody has reported yet."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Ints
from engine.calendar import HOUR
from engine.in_force import current_value, highest_since
from engine.situation import Clock, Situation

SETTLING: Final = 10 * 60
"""Seconds from the beginning of an hour in which its budget is usually set: that of the hour before
is not taken to have been spent in them."""

_MOST: Final = 2**50


def held_rate(situation: Situation, clock: Clock, today_spent: Ints) -> Ints:
    """Return what an hour spends that is held to its budget, (B,), minor units.

    It is the budget in force, else the mean of today's hours, of which ``today_spent`` (B,) is the
    sum.
    """
    known, value = current_value(situation.in_force, situation.plans)
    hours = np.maximum((clock.reported_until - clock.day_start) // HOUR, 1)
    rate = np.where(known, value, np.maximum(today_spent, 0) // hours)
    return np.minimum(rate, _MOST)


def most_allowed(situation: Situation, clock: Clock, rate: Ints) -> Ints:
    """Return the most that an unreported hour may have spent, (B,), minor units.

    It is the highest budget that was in force in one of them, at least ``rate`` (B,); that of the
    last reported hour counts from `SETTLING` on.
    """
    since = clock.reported_until + SETTLING
    highest = highest_since(situation.in_force, situation.plans, since)
    return np.maximum(rate, np.minimum(highest, _MOST))


def unreported(rate: Ints, clock: Clock, since: Ints) -> Ints:
    """Return what was spent unreported since ``since`` (B,), seconds, at ``rate`` (B,) an hour.

    Minor units, rounded up; shape (B,).
    """
    seconds = np.maximum(clock.target - np.maximum(clock.reported_until, since), 0)
    hours, part = seconds // HOUR, seconds % HOUR
    spend: Ints = rate * hours - (-rate * part // HOUR)
    return spend
