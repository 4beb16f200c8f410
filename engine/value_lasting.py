"""How much of the chance in a day's early orders is in its later ones, too.

Where customers who bought by chance buy again, a day that began well goes on well: its own value
says what will come. Where later orders have nothing to do with earlier ones, a good beginning is
chance that does not repeat, and what clicks were worth before says more. Which of the two it is
shows in how early value and later growth go together, over days of known clicks.

Source: Gisler and Wüthrich, "Credibility for the Chain Ladder Reserving Method", ASTIN Bulletin 38
(2008), for credibility between a cohort's own value and that of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.value_growth import Development
from engine.value_spread import Cohorts, Spread

EARLY: Final = 4
"""Which of the ages the value is early at: that of four days."""

LATER: Final = 0.05
"""Growth from then on, relative to it, from which a day says whether chance stays."""

ASSUMED: Final = 0.5
"""Share of the chance that stays, where nobody has taught anything."""

ASSUMED_CASES: Final = 50.0
"""Days whose value has doubled since that it counts for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stays:
    """Sums over the days of B campaigns, shapes (B,); they can be added up."""

    shared: Floats
    """What early value and later growth have in common, in days."""
    cases: Floats
    """Days, each by how much it can tell."""


def stays_of(cohorts: Cohorts, development: Development, spread: Spread, horizon: float) -> Stays:
    """Return how early value and later growth go together.

    ``spread`` is that of the same ``horizon``. What belongs to the day, beyond the chance of its
    orders, is taken off.
    """
    early, known = cohorts.triangle.value[..., EARLY], cohorts.triangle.known[..., EARLY]
    order, days = spread.order[:, None], spread.days[:, None]
    end = development.log_at(np.full((len(order), 1), horizon))
    there = np.exp(development.logs[:, EARLY, None] - end)
    later = np.exp(development.log_at(cohorts.age) - end) - there
    due = cohorts.clicks * spread.per_click[:, None]
    counts = known & (cohorts.age > 0.0) & (later > LATER * there) & (due > 0.0)
    ratio = np.where(counts, later / there, 1.0)
    mean = np.where(counts, due * there, 1.0)
    together = np.where(counts, (early - mean) * (cohorts.now - early - ratio * mean), 0.0)
    chance = (together / ratio - days * np.square(mean)) / (order * mean)
    weight = np.where(counts, np.square(order / (order + days * mean)), 0.0)
    weight = weight * np.square(ratio) / (1.0 + ratio)
    return Stays(shared=(weight * chance).sum(axis=1), cases=weight.sum(axis=1))


def lasting(stays: Stays) -> Floats:
    """Return the share (B,), in [0, 1], of the chance of early orders that is in later ones."""
    cases = stays.cases + ASSUMED_CASES
    return np.clip((stays.shared + ASSUMED_CASES * ASSUMED) / cases, 0.0, 1.0)
