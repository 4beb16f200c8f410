"""The horizon: what a budget leaves for today, and how far the period has come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import (
    DAY,
    FAR,
    HOUR,
    day_start,
    hour_of_week,
    local_day,
    month_first,
    month_of,
    utc_offset,
    week_first,
)
from engine.events import hour_lifts, more_weight
from engine.feasibility import Minimums, minimums
from engine.gaps import merged, outside
from engine.money_left import MoneyLeft, money_left, spent_by_now
from engine.rollover import carried
from engine.situation import Clock, Situation
from engine.weeks import WeekWeights, date_factor

SLOTS: Final = 25
"""Hours of the longest local day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """Money and expected share of a plan's period; shapes (B,), money in minor units."""

    allowance: Ints
    """What the period may spend: its budget and what earlier ones left over."""
    spent: Ints
    """What it has spent, rounded up."""
    in_flight: Ints
    """What is expected to be spent but unreported, and what lost hours of today may have been."""
    left: Ints
    """What it may still spend, below zero when overspent."""
    today: Ints
    """What the rest of today may spend, >= 0."""
    hard_cap: Ints
    """What the rest of today must not exceed, >= 0, whatever unreported hours have spent."""
    day_spent: Ints
    """What today has spent when the target hour begins, rounded down: what is known of it, what is
    expected but unreported, and what lost hours may have been."""
    day_left: Ints
    """What the day's cap leaves of today, below zero when overspent."""
    day_floor: Ints
    """What the day's minimum still asks for, at most what is left."""
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
    minimums: Minimums
    """What the plan's minimums need."""
    short: Bools
    """Whether its daily minimum needs more to the end of the period than is left."""


def clock_of(situation: Situation) -> Clock:
    """Return which hour is decided, and its local day."""
    campaigns, calendar, zones = situation.campaigns, situation.calendar, situation.zones
    newest = campaigns["newest"].astype(np.int64)
    hour, hour_end = situation.hour, newest + HOUR
    target = target_hour(hour, situation.now)
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


def target_hour(hour: Ints, now: Ints) -> Ints:
    """Return the first second of the hour that an amount is for, (B,): later, where now is."""
    return np.asarray(hour + np.maximum(now - hour, 0) // HOUR * HOUR)


def slot_weights(week: WeekWeights, clock: Clock) -> Floats:
    """Return the weights of today's remaining hours, 0 beyond the day; shape (B, 25)."""
    weights = np.take_along_axis(week.weights, clock.cells, axis=1)
    weights *= date_factor(week, clock.day)[:, None]
    return np.where(np.arange(SLOTS) < clock.hours[:, None], weights, 0.0)


def lifted(situation: Situation, clock: Clock, slots: Floats) -> Floats:
    """Return weights of today's remaining hours, (B, 25), with the lifts of calendar events."""
    events = situation.events
    if events is None:
        return slots
    starts = clock.target[:, None] + np.arange(SLOTS) * HOUR
    return np.asarray(slots * np.exp(hour_lifts(events, starts)))


def horizon_of(situation: Situation, clock: Clock, slots: Floats, rates: Ints) -> Horizon:
    """Return what each campaign's period and day may still spend.

    Today's part of a longer period is its share of the expected weight that is left, at
    least the plan's daily minimum, and never more than its daily cap or what is left.

    Parameters
    ----------
    slots
        Shape (B, 25), as `slot_weights` returns them.
    rates
        Shape (B,), minor units: what an unreported hour is expected to have spent; below zero where
        it is taken to have spent all that it was allowed to.
    """
    plans = situation.plans
    first, last = _period(plans, clock.day)
    gaps, since = merged(situation.gaps), _start(situation, first)
    spent = spent_by_now(situation, clock, first)
    allowance = plans["amount"] + carried(situation, clock, spent[0], gaps)
    money = money_left(situation, clock, (allowance, since), spent, rates)
    least = minimums(situation, clock, (first, last), gaps, allowance)
    rest_today = slots.sum(axis=1)
    rest = rest_today + _later(situation, clock, last, gaps)
    started = np.maximum(since, situation.campaigns["first"])
    ends = np.maximum(clock.reported_until, started)
    return Horizon(
        allowance=allowance,
        spent=money.spent,
        in_flight=money.in_flight,
        left=money.left,
        today=_today(money, _share(money.left, rest_today, rest)),
        hard_cap=money.hard_cap,
        day_spent=money.day_spent,
        day_left=money.day_left,
        day_floor=money.day_floor,
        elapsed=_expected(situation, gaps, _wall(situation, started), _wall(situation, ends)),
        rest=rest,
        rest_today=rest_today,
        end=_start(situation, last + 1),
        started=started,
        minimums=least,
        short=least.ahead - np.clip(money.today, 0, plans["daily_floor"]) > money.left,
    )


def _today(money: MoneyLeft, share: Ints) -> Ints:
    """Return today's part: its share, at least the day's minimum, within cap and what is left."""
    most = np.maximum(np.minimum(money.left, money.day_left), 0)
    return np.clip(np.maximum(share, money.day_floor), 0, most)


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


def _later(situation: Situation, clock: Clock, last: Ints, gaps: Ints) -> Floats:
    """Return the weight of the period's days after today, flight gaps left out."""
    tomorrow = (clock.day + 1) * DAY
    return _expected(situation, gaps, tomorrow, (np.minimum(last, FAR) + 1) * DAY)


def _share(left: Ints, part: Floats, whole: Floats) -> Ints:
    """Return ``left * part / whole`` rounded down; all of it where the part is the whole."""
    ratio = np.divide(part, whole, out=np.ones(len(left)), where=whole > 0.0)
    shares = np.floor(left * np.minimum(ratio, 1.0)).astype(np.int64)
    return np.where(part >= whole, left, np.minimum(shares, left))


def _start(situation: Situation, days: Ints) -> Ints:
    return day_start(situation.calendar, situation.zones, days)


def _expected(situation: Situation, gaps: Ints, starts: Ints, ends: Ints) -> Floats:
    """Return the weight between two wall times: merged gaps left out, lifts of events taken in."""
    weight = outside(situation.week, gaps, starts, ends)
    events = situation.events
    if events is None:
        return weight
    told = replace(
        events,
        starts=_walls(situation, events.owners, events.starts),
        ends=_walls(situation, events.owners, events.ends),
    )
    return np.maximum(weight + more_weight(situation.week, told, gaps, (starts, ends)), 0.0)


def _wall(situation: Situation, instants: Ints) -> Ints:
    return _walls(situation, np.arange(len(instants)), instants)


def _walls(situation: Situation, owners: Ints, instants: Ints) -> Ints:
    """Return wall times (K,) of instants (K,) of the campaigns ``owners`` (K,)."""
    zones = situation.zones[owners]
    days = local_day(situation.calendar, zones, instants)
    return instants + utc_offset(situation.calendar, zones, instants, days)
