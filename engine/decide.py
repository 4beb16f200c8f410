"""The decision: from a batch of situations to what each campaign's next hour should spend.

This is the only module that knows the order in which the parts of the engine work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.batches import placed
from engine.bids_in_force import expected_rates
from engine.confidence import confidence
from engine.exploring import Exploring, nothing_explored
from engine.foresight import foreseen
from engine.holds import NONE, hold_codes, stops
from engine.horizon import Horizon, clock_of, horizon_of, lifted, slot_weights
from engine.policy import CLAMPED, Ruling
from engine.reallocation import Departure, Reallocated, nothing_departs, reallocate
from engine.risk import Outlook, day_budget, hourly_cap, outlook
from engine.ruling import Ruled, Wanted, ruled
from engine.situation import Clock, Situation
from engine.steering import Steering, steer
from engine.strategies import hour_plan
from engine.unreported import lasting
from engine.within_day import Reach, nothing_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """One decision per campaign; arrays of shape (B,), money in minor units."""

    clock: Clock
    horizon: Horizon
    outlook: Outlook
    ruling: Ruling
    hold: Ints
    """Why, as a position in `engine.holds.ORDER`, or `engine.holds.NONE`."""
    acts: Bools
    """Whether there is a value to recommend: no hold, or a stop of what is in force."""
    steers: Bools
    """Whether the value is a multiplier of bids, in millionths, and not an hourly budget."""
    known: Bools
    """Whether the value in force is known."""
    current: Ints
    """The value in force."""
    wanted: Ints
    """The value before limits of speed and guard rails."""
    speeds: Ints
    """Shape (B, 2): what limits of speed did, as in `engine.ruling.Ruled`."""
    value: Ints
    """Budget of the target hour, or its multiplier."""
    plan: Ints
    """Shape (B, 25), amounts from the target hour to the end of its local day."""
    cap: Ints
    """What the target hour must not exceed."""
    day_budget: Ints
    """What its local day may have spent when the target hour is over: with a multiplier that has
    spent its cap at most, else its budget, which is what holds it."""
    binding: Ints
    """What a multiplier follows from, a position in `engine.steering.BINDING`; 0 for a budget."""
    confidence: Floats
    unmet: Bools
    """Whether the hourly minimum did not fit into what is left."""
    unplaced: Ints
    """What the hourly maximum leaves over today."""
    reach: Reach
    """How far minimums of spend can be kept where bids are set; (B,)."""
    explored: Exploring
    """What is done to learn where bids are set; (B,)."""
    moved: Ints
    """Minor units that change their hour because today is not as expected; (B,)."""
    today: Departure
    """How far it is from that."""


class _Made(NamedTuple):
    """What is made on the way to a decision."""

    clock: Clock
    horizon: Horizon
    steering: Steering
    reach: Reach
    hold: Ints
    limit: Ints
    day: _Day
    sure: Floats
    found: Ruled


class _Day(NamedTuple):
    """What is left of today, and how it is split."""

    totals: Ints
    weights: Floats
    """Shape (B, 25), as the plan's strategy weighs the hours, moved by what today brought."""
    plan: Reallocated


def decide(situation: Situation) -> Decisions:
    """Decide the next hour of each campaign.

    The answer for one campaign does not depend on the others in the batch, and the
    argument is not changed. Whatever else applies, what an hour may spend is never above what the
    period, the day and the hour may still spend.
    """
    clock = clock_of(situation)
    slots = lifted(situation, clock, slot_weights(situation.week, clock))
    horizon = horizon_of(situation, clock, slots, expected_rates(situation, clock))
    steering = steer(situation, clock, horizon)
    nothing = nothing_asked(len(situation.plans))
    reach = placed(nothing, situation.steered.rows, steering.reach)
    hold = hold_codes(situation, clock, horizon, conflicting=reach.conflicting)
    day = _day(situation, np.where(hold == NONE, horizon.today, 0), slots, steering)
    lasts = lasting(situation, clock, horizon.hard_cap)
    limit = np.where(hold == NONE, np.minimum(lasts, situation.plans["hourly_cap"]), 0)
    sure = confidence(situation, clock)
    wanted = Wanted(plan=day.plan.after, steering=steering, limit=limit, hold=hold)
    found = ruled(situation, wanted, sure)
    made = _Made(clock, horizon, steering, reach, hold, limit, day, sure, found)
    return _decisions(situation, made)


def _decisions(situation: Situation, made: _Made) -> Decisions:
    found, hold, planned = made.found, made.hold, made.day.plan.after
    rows, steering, lever = situation.steered.rows, made.steering, made.found.lever
    expected = outlook(made.clock, made.horizon)
    cap, binding = _caps(situation, made)
    amount = np.where(found.steers, cap, found.ruling.value)
    return Decisions(
        clock=made.clock,
        horizon=made.horizon,
        outlook=foreseen(situation, made.clock, made.horizon, steering, expected),
        ruling=found.ruling,
        hold=hold,
        acts=(hold == NONE) | (stops(hold) & lever.known & (lever.current > 0)),
        steers=found.steers,
        known=lever.known,
        current=lever.current,
        wanted=found.wanted,
        speeds=found.speeds,
        value=found.ruling.value,
        plan=_following(situation, made.day, found),
        cap=cap,
        day_budget=day_budget(amount, made.horizon, situation.plans["daily_cap"]),
        binding=binding,
        confidence=made.sure,
        unmet=planned.unmet,
        unplaced=planned.unplaced,
        reach=made.reach,
        explored=placed(nothing_explored(len(cap)), rows, steering.explored),
        moved=made.day.plan.moved,
        today=situation.today or nothing_departs(len(cap)),
    )


def _day(situation: Situation, totals: Ints, slots: Floats, steering: Steering) -> _Day:
    """Return today's plan: by the strategy's weights, or by what a multiplier is to spend."""
    plans, weights = situation.plans, slots.copy()
    weights[situation.steered.rows] = steering.hours
    bounds = plans["hourly_floor"], plans["hourly_cap"]
    plan = reallocate(totals, weights, bounds, situation.today)
    return _Day(totals, plan.weights, plan)


def _caps(situation: Situation, made: _Made) -> tuple[Ints, Ints]:
    """Return what target hours must not exceed, and what multipliers follow from."""
    found, rows = made.found, situation.steered.rows
    cap = hourly_cap(found.ruling.value, made.horizon, situation.plans["hourly_cap"])
    binding = np.zeros_like(cap)
    binding[rows] = made.steering.binding
    cap = np.minimum(np.where(found.steers, found.cap, cap), np.minimum(made.limit, found.most))
    return cap, np.where(found.steers, binding, 0)


def _following(situation: Situation, day: _Day, found: Ruled) -> Ints:
    """Return the day's plan with what the first hour may have, and the rest over what follows."""
    amounts = day.plan.after.amounts
    clamped = (found.ruling.statuses == CLAMPED).any(axis=1) | (amounts[:, 0] > found.most)
    first = np.where(found.steers, np.minimum(amounts[:, 0], found.most), found.ruling.value)
    moved = np.flatnonzero(np.where(found.steers, first < amounts[:, 0], clamped))
    if not moved.size:
        return amounts
    plans, value = situation.plans[moved], first[moved]
    rest = day.weights[moved].copy()
    rest[:, 0] = 0.0
    left = np.maximum(day.totals[moved] - value, 0)
    after = hour_plan(left, rest, plans["hourly_floor"], plans["hourly_cap"]).amounts
    after[:, 0] = value
    amounts = amounts.copy()
    amounts[moved] = after
    return amounts
