"""What the hours of a closed day are expected to come to, by what was known when it began.

Sources: those of `engine.funnel_watch`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.anomalies import CHANGES, FACTORS
from engine.arrays import Bools, Floats, Rows
from engine.change_tests import log_ratio
from engine.funnel import DAYS_DIFFER, REVENUE, SPEND, ClosedDays, Held, held
from engine.funnel_alarms import SUSPECTED
from engine.funnel_spend import (
    MOST_TIGHT,
    ROOM,
    cut_off_says,
    doubted,
    is_steered,
    limits,
    within_limits,
)
from engine.funnel_state import factors, inverse_size, levels, tight_share, units

SLOW: Final = np.array([False, False, False, True, True])
"""Which changes are told from the slow level, for the other one goes along with them."""

SETTLED: Final = 100.0
"""Events of the last days that the slow level counts for, where it is well known: levels wander."""

ALONE: Final = SUSPECTED / 2.0
"""The most that an hour speaks for a rise of revenue: half of what is told. Orders are log-normal
or worse, so that one of them may be ten times the usual; two hours of that are no chance. Ratios
are cut where tails are not known: Huber, "A Robust Version of the Probability Ratio Test", Ann.
Math. Statist. 36 (1965)."""

_FALLS: Final = FACTORS < 1.0
_DIFFER: Final = np.isin(CHANGES, ("drop", "spike", "sinking", "rising"))
_USUAL: Final = np.where(
    _DIFFER, np.where(_FALLS, 1.0 - DAYS_DIFFER[:, None], 1.0 + DAYS_DIFFER[:, None]), 1.0
)
"""Shape (5, 5): what the mean of a day may be that differs from others but is not odd."""

_FACTORS: Final = FACTORS / _USUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Hours of B campaigns and their means in units; shapes (B, H, 5) unless said otherwise."""

    hours: Held
    """Held against what their limits left of it."""
    counts: Floats
    demand: Floats
    """Shape (B, 2, H, 5): means by the level and by the slow one, whatever the limits."""
    means: Floats
    """The same within limits."""
    units: Floats
    """Shape (B, 5): what an event comes to."""
    level: Floats
    """Shape (B, 5): events for each exposure."""
    factors: tuple[Floats, Floats, Floats]
    """Of the hour of the day, of the day of the week (B, 1, 5), and of bids."""
    spread: Floats
    """By how much rates vary beyond counting."""
    unsure: Floats
    """Shape (B, 2, H, 5): the same with how unsure the levels are."""
    ruled: Bools
    """Shape (B, H): whether an hour was told, and steered as those that taught what spend is."""
    tight: Bools
    """Shape (B, H): whether such an hour had no room for more than its usual spend."""


def expected(rows: Rows, days: ClosedDays) -> Expected:
    """Return what a day of campaigns (B,) is expected to come to."""
    ruled = days.told & (days.steered == is_steered(rows)[:, None])
    hours, by = held(days, ruled), factors(rows, days)
    level = levels(rows, hours, by[2])
    unit = units(rows, level[:, 0])
    level /= unit[:, None]
    events = rows["count"] / unit[:, None]
    level[:, 0], events[:, 0] = _settled(level, events)
    demand = level[:, :, None] * (by[0] * by[1] * by[2] * hours.exposures)[:, None]
    limit = limits(days) / unit[:, None, SPEND]
    kept, means = within_limits(hours, demand, limit)
    spread = inverse_size(rows)[:, None] + hours.doubt
    behind = 1.0 / np.maximum(events, 1.0)[:, :, None]
    return Expected(
        hours=kept,
        counts=np.divide(hours.counts, unit[:, None], out=np.zeros_like(hours.counts)),
        demand=demand,
        means=means,
        units=unit,
        level=level[:, 0],
        factors=by,
        spread=spread,
        unsure=spread[:, None] + behind,
        ruled=ruled,
        tight=ruled & (days.capped | (limit < ROOM * demand[:, 0, :, SPEND])),
    )


def _settled(level: Floats, events: Floats) -> tuple[Floats, Floats]:
    """Return the level, and the events behind it, (B, 5), where the slow one counts for some.

    Both are (B, 2, 5). What few events say of the last days is mostly chance.
    """
    (newest, slow), (few, many) = np.moveaxis(level, 1, 0), np.moveaxis(events, 1, 0)
    known = (newest > 0.0) & (slow > 0.0) & (many > 0.0)
    worth = np.where(known, SETTLED * many / (SETTLED + many), 0.0)
    exposure = np.divide(few, newest, out=np.zeros(few.shape), where=known)
    exposure += np.divide(worth, slow, out=np.zeros(few.shape), where=known)
    both = few + worth
    return np.divide(both, exposure, out=newest.copy(), where=known), both


def by_change(values: Floats) -> Floats:
    """Return (B, 2, H, 5) by the level that each change is told from, (B, H, 5, 5)."""
    return np.moveaxis(values[:, SLOW.astype(np.int64)], 1, 3)


def ratios(rows: Rows, days: ClosedDays, day: Expected) -> Floats:
    """Return what hours say of each change, (B, H, 5, 5); nothing where they are not usable."""
    unsure = by_change(day.unsure)
    usual = _usual(rows, days, day.means)
    ratio = log_ratio(day.counts[..., None], usual, unsure, _FACTORS)
    usable = day.hours.usable & (day.hours.exposures > 0.0)
    ratio = np.where(usable[..., None], ratio, 0.0)
    ratio[:, :, SPEND, ~_FALLS] *= (tight_share(rows) <= MOST_TIGHT)[:, None, None]
    ratio[:, :, REVENUE, ~_FALLS] = np.minimum(ratio[:, :, REVENUE, ~_FALLS], ALONE)
    cut = day.ruled & days.capped
    demand = _usual(rows, days, day.demand)[:, :, SPEND]
    ratio[cut, SPEND] = cut_off_says(
        day.counts[cut, SPEND, None], demand[cut], unsure[cut, SPEND], _FACTORS[SPEND]
    )
    return ratio


def _usual(rows: Rows, days: ClosedDays, means: Floats) -> Floats:
    """Return what each change is told from, (B, H, 5, 5): what is nearest to it and not odd."""
    usual = by_change(means) * _USUAL
    doubt = doubted(rows, days)[..., None]
    usual[:, :, SPEND] *= np.where(_FALLS, 1.0 / doubt, doubt)
    return usual
