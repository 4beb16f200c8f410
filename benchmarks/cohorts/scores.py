"""How far predicted value is off, against two simpler ways to predict it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from benchmarks.cohorts.world import HORIZON, LIVED, Floats, World, world
from engine.chain_ladder import Triangle, ladder
from engine.cohorts import foresee, learn, teach
from engine.value_growth import AGES
from engine.value_spread import Cohorts

WORLDS: Final = {
    "exponential, 45 days": (1.0, 45.0, 0.8),
    "Weibull 0.7, 60 days": (0.7, 60.0, 0.8),
    "exponential, 15 days": (1.0, 15.0, 0.4),
}
"""Shape, scale in days, and repeat orders of a customer."""

LONG, SHORT, SHORTEST = LIVED, 60, 30
"""Days that have been lived: with the fewer nobody has seen a cohort come to the horizon."""

AGE: Final = 14
"""Days; the age of the cohorts that are judged."""

DAYS: Final = 7
"""Cohorts of each campaign that are judged: those of this age and up to six days older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What predictions came to, of all judged cohorts of a world."""

    bias: float
    """Predicted value over the true one, less 1."""
    covered: float
    """True values between the limits."""
    error: float
    """Sum of absolute errors over the sum of true values."""
    naive: float
    """The same of what was observed by then."""
    unshrunk: float
    """The same of each campaign's own chain ladder."""


@cache
def score(name: str, lived: int = LONG) -> Score:
    """Return how predictions at `AGE` did in a world that so many days were lived in."""
    known = _last(world(*WORLDS[name]), lived)
    judged = slice(lived - AGE - DAYS, lived - AGE)
    cohorts = known.cohorts
    found = foresee(cohorts, learn(cohorts, teach(cohorts)), float(HORIZON))
    true, value = known.true[:, judged], found.value[:, judged]
    inside = (found.low[:, judged] <= true) & (true <= found.high[:, judged])

    def error(said: Floats) -> float:
        return float(np.abs(said[:, judged] - true).sum() / true.sum())

    return Score(
        bias=float(value.sum() / true.sum()) - 1.0,
        covered=float(inside.mean()),
        error=error(found.value),
        naive=error(cohorts.now),
        unshrunk=error(_unshrunk(cohorts)),
    )


def worst_bias() -> float:
    """Return the largest bias of any world, in per cent."""
    return 100.0 * max(abs(score(name, lived).bias) for name in WORLDS for lived in (LONG, SHORT))


def farthest() -> float:
    """Return how far, in points, the limits hold more or fewer than four of five, at most."""
    found = [score(name, lived).covered for name in WORLDS for lived in (LONG, SHORT)]
    return 100.0 * max(abs(each - 0.8) for each in found)


def _last(whole: World, lived: int) -> World:
    """Return a world of the last cohorts only."""
    days, cohorts = slice(LIVED - lived, LIVED), whole.cohorts
    triangle = cohorts.triangle
    return World(
        cohorts=Cohorts(
            triangle=Triangle(value=triangle.value[:, days], known=triangle.known[:, days]),
            now=cohorts.now[:, days],
            age=cohorts.age[:, days],
            clicks=cohorts.clicks[:, days],
            conversions=cohorts.conversions[:, days],
        ),
        true=whole.true[:, days],
    )


def _unshrunk(cohorts: Cohorts) -> Floats:
    """Return the value at the horizon by each campaign's own factors."""
    logs = np.log(np.maximum(ladder(cohorts.triangle).factors, 1e-9))
    ages = np.array(AGES, dtype=np.float64)
    at = np.concatenate((np.zeros((len(logs), 1)), np.cumsum(logs, axis=1)), axis=1)
    rows = zip(at, cohorts.age, strict=True)
    now = np.array([np.interp(one, ages, row) for row, one in rows])
    return np.asarray(cohorts.now * np.exp(at[:, AGES.index(HORIZON), None] - now))
