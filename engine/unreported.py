"""What the hours may have spent that nobody has reported yet."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Bools, Ints
from engine.calendar import HOUR
from engine.in_force import current_value, highest_since, highest_within
from engine.situation import Clock, Situation

SETTLING: Final = 10 * 60
"""Seconds from the beginning of an hour in which its budget is usually set: that of the hour before
is not taken to have been spent in them."""

SETTLED: Final = 15 * 60
"""Seconds from the beginning of an hour in which a budget that a tick lowers is set: `SETTLING`
and some for the tick and the way."""

AGAIN: Final = 2
"""Hours in which what is in force may be spent before the next chance to lower it has passed."""

EVEN: Final = 1.25
"""Times its even part of what is left that an hour may spend which nothing was decided for."""

_MOST: Final = 2**50
_EACH: Final = 48


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


def at_worst(situation: Situation, clock: Clock, rate: Ints, since: Ints) -> Ints:
    """Return the most that may be spent unreported since ``since`` (B,), minor units, (B,).

    At ``rate`` (B,) an hour at least, but in silence: there hours are many, and each counts as
    what was in force in it.
    """
    worst = unreported(most_allowed(situation, clock, rate), clock, since)
    known, _ = current_value(situation.in_force, situation.plans)
    rows = np.flatnonzero(situation.silent & known)
    if rows.size:
        forced, plans, ends = situation.in_force[rows], situation.plans[rows], clock.target[rows]
        begins = np.minimum(np.maximum(clock.reported_until, since)[rows], ends)
        starts = ends[:, None] - np.arange(1, _EACH + 1) * HOUR
        each = highest_within(forced, plans, (starts + SETTLED, starts + HOUR))
        older = np.maximum((ends - begins) // HOUR - _EACH, 0) * each.max(axis=1)
        worst[rows] = (np.minimum(each, _MOST) * (starts >= begins[:, None])).sum(axis=1) + older
    return worst


def lasting(situation: Situation, clock: Clock, hard_cap: Ints) -> Ints:
    """Return what an hour may spend of what today still may, ``hard_cap`` (B,), minor units.

    In silence it may be as much in each of today's hours, should nothing be heard any more.
    """
    return np.where(situation.silent, hard_cap // clock.hours, hard_cap)


def harmless(situation: Situation, clock: Clock, hard_cap: Ints) -> Bools:
    """Return whether what is in force cannot spend more than today may, ``hard_cap``; (B,).

    In silence not even `AGAIN`, as nothing else may come that lowers it; and where the target hour
    was not decided either, not much more than its even part: that is what it costs to hear nothing.
    """
    known, current = current_value(situation.in_force, situation.plans)
    current, silent = np.minimum(current, _MOST), situation.silent
    undecided = silent & (situation.in_force["replaced_at"][:, 0] < clock.target)
    hours = np.where(silent, np.minimum(clock.hours, AGAIN), 1)
    uneven = undecided & (current * clock.hours > EVEN * np.maximum(hard_cap, 0))
    return np.asarray(~(known & ((current * hours > hard_cap) | uneven)))


def unreported(rate: Ints, clock: Clock, since: Ints) -> Ints:
    """Return what was spent unreported since ``since`` (B,), seconds, at ``rate`` (B,) an hour.

    Minor units, rounded up; shape (B,).
    """
    seconds = np.maximum(clock.target - np.maximum(clock.reported_until, since), 0)
    hours, part = seconds // HOUR, seconds % HOUR
    spend: Ints = rate * hours - (-rate * part // HOUR)
    return spend
