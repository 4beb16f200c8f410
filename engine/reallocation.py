"""Moving money between the hours still to come when today performs other than expected.

What today's hours brought is held against what was expected of them by now, by the share of it that
is reported. A departure that chance would hardly make is taken to fade hour by hour, so that hours
soon to come have more of it than later ones: money moves to or from them, and the sum stays.

Counts vary by more than counting: the test divides by an overdispersion that is learned.

Source: McCullagh and Nelder, "Generalized Linear Models", 2nd ed. (1989), section 4.5, for the
overdispersion by Pearson's chi-square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.delay import LEAST_MATURE
from engine.response import FADING, FIRST_ELASTICITY
from engine.strategies import HourPlan, hour_plan

DEPARTS: Final = 2.576
"""Standard deviations from which today departs: chance does that once in a hundred times."""

STRENGTH: Final = 10.0
"""Conversions that the expectation counts for against today's."""

MOST: Final = float(np.log(2.0))
"""Most that an hour's worth is moved by, natural log."""

HELD_BACK: Final = 8
"""Fewest hours that a day must still have for money to be held back from the soon ones: what is
held back later than that is too much for the hours after it, and stays unspent."""

USUAL_DISPERSION: Final = 1.5
_DISPERSION_HOURS: Final = 48.0
"""Variance of counts over their mean that is assumed, and the hours that it counts for."""

_LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Today's hours that are over, shapes (B, H); hours that are not known have expectation 0."""

    counted: Floats
    """Conversions, or value in units of a usual conversion's, reported by now; >= 0."""
    expected: Floats
    """What was expected to be reported by now: rate times exposure times maturity; >= 0."""
    maturity: Floats
    """Share of an hour's final count that is expected to be reported by now."""
    ages: Ints
    """Hours from the hour to the first one to come, >= 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """How far today is from what was expected; shapes (B,)."""

    counted: Floats
    """Of the hours judged, the recent ones weighing most."""
    expected: Floats
    score: Floats
    """Standard deviations; above 0 is better than expected."""
    lift: Floats
    """Of the first hour to come, natural log; 0 where today does not depart."""

    @property
    def departs(self) -> Bools:
        """Return where today departs by more than chance does."""
        return np.asarray(self.lift != 0.0)


def nothing_departs(count: int) -> Departure:
    """Return what is said of campaigns whose days nobody judges."""
    counted, expected, score, lift = np.zeros((4, count))
    return Departure(counted=counted, expected=expected, score=score, lift=lift)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reallocated:
    """A day's plan before and after, which sum to the same."""

    before: HourPlan
    after: HourPlan
    weights: Floats
    """Shape (B, 25): what ``after`` is split by."""

    @property
    def moved(self) -> Ints:
        """Return how many minor units change their hour, (B,)."""
        return np.asarray(np.maximum(self.after.amounts - self.before.amounts, 0).sum(axis=1))


def dispersion(counted: Floats, expected: Floats) -> Floats:
    """Return how much more counts vary than counting does, (B,), >= 1.

    Parameters
    ----------
    counted, expected
        Shape (B, N), of closed, mature hours; those with expectation 0 say nothing. It is
        shrunk towards `USUAL_DISPERSION`.
    """
    said = expected > 0.0
    square = (counted - expected) ** 2
    pearson = np.divide(square, expected, out=np.zeros(counted.shape), where=said)
    hours = said.sum(axis=1)
    total = pearson.sum(axis=1) + USUAL_DISPERSION * _DISPERSION_HOURS
    return np.asarray(np.maximum(total / (hours + _DISPERSION_HOURS), 1.0))


def departure(today: Today, dispersed: Floats) -> Departure:
    """Return whether today departs from what was expected, ``dispersed`` being (B,), >= 1."""
    judged = (today.maturity >= LEAST_MATURE) & (today.expected > 0.0)
    weight = np.where(judged, FADING ** (today.ages - 1), 0.0)
    counted = (weight * today.counted).sum(axis=1)
    expected = (weight * today.expected).sum(axis=1)
    variance = dispersed * (weight * weight * today.expected).sum(axis=1)
    score = (counted - expected) / np.sqrt(np.maximum(variance, _LEAST))
    strength = STRENGTH * dispersed
    lift = np.clip(np.log((counted + strength) / (expected + strength)), -MOST, MOST)
    departs = (np.abs(score) > DEPARTS) & (variance > 0.0)
    return Departure(
        counted=counted, expected=expected, score=score, lift=np.where(departs, lift, 0.0)
    )


def reallocate(
    totals: Ints, weights: Floats, bounds: tuple[Ints, Ints], found: Departure | None
) -> Reallocated:
    """Spread what a day may still spend, with what was found out about it today.

    Parameters
    ----------
    totals, weights, bounds
        As in `engine.strategies.hour_plan`, ``bounds`` being its floors and caps.
    found
        None where nobody asks.

    An hour that is better by a factor is worth that factor to the root of the elasticity more
    money, as in `engine.strategies.performance_based`.
    """
    before = hour_plan(totals, weights, *bounds)
    if found is None or not found.departs.any():
        return Reallocated(before=before, after=before, weights=weights)
    late = (weights > 0.0).sum(axis=1) < HELD_BACK
    lift = np.where(late, np.maximum(found.lift, 0.0), found.lift)
    ahead = FADING ** np.arange(weights.shape[1], dtype=np.float64)
    moved = weights * np.exp(FIRST_ELASTICITY**0.5 * lift[:, None] * ahead)
    after = hour_plan(totals, moved, *bounds)
    return Reallocated(before=before, after=after, weights=moved)


def because(found: Departure, moved: int, i: int) -> tuple[str, dict[str, Any]]:
    """Return why campaign ``i``'s hours were moved: a code, and the numbers behind it.

    ``moved`` among them is in minor units. The code is ``as_expected`` where today does not depart.
    """
    better = "better_than_expected" if found.score[i] > 0.0 else "worse_than_expected"
    return (
        better if found.departs[i] else "as_expected",
        {
            "counted": round(float(found.counted[i]), 2),
            "expected": round(float(found.expected[i]), 2),
            "score": round(float(found.score[i]), 2),
            "factor": round(float(np.exp(found.lift[i])), 3),
            "moved": moved,
        },
    )
