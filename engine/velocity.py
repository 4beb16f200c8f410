"""How fast a campaign may change: of its multiplier, and of what it spends in an hour.

Limits of speed slow a change and never stop one: only the cap of money stops, at once. After an
hour in which a limit was in force the way back up is slower still, for what was held back is not to
come as a spike. Downwards nothing is slowed but by the step itself: to spend less is safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.multiplier import FASTEST

RETURN_HOURS: Final = 6
"""Hours after a limit was in force in which the way up is the slower one."""

ENDLESS: Final = 1e30
"""Stands for growth without limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast B campaigns may change; arrays of shape (B,)."""

    step: Floats
    """Most that the log multiplier moves in an hour, natural log, > 0."""
    back: Floats
    """Most that it moves up in an hour after a limit was in force, natural log, > 0."""
    growth: Floats
    """Most that an hour may spend, times what the hour before it did, >= 1, or `ENDLESS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """What is known of B campaigns' last hour; arrays of shape (B,)."""

    spent: Floats
    """What it spent, minor units, 0 where it spent nothing or is not known."""
    returning: Ints
    """Hours for which the way up is still the slower one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A decision held to its limits; arrays of shape (B,)."""

    log_multiplier: Floats
    cap: Floats
    """Most that the hour may spend, never above the cap it was given."""
    slowed: Bools
    """Whether a limit of speed changed the multiplier or the cap."""


def usual_limits(count: int) -> Limits:
    """Return limits as the pacer has them by itself: a factor of 3 an hour, and no more."""
    return Limits(
        step=np.full(count, FASTEST),
        back=np.full(count, FASTEST),
        growth=np.full(count, ENDLESS),
    )


def at_rest(count: int) -> Motion:
    """Return campaigns of which no hour is known."""
    return Motion(spent=np.zeros(count), returning=np.zeros(count, dtype=np.int64))


def held(limits: Limits, motion: Motion, wanted: tuple[Floats, Floats], in_force: Floats) -> Held:
    """Hold a decision to the limits of speed.

    Parameters
    ----------
    wanted
        The log multiplier that was decided and the cap of its hour, minor units; shapes (B,).
    in_force
        Shape (B,): the log multiplier in force.
    """
    multiplier, cap = wanted
    up = np.where(motion.returning > 0, np.minimum(limits.back, limits.step), limits.step)
    near = np.clip(multiplier, in_force - limits.step, in_force + up)
    grown = np.where(motion.spent > 0.0, limits.growth, ENDLESS) * np.maximum(motion.spent, 1.0)
    lower = np.minimum(cap, grown)
    return Held(log_multiplier=near, cap=lower, slowed=(near != multiplier) | (lower < cap))


def moved_on(motion: Motion, spend: Floats, *, limited: Bools) -> Motion:
    """Return what is known an hour later, in which ``limited`` (B,) campaigns hit a limit.

    Limits are caps of money, of the hour or of what is left, that cut the hour off.
    """
    returning = np.where(limited, RETURN_HOURS, np.maximum(motion.returning - 1, 0))
    return Motion(spent=np.maximum(spend, 0.0), returning=returning)
