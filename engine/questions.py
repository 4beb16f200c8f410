"""The questions that a person asks of a campaign, answered from arrays alone.

How is today's budget split? Will it last, and which cap would help? What is the multiplier of the
next hour? What was learned? Moving budget by performance is `engine.reallocation.reallocate`, how a
campaign or an account stands `engine.status.status`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.day_shapes import DayShapes
from engine.forecast import forecast
from engine.multiplier import Spending
from engine.pacer import Pacing
from engine.patterns import Estimate
from engine.standing import Standing
from engine.strategies import HourPlan, hour_plan

DAYS: Final = 7
HOURS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class WillItLast:
    """Whether budgets last, and what would help; shapes (B,), minor units."""

    chance: Floats
    """That the budget is used up within the horizon, if everything goes on as decided."""
    exhausts_in: Ints
    """Which of the hours ahead uses it up, -1 for none."""
    cap: Floats
    """For the next hour: its part of what is left. Who keeps it every hour lasts to the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was learned of the hours of the week, or of its days."""

    best: Ints
    """Shape (B, N), hours of the week (0 is Monday 0:00) or weekdays (0 is Monday), the most
    conversions per click first."""
    times: Floats
    """Shape (B, N): their conversions per click against the week's."""
    trust: Floats
    """Shape (B,), in [0, 1]: how much of the week is the campaign's own."""
    own: Floats
    """Shape (B, N), in [0, 1]: how much of each of these is the campaign's own."""


def split_of_day(left: Ints, weights: Floats, cells: Ints, bounds: tuple[Ints, Ints]) -> HourPlan:
    """Return how what is left of today's budget is split over its hours.

    Parameters
    ----------
    left
        Shape (B,), minor units, >= 0.
    weights
        Shape (B, 168), as a strategy weighs the hours of the week: `engine.strategies.REGISTRY`.
    cells
        Shape (B, R), hours of the week of the hours to come, R at most 25; -1 is beyond the day.
    bounds
        Least and most of an hour, minor units, shapes (B,); `engine.plans.UNLIMITED` is no most.
    """
    slots = np.zeros((len(left), 25))
    hours = np.take_along_axis(weights, np.maximum(cells, 0), axis=1)
    slots[:, : cells.shape[1]] = np.where(cells >= 0, hours, 0.0)
    return hour_plan(left, slots, *bounds)


def will_it_last(
    pacing: Pacing, shapes: DayShapes, standing: Standing, decided: Spending
) -> WillItLast:
    """Return whether budgets last to the end of their horizon; arguments as of `forecast`."""
    ends = forecast(pacing, shapes, standing, decided)
    left = np.maximum(standing.budget - standing.spent - standing.in_flight, 0.0)
    part = decided.hours[:, 0] / np.maximum(decided.hours.sum(axis=1), 1e-9)
    return WillItLast(
        chance=ends.exhaustion,
        exhausts_in=ends.exhausts_in,
        cap=np.minimum(left * part, decided.cap),
    )


def multiplier_of(decided: Spending) -> Floats:
    """Return the multiplier (B,) of the next hour as a factor of the usual bid; 1 is the usual."""
    return np.exp(decided.log_multiplier)


def what_was_learned(week: Estimate, count: int) -> Learned:
    """Return the best hours of the week, ``count`` of them, and how far they are known."""
    return _best(week, count, (week.conversions, week.clicks, week.confidence))


def which_days(week: Estimate) -> Learned:
    """Return the weekdays, the one of most conversions per click first, and how far each is known.

    Shapes (B, 7): a weekday is the sum of its hours, as far known as they are in the mean.
    """
    cells = (week.conversions, week.clicks, week.confidence)
    conversions, clicks, known = (each.reshape(-1, DAYS, HOURS) for each in cells)
    return _best(week, DAYS, (conversions.sum(axis=2), clicks.sum(axis=2), known.mean(axis=2)))


def _best(week: Estimate, count: int, parts: tuple[Floats, Floats, Floats]) -> Learned:
    """Return ``count`` parts of the week; they are given by conversions, clicks and confidence."""
    conversions, clicks, known = parts
    worth = conversions / clicks
    usual = conversions.sum(axis=1) / clicks.sum(axis=1)
    best = np.argsort(-worth, axis=1, kind="stable")[:, :count]
    times = np.take_along_axis(worth, best, axis=1) / usual[:, None]
    return Learned(
        best=best.astype(np.int64),
        times=times,
        trust=week.trust,
        own=np.take_along_axis(known, best, axis=1),
    )
