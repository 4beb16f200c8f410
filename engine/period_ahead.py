"""What lies ahead of campaigns whose bids are set: hours of today, days of the period, lifts."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.calendar import HOUR, day_start, local_day, weekday_of
from engine.coming import Coming
from engine.coming_events import day_lifts
from engine.events import Events, hour_lifts
from engine.gaps import in_gap
from engine.horizon import Horizon
from engine.offsets import day_offset_lifts, week_shape
from engine.situation import Clock, Situation

MOST_DAYS: Final = 62
"""Days ahead that are looked at; a longer period is taken to go on as these do."""


def coming(situation: Situation, clock: Clock, horizon: Horizon, lifts: Floats) -> Coming:
    """Return the rest of today hour by hour, and the later days of the period but for gaps.

    ``lifts`` (R, 168) are those of the offsets of the hours of the week; what calendars tell comes
    on top.
    """
    rows = situation.steered.rows
    hours = np.arange(clock.cells.shape[1]) < clock.hours[rows, None]
    last = _last_day(situation, horizon, rows)
    day = clock.day[rows]
    most = int(np.clip(last - day, 0, MOST_DAYS).max(initial=0))
    days = day[:, None] + np.arange(1, most + 1)
    there = days <= last[:, None]
    for at in range(most if situation.gaps.shape[1] else 0):
        there[:, at] &= ~in_gap(situation.gaps[rows], days[:, at])
    weekdays = weekday_of(days)
    starts = clock.target[rows, None] + np.arange(clock.cells.shape[1]) * HOUR
    own = np.take_along_axis(day_offset_lifts(situation.steered, lifts), weekdays, axis=1)
    return Coming(
        cells=np.where(hours, clock.cells[rows], -1),
        lift=np.take_along_axis(lifts, clock.cells[rows], axis=1)
        + told_lifts(situation, rows, starts),
        weekdays=np.where(there, weekdays, -1),
        day_lift=own + _told_of_days(situation, rows, days, lifts),
    )


def share_looked_at(situation: Situation, clock: Clock, horizon: Horizon, period: Coming) -> Floats:
    """Return which share of the period that is left lies within the days looked at, (R,)."""
    rows = situation.steered.rows
    beyond = np.maximum(_last_day(situation, horizon, rows) - clock.day[rows] - MOST_DAYS, 0)
    within = clock.hours[rows] / 24.0 + (period.weekdays >= 0).sum(axis=1)
    return np.asarray(within / (within + beyond))


def told_lifts(situation: Situation, rows: Ints, starts: Ints) -> Floats:
    """Return the lifts that calendars tell of hours that begin at ``starts`` (R, N), log."""
    if situation.events is None:
        return np.zeros(starts.shape)
    return hour_lifts(_events_of(situation.events, rows, len(situation.plans)), starts)


def _told_of_days(situation: Situation, rows: Ints, days: Ints, lifts: Floats) -> Floats:
    if situation.events is None or not days.size:
        return np.zeros(days.shape)
    events = _events_of(situation.events, rows, len(situation.plans))
    zones = np.broadcast_to(situation.zones[rows, None], days.shape)
    starts = day_start(situation.calendar, zones, days)
    steered = situation.steered
    week = np.exp(week_shape(steered.pacing, steered.shapes) + lifts).reshape(-1, 7, 24)
    usual = week[np.arange(len(rows))[:, None], weekday_of(days)]
    return day_lifts(events, starts, usual)


def _events_of(events: Events, rows: Ints, count: int) -> Events:
    """Return the events of some of ``count`` campaigns, which are owned by their positions."""
    place = np.full(count, -1)
    place[rows] = np.arange(len(rows))
    chosen = np.flatnonzero(place[events.owners] >= 0)
    return Events(
        owners=place[events.owners[chosen]],
        starts=events.starts[chosen],
        ends=events.ends[chosen],
        lift=events.lift[chosen],
    )


def _last_day(situation: Situation, horizon: Horizon, rows: Ints) -> Ints:
    return local_day(situation.calendar, situation.zones[rows], horizon.end[rows] - 1)
