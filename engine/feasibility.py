"""Whether a plan's minimums can be kept at all: what they need of a day, and of its period.

A plan whose minimums exceed its budget even if nothing was spent yet contradicts itself. It is
refused, for no split of its budget keeps its bounds. Where a plan could be kept but what
was spent leaves too little, the cap goes first and the minimum is left aside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Floats, Ints
from engine.calendar import DAY, FAR
from engine.gaps import outside
from engine.situation import Clock, Situation
from engine.weeks import WeekWeights

_MOST = 2**60


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimums:
    """What minimums come to, and what there is for them; shapes (B,), minor units."""

    needed: Ints
    """Of the day, if that does not fit into its cap, else of the period."""
    available: Ints
    """The day's cap, or what the period may spend: less than ``needed`` where a plan is refused."""
    ahead: Ints
    """What the daily minimum needs of each whole day from today on."""


def minimums(
    situation: Situation, clock: Clock, period: tuple[Ints, Ints], gaps: Ints, allowance: Ints
) -> Minimums:
    """Return what the minimums of plans come to.

    An hour of each day counts once, whatever the clocks do, and not where it weighs nothing.

    Parameters
    ----------
    period
        First and last local day of the period; shapes (B,).
    gaps
        Shape (B, G, 2), as `engine.gaps.merged` returns them.
    allowance
        Shape (B,), minor units: what the whole period may spend.
    """
    plans, (first, last) = situation.plans, period
    none = np.zeros(len(plans), dtype=np.int64)
    if not (plans["daily_floor"] | plans["hourly_floor"]).any():
        return Minimums(needed=none, available=allowance, ahead=none)
    whole, open_ = _all_hours(len(plans)), _open_hours(situation)
    ends = (np.minimum(last, FAR) + 1) * DAY
    hours_today = outside(open_, gaps, clock.day * DAY, (clock.day + 1) * DAY)
    today = _times(plans["hourly_floor"], hours_today)
    by_hour = _times(plans["hourly_floor"], outside(open_, gaps, first * DAY, ends))
    by_day = _times(plans["daily_floor"], outside(whole, gaps, first * DAY, ends) / 24.0)
    of_period = np.maximum(by_hour, by_day)
    short = today > plans["daily_cap"]
    left = outside(whole, gaps, clock.day * DAY, ends) / 24.0
    return Minimums(
        needed=np.where(short, today, of_period),
        available=np.where(short, plans["daily_cap"], allowance),
        ahead=_times(plans["daily_floor"], left),
    )


def _open_hours(situation: Situation) -> WeekWeights:
    """Return a week that weighs 1 where anything may be spent, and 0 elsewhere."""
    week = situation.week
    dates = (week.dates > 0.0).astype(np.float64)
    return WeekWeights.of((week.weights > 0.0).astype(np.float64), dates)


def _all_hours(count: int) -> WeekWeights:
    return WeekWeights.of(np.ones((count, 168)))


def _times(amount: Ints, times: Floats) -> Ints:
    """Return the product; where it would overflow, more than there ever is."""
    counts = np.round(times).astype(np.int64)
    return np.where(amount < _MOST // np.maximum(counts, 1), amount * counts, _MOST)
