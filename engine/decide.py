"""The decision: from a batch of situations to what each campaign's next hour should spend.

This is the only module that knows the order in which the parts of the engine work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.confidence import confidence
from engine.holds import NONE, hold_codes, stops
from engine.horizon import Horizon, clock_of, horizon_of, lifted, slot_weights
from engine.in_force import current_value
from engine.policy import CLAMPED, Ruling, rule
from engine.risk import Outlook, hourly_cap, outlook
from engine.situation import Clock, Situation
from engine.strategies import hour_plan


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
    """Whether there is an amount to recommend: no hold, or a stop of what is in force."""
    known: Bools
    """Whether the value in force is known."""
    current: Ints
    """The value in force."""
    value: Ints
    """Budget of the target hour."""
    plan: Ints
    """Shape (B, 25), amounts from the target hour to the end of its local day."""
    cap: Ints
    """What the target hour must not exceed."""
    confidence: Floats
    unmet: Bools
    """Whether the hourly minimum did not fit into what is left."""
    unplaced: Ints
    """What the hourly maximum leaves over today."""


def decide(situation: Situation) -> Decisions:
    """Decide the next hour of each campaign.

    The answer for one campaign does not depend on the others in the batch, and the
    argument is not changed. Whatever else applies, the value is never above what the
    period, the day and the hour may still spend.
    """
    clock = clock_of(situation)
    slots = lifted(situation, clock, slot_weights(situation.week, clock))
    horizon = horizon_of(situation, clock, slots)
    hold = hold_codes(situation, clock, horizon)
    totals = np.where(hold == NONE, horizon.today, 0)
    plans = situation.plans
    wanted = hour_plan(totals, slots, plans["hourly_floor"], plans["hourly_cap"])
    limit = np.where(hold == NONE, np.minimum(horizon.hard_cap, plans["hourly_cap"]), 0)
    sure = confidence(situation, clock)
    ruling = rule(situation, wanted.amounts[:, 0], limit, sure)
    known, current = current_value(situation.in_force, plans)
    amounts = _following(situation, slots, (totals, wanted.amounts), ruling)
    return Decisions(
        clock=clock,
        horizon=horizon,
        outlook=outlook(clock, horizon),
        ruling=ruling,
        hold=hold,
        acts=(hold == NONE) | (stops(hold) & known & (current > 0)),
        known=known,
        current=current,
        value=ruling.value,
        plan=amounts,
        cap=np.minimum(hourly_cap(ruling.value, horizon, plans["hourly_cap"]), limit),
        confidence=sure,
        unmet=wanted.unmet,
        unplaced=wanted.unplaced,
    )


def _following(
    situation: Situation, slots: Floats, planned: tuple[Ints, Ints], ruling: Ruling
) -> Ints:
    """Return the day's plan with the ruled value first and the rest spread over what follows."""
    totals, amounts = planned
    moved = np.flatnonzero((ruling.statuses == CLAMPED).any(axis=1))
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
