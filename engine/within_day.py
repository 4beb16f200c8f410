"""What the day and the hour allow and ask of a multiplier, and whether the market has it to give.

The cap of the day holds the multiplier down, the minimums of day and hour hold it up. A minimum may
need more than the target of cost per result leaves room for: then it goes first, as far as there
is anything to be bought. One that is more than the market is likely to give is another matter.
What an hour lacks at any bid is not asked of its bids. A day's minimum that is more than a whole
usual day has to give, beside a target that does not leave room for it either, is a plan that
contradicts itself: to pay for missing both helps nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine import pacer
from engine.arrays import Bools, Floats, Ints
from engine.batches import picked
from engine.ceiling import UNBOUND
from engine.coming import Coming
from engine.conflicts import most_bought, unreachable
from engine.horizon import Horizon
from engine.multiplier import Spending
from engine.offsets import OFF
from engine.response import DEVIATION, LEVEL, SHAPE, USUAL, Response, answer
from engine.situation import Situation, Steered

_HOURS: Final = 24
_MOST: Final = 2.0**50


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far the minimums of R campaigns can be kept; arrays of shape (R,), minor units."""

    needed: Ints
    """What the day's minimum asks of the rest of today, 0 where there is none."""
    within_target: Ints
    """What the rest of today is expected to spend at the highest multiplier within the target."""
    market: Ints
    """What a whole usual day will hardly spend more than, whatever is bid; 0 where no minimum of
    the day and no target can collide."""
    before_target: Bools
    """Whether a minimum holds bids above what the target allows."""
    hour_aside: Bools
    """Whether the hourly minimum is left aside: the market is not likely to have as much."""
    conflicting: Bools
    """Whether neither the day's minimum nor the target can be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Log multipliers (R,) that the day allows and asks for, natural log."""

    afforded: Floats
    """What period and day afford."""
    minimum: Floats
    """What the minimums ask for; minus `engine.ceiling.UNBOUND` where there is none."""
    of_hour: Floats
    """What the target hour is to spend at least, minor units; 0 where nothing is asked of it."""
    hour_aside: Bools
    """Whether the hourly minimum is left aside: the market is not likely to have as much."""


def nothing_asked(count: int) -> Reach:
    """Return what is said of campaigns whose plans have no minimums."""
    return Reach(
        needed=np.zeros(count, dtype=np.int64),
        within_target=np.zeros(count, dtype=np.int64),
        market=np.zeros(count, dtype=np.int64),
        before_target=np.zeros(count, dtype=np.bool_),
        hour_aside=np.zeros(count, dtype=np.bool_),
        conflicting=np.zeros(count, dtype=np.bool_),
    )


def day_bounds(
    situation: Situation,
    steered: Steered,
    when: tuple[Coming, tuple[Floats, Ints]],
    horizon: Horizon,
    spending: Spending,
) -> Bounds:
    """Return what the caps and the minimums of day and hour make of the period's multiplier.

    Parameters
    ----------
    when
        What lies ahead, and what `engine.pacer.decide` takes as ``now``.
    spending
        What the period's budget affords.
    """
    rows, (period, now) = steered.rows, when
    shown = period.cells.shape[1]
    today = spending.hours[:, :shown].sum(axis=1)
    room, floor = horizon.day_left[rows], horizon.day_floor[rows]

    def spends(amounts: Ints | Floats, hours: int) -> Floats:
        ahead = _first_hours(period, hours)
        money = np.maximum(amounts, 0).astype(np.float64)
        return pacer.decide_ahead(steered.pacing, steered.shapes, ahead, money, now).log_multiplier

    of_hour, aside = _hourly(situation, steered, period, horizon)
    afforded, minimum = spending.log_multiplier, np.full(len(rows), -UNBOUND)
    over, asked = today > room, floor > 0
    if over.any():
        afforded = np.where(over, np.minimum(spends(room, shown), afforded), afforded)
    if asked.any():
        minimum = np.where(asked, spends(floor, shown), minimum)
    if of_hour.any():
        least = np.where(of_hour > 0.0, spends(of_hour, 1), -UNBOUND)
        minimum = np.maximum(minimum, least)
    return Bounds(afforded=afforded, minimum=minimum, of_hour=of_hour, hour_aside=aside)


def reach_of(
    situation: Situation, steered: Steered, bounds: Bounds, horizon: Horizon, spending: Spending
) -> Reach:
    """Return how far minimums can be kept, ``spending`` being today's at the multiplier decided."""
    rows, highest = steered.rows, steered.highest
    plans, response = situation.plans[rows], steered.pacing.response
    if not (plans["daily_floor"] | plans["hourly_floor"]).any():
        return nothing_asked(len(rows))
    needed = np.maximum(horizon.day_floor[rows], 0)
    moved = answer(response, np.minimum(highest, spending.log_multiplier) - response.anchor)
    moved = moved - answer(response, spending.log_multiplier - response.anchor)
    within = spending.hours.sum(axis=1) * np.exp(moved)
    market = np.zeros(len(rows))
    judged = np.flatnonzero((plans["daily_floor"] > 0) & (highest < UNBOUND))
    if judged.size:
        some = picked(steered.pacing, judged).response
        market[judged] = _of_usual_day(some, steered.bounds[judged, 1])
    known = (steered.pacing.heard >= pacer.UNKNOWN_HOURS) & (highest < UNBOUND)
    daily = plans["daily_floor"].astype(np.float64)
    return Reach(
        needed=needed,
        within_target=_minor(within),
        market=_minor(market),
        before_target=np.minimum(bounds.minimum, spending.log_multiplier) > highest,
        hour_aside=bounds.hour_aside,
        conflicting=known & (needed > 0) & (daily > market),
    )


def _hourly(
    situation: Situation, steered: Steered, period: Coming, horizon: Horizon
) -> tuple[Floats, Bools]:
    """Return what is asked of the target hour, and where its minimum is left aside."""
    rows = steered.rows
    floors = situation.plans["hourly_floor"][rows]
    open_ = period.lift[:, 0] > OFF
    asked = np.minimum(floors, np.maximum(horizon.today[rows], 0)) * open_
    if not asked.any():
        return np.zeros(len(rows)), np.zeros(len(rows), dtype=np.bool_)
    hours, highest = period.cells[:, 0] % _HOURS, steered.bounds[:, 1]
    usual = asked * np.exp(-np.maximum(period.lift[:, 0], 0.0))
    aside = unreachable(_here(steered, period), hours, usual, highest)
    return np.where(aside, 0.0, asked.astype(np.float64)), aside


def _here(steered: Steered, period: Coming) -> Response:
    """Return what is known, at the weekday of the target hour."""
    response, newest = steered.pacing.response, np.maximum(steered.pacing.cells, 0) // _HOURS
    rows = np.arange(len(newest))
    weekdays = steered.shapes.mean
    shift = weekdays[rows, period.cells[:, 0] // _HOURS] - weekdays[rows, newest]
    mean = response.mean.copy()
    mean[:, SHAPE] += shift
    return replace(response, mean=mean)


def _of_usual_day(response: Response, highest: Floats) -> Floats:
    """Return what a day, usual or like today if that is better, will hardly spend more than."""
    mean = response.mean.copy()
    now = mean[:, LEVEL] + mean[:, DEVIATION]
    mean[:, LEVEL] += np.maximum(mean[:, USUAL] - now, 0.0)
    best = replace(response, mean=mean)
    hours = np.arange(_HOURS)[:, None] + np.zeros(len(highest), dtype=np.int64)
    return np.asarray(sum(most_bought(best, hour, highest) for hour in hours))


def _first_hours(period: Coming, hours: int) -> Coming:
    return replace(
        period,
        cells=period.cells[:, :hours],
        lift=period.lift[:, :hours],
        weekdays=period.weekdays[:, :0],
        day_lift=period.day_lift[:, :0],
    )


def _minor(amounts: Floats) -> Ints:
    return np.floor(np.clip(amounts, 0.0, _MOST)).astype(np.int64)
