"""How fast a campaign may change: of its multiplier, and of what it spends in an hour.

Limits of speed slow a change and never stop one: only the cap of money stops, at once. After an
hour that a cap cut off the way back up is slower still, for what was held back is not to come as a
spike. Downwards nothing is slowed but by the step itself, and a cut that the cap of money asks for
not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints

RETURN_HOURS: Final = 6
"""Hours after one that was cut off in which the way up is the slower one."""

RETURN_SHARE: Final = 0.5
"""Share of the usual step, in logs, that the multiplier may go up by in them."""

ENDLESS: Final = 1e30
"""Stands for growth without limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast B campaigns may change; arrays of shape (B,)."""

    step: Floats
    """Most that the log multiplier moves in an hour, natural log, > 0."""
    back: Floats
    """Most that it moves up in the hours after one that was cut off, natural log, > 0."""
    growth: Floats
    """Most that an hour may spend, times what the hour before it did, >= 1, or `ENDLESS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """What is known of B campaigns' last hour; arrays of shape (B,)."""

    spent: Floats
    """What it spent, minor units, 0 where it spent nothing or is not known."""
    usual: Floats
    """What a mean hour may spend, minor units, > 0: one that spent less counts as that much, so
    that no quiet hour keeps the ones after it quiet."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Limits of B campaigns, and what they are measured from."""

    limits: Limits
    motion: Motion


def stated(steps: Floats, growth: Floats) -> Limits:
    """Return limits as plans state them.

    Parameters
    ----------
    steps
        Shape (B,), factor that the multiplier may go up or down by, > 1, or `ENDLESS`.
    growth
        Shape (B,), as in `Limits`.
    """
    step = np.where(steps < ENDLESS, np.log(steps), ENDLESS)
    return Limits(step=step, back=RETURN_SHARE * step, growth=growth)


def at_rest(usual: Floats) -> Motion:
    """Return campaigns of which no hour is known; ``usual`` (B,) as in `Motion`."""
    count = len(usual)
    return Motion(spent=np.zeros(count), usual=usual, returning=np.zeros(count, dtype=np.int64))


def most_spent(limits: Limits, motion: Motion) -> Floats:
    """Return the most that the next hour may spend, (B,), minor units, from `ENDLESS` on any."""
    return np.asarray(limits.growth * np.maximum(motion.spent, motion.usual))


def held(
    speed: Speed, wanted: tuple[Floats, Floats], in_force: Floats, *, protecting: Bools
) -> Held:
    """Hold a decision to the limits of speed.

    Parameters
    ----------
    wanted
        The log multiplier that was decided and the cap of its hour, minor units; shapes (B,).
    in_force
        Shape (B,): the log multiplier in force.
    protecting
        Shape (B,): whether a cut keeps the cap of money, so that it may be of any size.
    """
    (multiplier, cap), limits, motion = wanted, speed.limits, speed.motion
    up = np.where(motion.returning > 0, np.minimum(limits.back, limits.step), limits.step)
    down = np.where(protecting, ENDLESS, limits.step)
    near = np.clip(multiplier, in_force - down, in_force + up)
    lower = np.minimum(cap, most_spent(limits, motion))
    return Held(log_multiplier=near, cap=lower, slowed=(near != multiplier) | (lower < cap))


def moved_on(motion: Motion, spend: Floats, *, limited: Bools) -> Motion:
    """Return what is known an hour later, in which ``limited`` (B,) campaigns hit a limit.

    Limits are caps of money, of the hour or of what is left, that cut the hour off.
    """
    returning = np.where(limited, RETURN_HOURS, np.maximum(motion.returning - 1, 0))
    return replace(motion, spent=np.maximum(spend, 0.0), returning=returning)
