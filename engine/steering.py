"""Steering: the multiplier and the cap of campaigns whose bids are set, as plan and period ask.

One multiplier is solved for that spends what the period has left. Where the day has a cap
or a minimum of its own, the day is solved for as well; where cost per result has a target, the
multiplier that keeps it is a ceiling. Where goals collide, the hard cap of money goes first, then
the minimum, then the ceiling, then value.

Source: Balseiro et al., "A Field Guide for Pacing Budget and ROS Constraints" (arXiv 2302.08530).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine import pacer
from engine.arrays import Bools, Floats, Ints
from engine.batches import picked
from engine.calendar import HOUR, hour_of_week, local_day
from engine.ceiling import settled
from engine.exploring import Exploring, exploring, nothing_explored
from engine.horizon import Horizon
from engine.in_force import current_multiplier
from engine.living import reopened
from engine.multiplier import Spending
from engine.offsets import OFF, offset_lifts
from engine.period_ahead import coming, share_looked_at, told_lifts
from engine.settings import MILLIONTHS
from engine.situation import Clock, Situation, Steered
from engine.within_day import Bounds, Reach, day_bounds, nothing_asked, reach_of

LATE_SURPRISE: Final = 3.0
"""Times its expected spend that an hour may cost while earlier ones are not reported: each may
cost its own cap, and all of them together no more than what is left."""

LOST_SURPRISE: Final = 1.5
"""The same where hours were lost of late: the next one that is costs the day its whole cap."""

MISSED: Final = 1
"""Decisions in a row that may fail to come without a cap in force being spent so often that all of
them are more than what is left."""

LEAST, MOST = 100, 10**10
"""Multipliers that can be set, in millionths."""

_NO_RATE: Final = -1
_TINY: Final = 1e-9


BINDING: Final = ("budget", "daily_cap", "daily_minimum", "target", "bid_limit")
"""What a multiplier follows from, by its code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """What R campaigns are to bid; rows as in `engine.situation.Steered`."""

    multiplier: Ints
    """Shape (R,), millionths."""
    cap: Ints
    """Shape (R,), minor units: what the target hour may spend by surprise."""
    hours: Floats
    """Shape (R, 25), minor units: expected spend of today's hours from the target hour on."""
    binding: Ints
    """Shape (R,), position in `BINDING`."""
    pacing: pacer.Pacing
    """What the pacer knew when it decided."""
    spending: Spending
    """What it decided, at the multiplier that was settled on."""
    reach: Reach
    """How far minimums can be kept."""
    explored: Exploring
    """What is done to learn."""

    def of(self, at: Ints) -> Spending:
        """Return what was decided for today's hours of some campaigns, given by position."""
        return Spending(
            hours=self.hours[at],
            log_multiplier=self.spending.log_multiplier[at],
            cap=self.spending.cap[at],
        )


def _nobody(steered: Steered, clock: Clock) -> Steering:
    none, hours = np.zeros(0), np.zeros((0, clock.cells.shape[1]))
    spending = Spending(hours=hours, log_multiplier=none, cap=none)
    return Steering(
        multiplier=steered.rows,
        cap=steered.rows,
        hours=hours,
        binding=steered.rows,
        pacing=steered.pacing,
        spending=spending,
        reach=nothing_asked(0),
        explored=nothing_explored(0),
    )


def expected_rates(situation: Situation, clock: Clock) -> Ints:
    """Return what an unreported hour is expected to have spent, minor units, rounded up, (B,).

    -1 for a campaign that is not steered: its hours are held to their budgets.
    """
    rates = np.full(len(clock.hour), _NO_RATE)
    steered = situation.steered
    if not steered.rows.size:
        return rates
    unreported = _unreported(situation, clock)[steered.rows]
    for late in np.unique(unreported[unreported > 0]).tolist():
        at = np.flatnonzero(unreported == late)
        rows = steered.rows[at]
        first = situation.campaigns["newest"][rows].astype(np.int64) + HOUR
        starts = first[:, None] + np.arange(late) * HOUR
        bids = np.repeat(_in_force(situation, rows)[:, None], late, axis=1)
        some, told = picked(steered, at), told_lifts(situation, rows, starts)
        hours = _cells(situation, rows, starts), bids
        flying = pacer.in_flight(some.pacing, some.shapes, hours, told)
        rates[rows] = np.minimum(np.ceil(flying / late), 2.0**50).astype(np.int64)
    rates[steered.rows[unreported == 0]] = 0
    return rates


def steer(situation: Situation, clock: Clock, horizon: Horizon) -> Steering:
    """Return what campaigns that are steered are to bid, before the plan's guard rails."""
    steered = situation.steered
    rows = steered.rows
    if not rows.size:
        return _nobody(steered, clock)
    known, _ = current_multiplier(situation.in_force[rows])
    in_force, offset = _in_force(situation, rows), _of_target(steered.offsets, clock.cells[rows])
    pacing = reopened(steered.pacing, in_force, ~known)
    # The hour before the target, whose bids are in force, had an offset of its own.
    before = _of_target(steered.offsets, (clock.cells[rows] - 1) % 168)
    common = in_force - np.where(known & (before > OFF), before, 0.0)
    now = common, _unreported(situation, clock)[rows]
    lifts = offset_lifts(pacing.response, steered.offsets, common)
    period = coming(situation, clock, horizon, lifts)
    share = share_looked_at(situation, clock, horizon, period)
    left = np.maximum(horizon.left[rows], 0) * share
    spending = pacer.decide_ahead(pacing, steered.shapes, period, left, now)
    known_now = replace(steered, pacing=pacing)
    bounds = day_bounds(situation, known_now, (period, now), horizon, spending)
    affordable = np.maximum(bounds.afforded, bounds.minimum)
    settled_at = settled(affordable, steered.highest, bounds.minimum)
    off = offset <= OFF
    free = ~off & (settled_at > bounds.minimum) & ~situation.silent[rows]
    explored = exploring(known_now, horizon, spending, settled_at, free=free)
    wanted = np.where(off, in_force, settled_at + np.where(off, 0.0, offset))
    unmoved, multiplier = (_set(steered, bid) for bid in (wanted, wanted + explored.moved))
    today = replace(spending, hours=spending.hours[:, : period.cells.shape[1]])
    hard = horizon.hard_cap[rows], np.minimum(clock.hours[rows], 1 + _missed(situation, now[1]))
    limit = _surprise(situation, spending, left, now[1])
    return Steering(
        multiplier=multiplier,
        cap=np.where(off, 0, _cap(spending, limit, bounds.of_hour, hard)),
        hours=today.hours,
        binding=_binding(bounds, spending, settled_at, _limited(steered, wanted)),
        pacing=pacing,
        spending=replace(spending, log_multiplier=settled_at),
        reach=reach_of(situation, known_now, bounds, horizon, today),
        explored=replace(explored, unmoved=unmoved),
    )


def _set(steered: Steered, bid: Floats) -> Ints:
    """Return the multipliers (R,) to set, in millionths, within what can be set and may be."""
    within = np.clip(bid, steered.bounds[:, 0], steered.bounds[:, 1])
    multiplier = np.clip(np.rint(MILLIONTHS * np.exp(within)), LEAST, MOST)
    return np.asarray(multiplier.astype(np.int64))


def _limited(steered: Steered, bid: Floats) -> Bools:
    return (bid < steered.bounds[:, 0]) | (bid > steered.bounds[:, 1])


def _binding(bounds: Bounds, spending: Spending, settled_at: Floats, limited: Bools) -> Ints:
    """Return what multipliers follow from, ``limited`` ones from the plan's range of bids."""
    affordable = np.maximum(bounds.afforded, bounds.minimum)
    causes = (
        limited,
        settled_at < affordable,
        bounds.minimum >= np.maximum(settled_at, bounds.afforded),
        bounds.afforded < spending.log_multiplier,
    )
    return np.select(causes, (4, 3, 2, 1), 0)


def _of_target(offsets: Floats, cells: Ints) -> Floats:
    return np.asarray(np.take_along_axis(offsets, cells[:, :1], axis=1)[:, 0])


def _cap(spending: Spending, limit: Floats, least: Floats, hard: tuple[Ints, Ints]) -> Ints:
    """Return the most that the target hour may spend, also if the next decision does not come.

    ``limit`` is what it may come to by surprise, ``least`` what it has to spend, ``hard`` the most
    that today may still spend, and in how many of its hours the cap may be in force.
    """
    most, hours = hard
    cap = np.minimum(spending.cap, limit)
    cap = np.floor(np.minimum(np.maximum(cap, least), 2.0**50)).astype(np.int64)
    return np.asarray(np.minimum(cap, most // hours))


def _surprise(situation: Situation, spending: Spending, left: Floats, unreported: Ints) -> Floats:
    """Return what an hour may come to by surprise where reports are late, or lost of late, (R,).

    It is in proportion to what the hour is expected to spend, or its share of what is ``left``
    where bids are still on their way.
    """
    times = np.where(unreported > 0, LATE_SURPRISE, np.inf)
    if situation.untold is not None:
        lately = situation.untold.lately[situation.steered.rows]
        times = np.where(lately, LOST_SURPRISE, times)
    first = spending.hours[:, 0]
    share = left * first / np.maximum(spending.hours.cumsum(axis=1)[:, -1], _TINY)
    bites = np.isfinite(times)
    limit = np.where(bites, times, 0.0) * np.maximum(first, np.where(bites, share, 0.0))
    return np.where(bites, np.maximum(limit, 1.0), np.inf)


def _missed(situation: Situation, unreported: Ints) -> Ints:
    """Return how many decisions may fail to come next, (R,): some where the last did or is late.

    Where each hour is decided in time, all of what is left may be spent in the last of them.
    """
    rows = situation.steered.rows
    due = situation.campaigns["decided"][rows] == situation.hour[rows] - HOUR
    return np.where(due & (unreported == 0), 0, MISSED)


def _unreported(situation: Situation, clock: Clock) -> Ints:
    """Return how many hours before the target hour are not reported, (B,)."""
    newest = situation.campaigns["newest"].astype(np.int64)
    return np.asarray(np.clip((clock.target - newest) // HOUR - 1, 0, 2 * 24))


def _in_force(situation: Situation, rows: Ints) -> Floats:
    """Return the log multiplier in force, 0 where none was set."""
    known, multiplier = current_multiplier(situation.in_force[rows])
    return np.asarray(np.log(np.where(known, multiplier, MILLIONTHS) / MILLIONTHS))


def _cells(situation: Situation, rows: Ints, starts: Ints) -> Ints:
    zones = np.broadcast_to(situation.zones[rows, None], starts.shape)
    days = local_day(situation.calendar, zones, starts)
    return hour_of_week(situation.calendar, zones, starts, days)
