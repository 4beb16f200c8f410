"""Guard rails: how far a decision may go, and whether it may go without a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.calendar import local_day
from engine.confidence import suspect_day
from engine.plans import ACTUATORS, AUTONOMIES
from engine.situation import Situation
from engine.strategies import steers

PASSED, CLAMPED, BLOCKED, UNSTATED = range(4)

GUARDRAILS: Final = (
    "max_change_pct",
    "hard_cap",
    "cooldown_minutes",
    "max_changes_per_day",
    "min_confidence",
    "protected",
    "consistent_counts",
    "actuator",
)
"""Names of the guard rails, in the order of the columns of `Ruling.statuses`."""

_AUTO = AUTONOMIES.index("auto")
_BUDGET = ACTUATORS.index("budget")
_NEVER = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the guard rails make of a wanted value; shapes (B,) unless said otherwise."""

    value: Ints
    """In the lever's steps, within all limits on the value and never above the hard cap."""
    statuses: Ints
    """Shape (B, G), `PASSED`, `CLAMPED` or `BLOCKED` for each of `GUARDRAILS`."""
    release: Bools
    """Whether it may be carried out now, without a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """What is to be set on B campaigns; shapes (B,), in the lever's own steps."""

    wanted: Ints
    known: Bools
    """Whether the value in force is known."""
    current: Ints
    """The value in force, 0 where it is not known."""
    hard_cap: Ints
    """What the value must not exceed, whatever was in force."""
    most: Ints
    """What limits of speed leave of it, `engine.plans.UNLIMITED` where there are none."""
    beside: Bools
    """Whether what is set together with it is to change, though the value may stay."""
    autonomy: Ints
    """Position in `engine.plans.AUTONOMIES` of how far the plan lets it go by itself."""


def rule(situation: Situation, lever: Lever, sure: Floats) -> Ruling:
    """Hold a wanted value against the plan's guard rails.

    Where goals collide the hard cap is first: it goes beyond the largest change, and a value
    in force above it is lowered in spite of cooldown, number of changes and confidence.
    A protected plan is never changed without a person.
    """
    plans = situation.plans
    known, current = lever.known, lever.current
    near = _near(lever.wanted, current, plans["max_change"], known & (current > 0))
    slowed = np.minimum(near, lever.most)
    value = np.minimum(slowed, lever.hard_cap)
    enforced = known & (current > lever.hard_cap)
    checks = (
        np.where(near != lever.wanted, CLAMPED, PASSED),
        np.where(value != slowed, CLAMPED, PASSED),
        _blocked(_cooling(situation) & ~enforced),
        _blocked((changes_today(situation) >= plans["max_changes"]) & ~enforced),
        _blocked((sure < plans["min_confidence"]) & ~enforced),
        _blocked(plans["protected"] > 0),
        _blocked(suspect_day(situation.campaigns) & ~enforced),
        _blocked((plans["actuator"] != _BUDGET) & ~steers(plans)),
    )
    statuses = np.stack(checks, axis=1)
    changes = ~known | (value != current) | lever.beside
    free = (statuses != BLOCKED).all(axis=1) & (lever.autonomy == _AUTO)
    return Ruling(value=value, statuses=statuses, release=free & changes)


def changes_today(situation: Situation) -> Ints:
    """Return how many changes were made on the local day of the clock; shape (B,)."""
    today = local_day(situation.calendar, situation.zones, situation.now)
    changed = situation.in_force["changed"]
    days = local_day(situation.calendar, situation.zones[:, None], changed)
    return np.asarray(((days == today[:, None]) & (changed != _NEVER)).sum(axis=1))


def _cooling(situation: Situation) -> Bools:
    last = situation.in_force["changed"][:, 0]
    waited = situation.now - last
    return np.asarray((last != _NEVER) & (waited < situation.plans["cooldown"]))


def _near(wanted: Ints, current: Ints, fraction: Floats, limited: Bools) -> Ints:
    """Return ``wanted`` moved to within a fraction of the current value, rounded inwards."""
    step = np.floor(current * fraction).astype(np.int64)
    near = np.clip(wanted, np.maximum(current - step, 0), current + step)
    return np.where(limited, near, wanted)


def _blocked(blocked: Bools) -> Ints:
    return np.where(blocked, BLOCKED, PASSED)
