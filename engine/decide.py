"""The decision: from a batch of situations to what each campaign's next hour should spend.

This is the only module that knows the order in which the parts of the engine work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.batches import placed
from engine.confidence import confidence
from engine.exploring import Exploring, nothing_explored
from engine.foresight import foreseen
from engine.holds import NONE, hold_codes, stops
from engine.horizon import Horizon, clock_of, horizon_of, lifted, slot_weights
from engine.in_force import current_multiplier, current_value
from engine.plans import UNLIMITED
from engine.policy import BLOCKED, CLAMPED, Lever, Ruling, rule
from engine.risk import Outlook, hourly_cap, outlook
from engine.situation import Clock, Situation
from engine.steering import Steering, expected_rates, steer
from engine.strategies import HourPlan, hour_plan
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
    """The value before the guard rails."""
    value: Ints
    """Budget of the target hour, or its multiplier."""
    plan: Ints
    """Shape (B, 25), amounts from the target hour to the end of its local day."""
    cap: Ints
    """What the target hour must not exceed."""
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
    totals = np.where(hold == NONE, horizon.today, 0)
    wanted = _planned(situation, totals, slots, steering)
    lasts = lasting(situation, clock, horizon.hard_cap)
    limit = np.where(hold == NONE, np.minimum(lasts, situation.plans["hourly_cap"]), 0)
    sure = confidence(situation, clock)
    steers, lever, ruling = _ruled(situation, (wanted, steering), (limit, hold), sure)
    cap = np.minimum(hourly_cap(ruling.value, horizon, situation.plans["hourly_cap"]), limit)
    surprise, binding, rows = cap.copy(), np.zeros_like(cap), situation.steered.rows
    surprise[rows], binding[rows] = steering.cap, steering.binding
    return Decisions(
        clock=clock,
        horizon=horizon,
        outlook=foreseen(situation, clock, horizon, steering, outlook(clock, horizon)),
        ruling=ruling,
        hold=hold,
        acts=(hold == NONE) | (stops(hold) & lever.known & (lever.current > 0)),
        steers=steers,
        known=lever.known,
        current=lever.current,
        wanted=lever.wanted,
        value=ruling.value,
        plan=_following(situation, slots, (totals, wanted.amounts), (ruling, steers)),
        cap=np.where(steers, np.minimum(surprise, limit), cap),
        binding=np.where(steers, binding, 0),
        confidence=sure,
        unmet=wanted.unmet,
        unplaced=wanted.unplaced,
        reach=reach,
        explored=placed(nothing_explored(len(cap)), rows, steering.explored),
    )


def _planned(situation: Situation, totals: Ints, slots: Floats, steering: Steering) -> HourPlan:
    """Return today's plan: by the strategy's weights, or by what a multiplier is to spend."""
    plans, weights = situation.plans, slots.copy()
    weights[situation.steered.rows] = steering.hours
    return hour_plan(totals, weights, plans["hourly_floor"], plans["hourly_cap"])


def _ruled(
    situation: Situation,
    wanted: tuple[HourPlan, Steering],
    bounds: tuple[Ints, Ints],
    sure: Floats,
) -> tuple[Bools, Lever, Ruling]:
    """Return who is steered, and what guard rails make of each wanted value.

    Where a multiplier may not be set but an hour may spend too much, its budget is lowered.
    """
    (limit, hold), (plan, steering) = bounds, wanted
    known, current = current_value(situation.in_force, situation.plans)
    alone = np.zeros(len(limit), dtype=np.bool_)
    budget = Lever(
        wanted=plan.amounts[:, 0], known=known, current=current, hard_cap=limit, beside=alone
    )
    steers = np.zeros(len(limit), dtype=np.bool_)
    steers[situation.steered.rows] = hold[situation.steered.rows] == NONE
    if not steers.any():
        return steers, budget, rule(situation, budget, sure)
    lever = _with_multipliers(situation, budget, steering, steers)
    ruling = rule(situation, lever, sure)
    stuck = steers & known & (current > limit) & (ruling.statuses == BLOCKED).any(axis=1)
    if stuck.any():
        lower = replace(budget, wanted=np.where(stuck, np.minimum(current, limit), budget.wanted))
        steers &= ~stuck
        lever = _with_multipliers(situation, lower, steering, steers)
        ruling = rule(situation, lever, sure)
    return steers, lever, ruling


def _with_multipliers(
    situation: Situation, budget: Lever, steering: Steering, steers: Bools
) -> Lever:
    rows, wanted, cap = situation.steered.rows, budget.wanted.copy(), budget.wanted.copy()
    wanted[rows] = steering.multiplier
    cap[rows] = np.minimum(steering.cap, budget.hard_cap[rows])
    known, current = current_multiplier(situation.in_force)
    return Lever(
        wanted=np.where(steers, wanted, budget.wanted),
        known=np.where(steers, known, budget.known),
        current=np.where(steers, current, budget.current),
        hard_cap=np.where(steers, UNLIMITED, budget.hard_cap),
        beside=steers & (~budget.known | (budget.current != cap)),
    )


def _following(
    situation: Situation, slots: Floats, planned: tuple[Ints, Ints], ruled: tuple[Ruling, Bools]
) -> Ints:
    """Return the day's plan with the ruled value first and the rest spread over what follows."""
    (totals, amounts), (ruling, steers) = planned, ruled
    moved = np.flatnonzero((ruling.statuses == CLAMPED).any(axis=1) & ~steers)
    if not moved.size:
        return amounts
    plans, value = situation.plans[moved], ruling.value[moved]
    rest = slots[moved].copy()
    rest[:, 0] = 0.0
    left = np.maximum(totals[moved] - value, 0)
    after = hour_plan(left, rest, plans["hourly_floor"], plans["hourly_cap"]).amounts
    after[:, 0] = value
    amounts = amounts.copy()
    amounts[moved] = after
    return amounts
