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
from engine.bids_in_force import bids_now
from engine.ceiling import settled
from engine.exploring import Exploring, exploring, nothing_explored
from engine.horizon import Horizon
from engine.multiplier import Spending
from engine.period_ahead import coming, share_looked_at
from engine.settings import MILLIONTHS
from engine.situation import Clock, Situation, Steered
from engine.steering_caps import may_fail, most_by_surprise, surprise
from engine.within_day import Bounds, Reach, day_bounds, nothing_asked, reach_of

LEAST, MOST = 100, 10**10
"""Multipliers that can be set, in millionths."""

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


def steer(situation: Situation, clock: Clock, horizon: Horizon) -> Steering:
    """Return what campaigns that are steered are to bid, before the plan's guard rails."""
    rows = situation.steered.rows
    if not rows.size:
        return _nobody(situation.steered, clock)
    now = bids_now(situation, clock)
    steered, missed = now.steered, now.missed
    period = coming(situation, clock, horizon, now.lifts)
    share = share_looked_at(situation, clock, horizon, period)
    left = np.maximum(horizon.left[rows], 0) * share
    last = now.common, missed
    spending = pacer.decide_ahead(steered.pacing, steered.shapes, period, left, last)
    bounds = day_bounds(situation, steered, (period, last), horizon, spending)
    affordable = np.maximum(bounds.afforded, bounds.minimum)
    settled_at = settled(affordable, steered.highest, bounds.minimum)
    free = ~now.off & (settled_at > bounds.minimum) & ~situation.silent[rows]
    explored = exploring(steered, horizon, spending, settled_at, free=free)
    wanted = np.where(now.off, now.in_force, settled_at + np.where(now.off, 0.0, now.offset))
    unmoved, multiplier = (_set(steered, bid) for bid in (wanted, wanted + explored.moved))
    today = replace(spending, hours=spending.hours[:, : period.cells.shape[1]])
    hard = horizon.hard_cap[rows], np.minimum(clock.hours[rows], 1 + may_fail(situation, missed))
    limit = surprise(situation, spending, left, missed)
    cap = most_by_surprise(spending, limit, bounds.of_hour, hard)
    return Steering(
        multiplier=multiplier,
        cap=np.where(now.off, 0, cap),
        hours=today.hours,
        binding=_binding(bounds, spending, settled_at, _limited(steered, wanted)),
        pacing=steered.pacing,
        spending=replace(spending, log_multiplier=settled_at),
        reach=reach_of(situation, steered, bounds, horizon, today),
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
    causes = {
        "bid_limit": limited,
        "target": settled_at < affordable,
        "daily_minimum": bounds.minimum >= np.maximum(settled_at, bounds.afforded),
        "daily_cap": bounds.afforded < spending.log_multiplier,
    }
    codes = [BINDING.index(cause) for cause in causes]
    return np.select(list(causes.values()), codes, BINDING.index("budget"))
