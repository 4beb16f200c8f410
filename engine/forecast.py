"""What the pacer will have spent at the end of its horizon: percentiles, and when it runs out.

The controller decides anew every hour, so it is a forecast of the closed loop: mostly the budget is
spent up to its end, and the question is what may stay unspent. It assumes that the platform stops a
campaign whose budget is used up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.closed_loop import closed_loop
from engine.day_shapes import DayShapes
from engine.multiplier import Spending
from engine.pacer import Pacing
from engine.shortfall import Outcome, at_least, percentiles
from engine.standing import Standing, pace

EXHAUSTED: Final = 0.998
"""Share of a budget from which it counts as exhausted: prices cannot be divided."""

NEVER: Final = -1
"""Stands for "is not exhausted within the hours ahead"."""

_LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is expected of B campaigns; arrays of shape (B,)."""

    p10: Floats
    """10th percentile of the horizon's spend, minor units; p50, p90 alike."""
    p50: Floats
    p90: Floats
    exhaustion: Floats
    """Probability that the budget is exhausted within the horizon, in [0, 1]."""
    exhausts_in: Ints
    """Which of the hours ahead, from 0, is expected to use up the budget if the multiplier stayed
    as decided; `NEVER` where none is."""
    pace: Floats
    """Share of the budget spent / share of the horizon that is over by the learned pattern, > 1 is
    ahead of it; 1 before the horizon's first hour."""


def forecast(pacing: Pacing, shapes: DayShapes, standing: Standing, decided: Spending) -> Forecast:
    """Return what the horizon is expected to end at, given what is decided for the hours ahead.

    No percentile is above what is spent and what still may be: the rest of the budget, and no more
    than its cap where one hour is left.
    """
    left = np.maximum(standing.budget - standing.spent, 0.0)
    outcome = closed_loop(pacing, standing, decided, np.maximum(left, _LEAST))
    room = _room(standing, decided, left)
    p10, p50, p90 = standing.spent + np.minimum(percentiles(outcome) * left, room)
    return Forecast(
        p10=p10,
        p50=p50,
        p90=p90,
        exhaustion=_exhaustion(outcome, standing, (left, room)),
        exhausts_in=_exhausts_in(standing, decided),
        pace=pace(pacing, shapes, standing),
    )


def _room(standing: Standing, decided: Spending, left: Floats) -> Floats:
    """Return the most that may still be spent, minor units, (B,)."""
    hours = (standing.ahead >= 0).sum(axis=1)
    caps = np.where(hours > 0, decided.cap, 0.0)
    return np.where(hours > 1, left, np.minimum(left, standing.in_flight + caps))


def _exhaustion(outcome: Outcome, standing: Standing, money: tuple[Floats, Floats]) -> Floats:
    left, room = money
    needed = EXHAUSTED * standing.budget - standing.spent
    share = np.clip(needed / np.maximum(left, _LEAST), _LEAST, 1.0)
    return np.where(
        needed > room, 0.0, np.where(needed > 0.0, at_least(outcome, share[None])[0], 1.0)
    )


def _exhausts_in(standing: Standing, decided: Spending) -> Ints:
    spent = (standing.spent + standing.in_flight)[:, None] + np.cumsum(decided.hours, axis=1)
    out = spent >= EXHAUSTED * standing.budget[:, None]
    return np.where(out.any(axis=1), out.argmax(axis=1), NEVER)
