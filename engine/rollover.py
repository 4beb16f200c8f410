"""Rollover: what earlier periods of a flight left over for the current one."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine import money
from engine.arrays import Ints
from engine.calendar import local_day, month_first, month_of, week_first, week_of
from engine.plans import PERIODS, ROLLOVERS, UNLIMITED
from engine.situation import Clock, Situation

_MONTHLY: Final = PERIODS.index("month")
_FLIGHT: Final = PERIODS.index("flight")
_NO_ROLLOVER, _, _CAPPED = range(len(ROLLOVERS))


def carried(situation: Situation, clock: Clock, spent: Ints, gaps: Ints) -> Ints:
    """Return what earlier periods of the flight left over, below zero where they overspent.

    Each period since the first hour known had its budget, unless all its days lie in gaps.

    Parameters
    ----------
    spent
        Shape (B,), minor units that the current period has spent within the flight.
    gaps
        Shape (B, G, 2), as `engine.gaps.merged` returns them.
    """
    plans, campaigns = situation.plans, situation.campaigns
    rolls = (plans["rollover"] != _NO_ROLLOVER) & (plans["period"] != _FLIGHT)
    if not rolls.any():
        return np.zeros(len(plans), dtype=np.int64)
    known = local_day(situation.calendar, situation.zones, campaigns["first"].astype(np.int64))
    first = np.maximum(plans["flight_first"], np.minimum(known, clock.day))
    first = np.minimum(first, clock.day)
    periods = np.minimum(plans["period"], _MONTHLY)
    ended = _number(periods, clock.day) - _number(periods, first)
    ended -= _in_gaps(periods, gaps, first, clock.day)
    flight = money.ceil_to_minor(campaigns["flight"], plans["exponent"].astype(np.int64))
    budget = plans["amount"] * np.minimum(ended, UNLIMITED // np.maximum(plans["amount"], 1))
    left = budget - (flight - spent)
    capped = plans["rollover"] == _CAPPED
    return np.where(rolls, np.where(capped, np.minimum(left, plans["rollover_cap"]), left), 0)


def _in_gaps(periods: Ints, gaps: Ints, first: Ints, day: Ints) -> Ints:
    """Return how many periods from ``first`` to before ``day`` have no day outside a gap."""
    count = np.zeros(len(day), dtype=np.int64)
    for gap in np.moveaxis(gaps, 1, 0):
        begin = np.where(gap[:, 0] <= first, _begin(periods, first), gap[:, 0])
        end = np.minimum(gap[:, 1] + 1, _begin(periods, day))
        whole = _number(periods, end) - _number(periods, begin - 1) - 1
        count += np.where(end > begin, np.maximum(whole, 0), 0)
    return count


def _number(periods: Ints, days: Ints) -> Ints:
    """Return the number of the day, week or month that each day lies in."""
    return np.choose(periods, [days, week_of(days), month_of(days)])


def _begin(periods: Ints, days: Ints) -> Ints:
    """Return the first day of the day, week or month that each day lies in."""
    return np.choose(periods, [days, week_first(days), month_first(month_of(days))])
