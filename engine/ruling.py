"""What is set of what was decided: which lever, held to limits of speed and to guard rails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.holds import NONE
from engine.in_force import current_multiplier, current_value
from engine.plans import UNLIMITED, autonomy_for
from engine.policy import BLOCKED, CLAMPED, PASSED, UNSTATED, Lever, Ruling, rule
from engine.response import answer
from engine.settings import MILLIONTHS
from engine.situation import Situation
from engine.steering import Steering
from engine.strategies import HourPlan
from engine.velocity import ENDLESS, held, most_spent

SPEEDS: Final = ("max_multiplier_step", "max_spend_step_pct")
"""Names of the limits of speed, in the order of the columns of `Ruled.speeds`."""

_INWARDS: Final = 1e-12
"""Share by which a limit may be missed by rounding, before it is taken to whole steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is wanted of B campaigns, and within what."""

    plan: HourPlan
    steering: Steering
    limit: Ints
    """Shape (B,), minor units: what the target hour must not exceed, whatever else holds."""
    hold: Ints
    """Shape (B,), as in `engine.decide.Decisions`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What becomes of it; arrays of shape (B,) unless said otherwise."""

    steers: Bools
    """Whether a multiplier is set, and not an hourly budget."""
    wanted: Ints
    """The value before limits of speed and guard rails."""
    lever: Lever
    ruling: Ruling
    most: Ints
    """What the target hour may spend by the limit of its spend, minor units, or `UNLIMITED`."""
    cap: Ints
    """Where a multiplier is set, what its hour may spend by surprise; 0 elsewhere."""
    speeds: Ints
    """Shape (B, 2), `PASSED`, `CLAMPED` or `UNSTATED` for each of `SPEEDS`."""


def ruled(situation: Situation, wanted: Wanted, sure: Floats) -> Ruled:
    """Return what limits of speed and guard rails make of each wanted value.

    Where a multiplier may not be set but an hour may spend too much, its budget is lowered.
    """
    rows = situation.steered.rows
    steers = np.zeros(len(wanted.limit), dtype=np.bool_)
    steers[rows] = wanted.hold[rows] == NONE
    first = _held_to(situation, wanted, steers, sure)
    if not steers.any():
        return first
    known, current = current_value(situation.in_force, situation.plans)
    blocked = (first.ruling.statuses == BLOCKED).any(axis=1)
    stuck = steers & known & (current > wanted.limit) & blocked
    if not stuck.any():
        return first
    lower = np.where(stuck, np.minimum(current, wanted.limit), wanted.plan.amounts[:, 0])
    amounts = np.concatenate([lower[:, None], wanted.plan.amounts[:, 1:]], axis=1)
    plan = replace(wanted.plan, amounts=amounts)
    return _held_to(situation, replace(wanted, plan=plan), steers & ~stuck, sure)


def _held_to(situation: Situation, wanted: Wanted, steers: Bools, sure: Floats) -> Ruled:
    most = _most(situation)
    lever, cap = _lever(situation, wanted, steers, most)
    slow = _slowed(situation, wanted, lever, steers)
    ruling = rule(situation, slow, sure)
    spends = np.where(steers, cap, lever.wanted)
    cap = np.where(steers, np.minimum(cap, most), 0)
    statuses = (slow.wanted != lever.wanted, spends > most)
    return Ruled(
        steers=steers,
        wanted=lever.wanted,
        lever=slow,
        ruling=ruling,
        most=most,
        cap=cap,
        speeds=_statuses(situation, steers, statuses),
    )


def _lever(situation: Situation, wanted: Wanted, steers: Bools, most: Ints) -> tuple[Lever, Ints]:
    """Return what is to be set, and what the hours of those that are steered may spend."""
    known, current = current_value(situation.in_force, situation.plans)
    amounts, rows = wanted.plan.amounts[:, 0], situation.steered.rows
    alone = np.zeros(len(steers), dtype=np.bool_)
    budget = Lever(
        wanted=amounts,
        known=known,
        current=current,
        hard_cap=wanted.limit,
        most=most,
        beside=alone,
        autonomy=autonomy_for(situation.plans, alone),
    )
    if not steers.any():
        return budget, np.zeros_like(amounts)
    bids, cap = amounts.copy(), amounts.copy()
    bids[rows] = wanted.steering.multiplier
    cap[rows] = np.minimum(wanted.steering.cap, wanted.limit[rows])
    bids_known, in_force = current_multiplier(situation.in_force)
    lever = Lever(
        wanted=np.where(steers, bids, amounts),
        known=np.where(steers, bids_known, known),
        current=np.where(steers, in_force, current),
        hard_cap=np.where(steers, UNLIMITED, wanted.limit),
        most=np.where(steers, UNLIMITED, most),
        beside=steers & (~known | (current != np.minimum(cap, most))),
        autonomy=autonomy_for(situation.plans, steers),
    )
    return lever, cap


def _most(situation: Situation) -> Ints:
    """Return what the limit of its spend lets each target hour spend: at least one minor unit."""
    speed = situation.speed
    if speed is None:
        return np.full(len(situation.plans), UNLIMITED)
    most = np.minimum(most_spent(speed.limits, speed.motion) * (1.0 + _INWARDS), float(UNLIMITED))
    return np.asarray(np.maximum(np.floor(most), 1.0).astype(np.int64))


def _slowed(situation: Situation, wanted: Wanted, lever: Lever, steers: Bools) -> Lever:
    """Return the lever with multipliers within their step of those in force, rounded inwards."""
    speed = situation.speed
    rows = np.flatnonzero(steers & lever.known)
    if speed is None or not rows.size or (speed.limits.step[rows] >= ENDLESS).all():
        return lever
    bids, in_force = (_logs(values) for values in (lever.wanted, lever.current))
    cap = np.full(len(bids), ENDLESS)
    nobody = np.zeros(len(bids), dtype=np.bool_)
    near = held(speed, (bids, cap), in_force, protecting=nobody).log_multiplier
    protecting = _protecting(situation, wanted, near - bids)
    near = held(speed, (bids, cap), in_force, protecting=protecting).log_multiplier
    steps = MILLIONTHS * np.exp(near)
    whole = np.where(
        near > in_force, np.floor(steps * (1.0 + _INWARDS)), np.ceil(steps * (1.0 - _INWARDS))
    )
    moved = steers & lever.known & (near != bids)
    return replace(lever, wanted=np.where(moved, whole.astype(np.int64), lever.wanted))


def _protecting(situation: Situation, wanted: Wanted, shift: Floats) -> Bools:
    """Return whose hour would be expected to spend more than it must, its bids moved by a shift."""
    rows, steering = situation.steered.rows, wanted.steering
    response = steering.pacing.response
    at = steering.spending.log_multiplier - response.anchor
    factor = np.exp(answer(response, at + shift[rows]) - answer(response, at))
    protecting = np.zeros(len(shift), dtype=np.bool_)
    protecting[rows] = (shift[rows] > 0.0) & (steering.hours[:, 0] * factor > wanted.limit[rows])
    return protecting


def _logs(multipliers: Ints) -> Floats:
    return np.log(np.maximum(multipliers, 1) / MILLIONTHS)


def _statuses(situation: Situation, steers: Bools, clamped: tuple[Bools, Bools]) -> Ints:
    speed = situation.speed
    if speed is None:
        return np.full((len(steers), len(SPEEDS)), UNSTATED)
    limits = speed.limits
    states = steers & (limits.step < ENDLESS), limits.growth < ENDLESS
    columns = [
        np.where(stated, np.where(clamps, CLAMPED, PASSED), UNSTATED)
        for stated, clamps in zip(states, clamped, strict=True)
    ]
    return np.stack(columns, axis=1)
