"""The horizon: what a budget leaves for today, and how far the period has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine import money
from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import (
    DAY,
    FAR,
    HOUR,
    Calendar,
    day_start,
    hour_of_week,
    local_day,
    month_first,
    month_of,
    utc_offset,
    week_first,
)
from engine.plans import PERIODS, ROLLOVERS, UNLIMITED
from engine.situation import Clock, Situation
from engine.weeks import WeekWeights, between

SLOTS: Final = 25
"""Hours of the longest local day."""

_DAILY, _WEEKLY, _MONTHLY, _FLIGHT = range(len(PERIODS))
_MOST: Final = 2**50
_NO_ROLLOVER, _, _CAPPED = range(len(ROLLOVERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """Money and expected share of a plan's period; shapes (B,), money in minor units."""

    allowance: Ints
    """What the period may spend: its budget and what earlier ones left over."""
    spent: Ints
    """What it has spent, rounded up."""
    in_flight: Ints
    """What is expected to have been spent but not reported yet."""
    left: Ints
    """What it may still spend, below zero when overspent."""
    today: Ints
    """What the rest of today may spend, >= 0."""
    hard_cap: Ints
    """What the rest of today must not exceed, >= 0."""
    elapsed: Floats
    """Expected weight of the period up to the end of the newest hour."""
    rest: Floats
    """Expected weight of the period from the target hour on."""
    rest_today: Floats
    """Expected weight of today from the target hour on."""
    end: Ints
    """First second after the period."""
    started: Ints
    """First second of the period that counts: of its flight, or of the first hour known."""


def clock_of(situation: Situation) -> Clock:
    """Return which hour is decided, and its local day."""
    campaigns, calendar, zones = situation.campaigns, situation.calendar, situation.zones
    newest = campaigns["newest"].astype(np.int64)
    hour, hour_end = situation.hour, newest + HOUR
    late = np.maximum(situation.now - hour, 0) // HOUR
    target = hour + late * HOUR
    day = local_day(calendar, zones, target)
    end = day_start(calendar, zones, day + 1)
    hours = np.minimum(-((target - end) // HOUR), SLOTS)
    starts = target[:, None] + np.arange(SLOTS) * HOUR
    cells = hour_of_week(calendar, zones[:, None], starts, day[:, None])
    return Clock(
        hour=hour,
        target=target,
        day=day,
        day_start=day_start(calendar, zones, day),
        hours=hours,
        cells=np.where(np.arange(SLOTS) < hours[:, None], cells, 0),
        newest_day=local_day(calendar, zones, newest),
        reported_until=np.minimum(hour_end, np.maximum(situation.now, newest)),
    )


def slot_weights(week: WeekWeights, clock: Clock) -> Floats:
    """Return the weights of today's remaining hours, 0 beyond the day; shape (B, 25)."""
    weights = np.take_along_axis(week.weights, clock.cells, axis=1)
    return np.where(np.arange(SLOTS) < clock.hours[:, None], weights, 0.0)


def horizon_of(situation: Situation, clock: Clock, slots: Floats) -> Horizon:
    """Return what each campaign's period and day may still spend.

    Today's part of a longer period is its share of the expected weight that is left, at
    least the plan's daily minimum, and never more than its daily cap or what is left.
    """
    plans = situation.plans
    first, last = _period(plans, clock.day)
    spent, today_spent = _spent(situation, clock)
    allowance = plans["amount"] + _carried(situation, clock, spent)
    rate = _rate(situation, clock, today_spent)
    in_flight = _unreported(rate, clock, _start(situation, first))
    in_flight_today = _unreported(rate, clock, clock.day_start)
    left = allowance - spent - in_flight
    rest_today = slots.sum(axis=1)
    rest = rest_today + _later(situation, clock, last)
    day_left = plans["daily_cap"] - today_spent - in_flight_today
    hard_cap = np.maximum(np.minimum(left, day_left), 0)
    share = _share(left, rest_today, rest)
    floor = np.minimum(plans["daily_floor"] - today_spent - in_flight_today, left)
    started = np.maximum(_start(situation, first), situation.campaigns["first"])
    ends = np.maximum(clock.reported_until, started)
    return Horizon(
        allowance=allowance,
        spent=spent,
        in_flight=in_flight,
        left=left,
        today=np.clip(np.maximum(share, floor), 0, hard_cap),
        hard_cap=hard_cap,
        elapsed=_expected(situation, _wall(situation, started), _wall(situation, ends)),
        rest=rest,
        rest_today=rest_today,
        end=_start(situation, last + 1),
        started=started,
    )


def in_gap(gaps: Ints, days: Ints) -> Bools:
    """Return whether each local day lies in a gap of its flight; gaps (B, G, 2), days (B,)."""
    inside = (gaps[:, :, 0] <= days[:, None]) & (days[:, None] <= gaps[:, :, 1])
    return np.asarray(inside.any(axis=1))


def _period(plans: Rows, day: Ints) -> tuple[Ints, Ints]:
    """Return the first and last local day of the current period, within the flight."""
    month = month_of(day)
    monday = week_first(day)
    bounds = [
        (day, day),
        (monday, monday + 6),
        (month_first(month), month_first(month + 1) - 1),
        (plans["flight_first"], plans["flight_last"]),
    ]
    first = np.choose(plans["period"], [bound[0] for bound in bounds])
    last = np.choose(plans["period"], [bound[1] for bound in bounds])
    return np.maximum(first, plans["flight_first"]), np.minimum(last, plans["flight_last"])


def _spent(situation: Situation, clock: Clock) -> tuple[Ints, Ints]:
    """Return what the period and today have spent, in minor units, rounded up."""
    campaigns, plans = situation.campaigns, situation.plans
    same = [
        clock.day == clock.newest_day,
        week_first(clock.day) == week_first(clock.newest_day),
        month_of(clock.day) == month_of(clock.newest_day),
        np.ones(len(plans), dtype=np.bool_),
    ]
    exponents = plans["exponent"].astype(np.int64)
    ledgers = np.stack([campaigns[name] for name in PERIODS], axis=1)
    chosen = ledgers[np.arange(len(plans)), plans["period"]]
    current = np.choose(plans["period"], same)
    spent = money.ceil_to_minor(chosen, exponents) * current
    return spent, money.ceil_to_minor(campaigns["day"], exponents) * same[_DAILY]


def _carried(situation: Situation, clock: Clock, spent: Ints) -> Ints:
    """Return what earlier periods of the flight left over, below zero where they overspent."""
    plans, campaigns = situation.plans, situation.campaigns
    rolls = (plans["rollover"] != _NO_ROLLOVER) & (plans["period"] != _FLIGHT)
    if not rolls.any():
        return np.zeros(len(plans), dtype=np.int64)
    known = local_day(situation.calendar, situation.zones, campaigns["first"].astype(np.int64))
    first = np.maximum(plans["flight_first"], np.minimum(known, clock.day))
    first = np.minimum(first, clock.day)
    ended = np.choose(
        np.minimum(plans["period"], _MONTHLY),
        [
            clock.day - first,
            (week_first(clock.day) - week_first(first)) // 7,
            month_of(clock.day) - month_of(first),
        ],
    )
    flight = money.ceil_to_minor(campaigns["flight"], plans["exponent"].astype(np.int64))
    budget = plans["amount"] * np.minimum(ended, UNLIMITED // np.maximum(plans["amount"], 1))
    carried = budget - (flight - spent)
    capped = plans["rollover"] == _CAPPED
    return np.where(rolls, np.where(capped, np.minimum(carried, plans["rollover_cap"]), carried), 0)


def _rate(situation: Situation, clock: Clock, today_spent: Ints) -> Ints:
    """Return the expected spend of an hour: the budget in force, else the mean of today's hours."""
    in_force, plans = situation.in_force, situation.plans
    value = money.ceil_to_minor(in_force["value"], plans["exponent"].astype(np.int64))
    hours = np.maximum((clock.reported_until - clock.day_start) // HOUR, 1)
    rate = np.where(in_force["known"] > 0, value, np.maximum(today_spent, 0) // hours)
    return np.minimum(rate, _MOST)


def _unreported(rate: Ints, clock: Clock, since: Ints) -> Ints:
    """Return what is expected to have been spent unreported since ``since``, rounded up."""
    seconds = np.maximum(clock.target - np.maximum(clock.reported_until, since), 0)
    hours, part = seconds // HOUR, seconds % HOUR
    spend: Ints = rate * hours - (-rate * part // HOUR)
    return spend


def _later(situation: Situation, clock: Clock, last: Ints) -> Floats:
    """Return the weight of the period's days after today, flight gaps left out."""
    tomorrow = (clock.day + 1) * DAY
    return _expected(situation, tomorrow, (np.minimum(last, FAR) + 1) * DAY)


def _share(left: Ints, part: Floats, whole: Floats) -> Ints:
    """Return ``left * part / whole`` rounded down; all of it where the part is the whole."""
    ratio = np.divide(part, whole, out=np.ones(len(left)), where=whole > 0.0)
    shares = np.floor(left * np.minimum(ratio, 1.0)).astype(np.int64)
    return np.where(part >= whole, left, np.minimum(shares, left))


def _start(situation: Situation, days: Ints) -> Ints:
    return day_start(situation.calendar, situation.zones, days)


def _expected(situation: Situation, starts: Ints, ends: Ints) -> Floats:
    """Return the weight between two wall times, the days of flight gaps left out."""
    weight = between(situation.week, starts, ends)
    for gap in np.moveaxis(situation.gaps, 1, 0):
        first = np.maximum(gap[:, 0] * DAY, starts)
        weight = weight - between(situation.week, first, np.minimum((gap[:, 1] + 1) * DAY, ends))
    return np.maximum(weight, 0.0)


def _wall(situation: Situation, instants: Ints) -> Ints:
    calendar: Calendar = situation.calendar
    days = local_day(calendar, situation.zones, instants)
    return instants + utc_offset(calendar, situation.zones, instants, days)
