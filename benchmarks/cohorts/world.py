"""Campaigns whose customers buy again, of which what every day's clicks come to is known.

Campaigns differ in size, rate, how often and how soon customers buy again; a day's clicks are worth
more or less than usual by chance; revenue of orders varies as much as its mean. Every day's clicks
are told again every day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.chain_ladder import Triangle
from engine.value_growth import AGES
from engine.value_spread import Cohorts

Floats = NDArray[np.float64]

CAMPAIGNS: Final = 200

LIVED: Final = 180
"""Days that have been lived; each is a cohort."""

HORIZON: Final = 90

CLICKS: Final = 400.0
"""Median clicks of a campaign's day; sizes differ by a factor of 3 up or down (one deviation)."""

RATE: Final = 0.03
ORDER: Final = 50.0
DAYS_VARY: Final = 0.15
"""Standard deviation of what a day's clicks are worth, relative to the mean."""

CAMPAIGNS_VARY: Final = 0.25
"""Standard deviation of the log of how often, and of how soon customers buy again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What was told by the last day, and what came after it."""

    cohorts: Cohorts
    true: Floats
    """Shape (B, I): value at `HORIZON`, of clicks that need not be that old yet."""


def world(shape: float, scale: float, again: float) -> World:
    """Return campaigns whose customers buy ``again`` times each in the mean, at Weibull times.

    ``shape`` is the Weibull distribution's, ``scale`` its scale in days.
    """
    chance = np.random.default_rng(41)
    each = (CAMPAIGNS, LIVED)
    size = CLICKS * 3.0 ** chance.normal(size=(CAMPAIGNS, 1))
    rate = RATE * np.exp(0.3 * chance.normal(size=(CAMPAIGNS, 1)))
    often, soon = np.exp(CAMPAIGNS_VARY * chance.normal(size=(2, CAMPAIGNS, 1)))
    clicks = chance.poisson(size, each).astype(np.float64)
    lucky = chance.gamma(DAYS_VARY**-2, DAYS_VARY**2, each)
    customers = chance.poisson(clicks * rate * lucky)
    counts = _orders(chance, customers, again * often, (shape, scale * soon))
    # A sum of n exponential amounts is a gamma amount.
    amounts = ORDER * chance.gamma(np.maximum(counts, 1e-12)) * (counts > 0)
    return _told(clicks, counts, amounts)


def _orders(
    chance: np.random.Generator,
    customers: NDArray[np.int64],
    again: Floats,
    times: tuple[float, Floats],
) -> NDArray[np.int64]:
    """Return orders by the age in days at which they are counted, (B, I, LIVED + 1).

    A first order comes at once, or in one case of five a day later.
    """
    shape, scale = times
    ages = np.arange(LIVED + 1.0)
    there = 1.0 - np.exp(-((ages / scale) ** shape))
    due = np.diff(there, axis=1, prepend=0.0)
    counts = chance.poisson(customers[..., None] * (again * due)[:, None, :])
    late = chance.binomial(customers, 0.2)
    counts[..., 0] += customers - late
    counts[..., 1] += late
    whole: NDArray[np.int64] = counts
    return whole


def _told(clicks: Floats, counts: NDArray[np.int64], amounts: Floats) -> World:
    value = np.cumsum(amounts, axis=2)
    age = np.arange(LIVED - 1.0, -1.0, -1.0)
    ages = np.array([one for one in AGES if one <= LIVED])
    known = np.zeros((CAMPAIGNS, LIVED, len(AGES)), dtype=np.bool_)
    known[..., : len(ages)] = ages <= age[:, None]
    at_ages = np.zeros(known.shape)
    at_ages[..., : len(ages)] = value[..., ages]
    last = age.astype(np.int64)
    day = np.arange(LIVED)
    return World(
        cohorts=Cohorts(
            triangle=Triangle(value=np.where(known, at_ages, 0.0), known=known),
            now=value[:, day, last],
            age=np.broadcast_to(age, clicks.shape).copy(),
            clicks=clicks,
            conversions=np.cumsum(counts, axis=2)[:, day, last].astype(np.float64),
        ),
        true=value[..., HORIZON],
    )
