"""What chance does to the value of cohorts: the variance of orders, and of days, learned.

Source: England and Verrall, "Stochastic Claims Reserving in General Insurance", British Actuarial
Journal 8 (2002), for the dispersion of over-dispersed Poisson values by Pearson's residuals;
Bühlmann and Straub, "Glaubwürdigkeit für Schadensätze", Mitteilungen der Vereinigung
schweizerischer Versicherungsmathematiker 70 (1970), for the variance between days by moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats
from engine.chain_ladder import Triangle, ladder
from engine.intervals import ORDERS_VARY
from engine.value_growth import Development

ASSUMED_CASES: Final = 20.0
"""Cells of a triangle that the assumed variance of orders counts for."""

ASSUMED_DAYS_VARY: Final = 0.01
"""Variance of what days' clicks are worth, relative to the squared mean, beyond the chance of
orders."""

LEAST_DAYS_VARY: Final = 1e-4

ASSUMED_DAYS: Final = 4.0
"""Days that it counts for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohorts:
    """I days of B campaigns; shapes (B, I)."""

    triangle: Triangle
    """Values at `engine.value_growth.AGES`, shapes (B, I, 21)."""
    now: Floats
    """Value by the newest report, in any unit of money."""
    age: Floats
    """Days from the end of the day to the newest report; -1 of a day that is not known."""
    clicks: Floats
    conversions: Floats
    """Reported by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What a click is worth, and what chance does to it; shapes (B,)."""

    order: Floats
    """Variance of a sum of values over that sum, > 0, in the unit of money: with equal orders the
    value of one."""
    days: Floats
    """Variance of what a day's clicks are worth, relative to the squared mean, > 0."""
    per_click: Floats
    """Value of a click at the horizon, >= 0."""
    doubt: Floats
    """Its standard deviation relative to itself, >= 0."""


def order_of(cohorts: Cohorts) -> Floats:
    """Return what counts for one order, (B,), in the unit of money; 1 where there is no value.

    It is learned from how far what came in at each step of age departs from what the factors make
    of the cohort's total. Orders whose revenue varies as much as its mean are assumed, and count
    for `ASSUMED_CASES` cells.
    """
    came, due, counts = _cells(cohorts.triangle)
    whole = due.sum(axis=2, keepdims=True)
    part = np.where(counts, due / np.where(whole > 0.0, whole, 1.0), 0.0)
    fitted = part * np.maximum(came.sum(axis=2, keepdims=True), 0.0)
    counts &= fitted > 0.0
    # Sums before their ratio: a cohort whose orders are large by chance would else count for less.
    departed = np.where(counts, np.square(came - fitted), 0.0).sum(axis=(1, 2))
    expected = np.where(counts, fitted * (1.0 - part), 0.0).sum(axis=(1, 2))
    cells = np.maximum(counts.sum(axis=(1, 2)) - counts.any(axis=2).sum(axis=1), 0)
    each = expected / np.maximum(cells, 1)
    assumed = (1.0 + ORDERS_VARY**2) * _mean_order(cohorts)
    learned = departed + ASSUMED_CASES * each * assumed
    told = expected + ASSUMED_CASES * each
    found = np.divide(learned, told, out=assumed.copy(), where=told > 0.0)
    return np.asarray(np.where(assumed > 0.0, found, 1.0))


def spread_of(cohorts: Cohorts, development: Development, order: Floats, horizon: float) -> Spread:
    """Return what clicks are worth ``horizon`` days on, and how much that varies by day.

    ``order`` (B,) is what counts for one order. What clicks are worth is the value of all cohorts
    over their clicks, each by the share of its value at the horizon that it has by now (Cape Cod).
    """
    until = np.full((len(cohorts.now), 1), horizon)
    share = np.exp(development.log_at(cohorts.age) - development.log_at(until))
    there = cohorts.age >= 0.0
    exposure = np.where(there, cohorts.clicks * share, 0.0)
    value = np.where(there & (exposure > 0.0), cohorts.now, 0.0).sum(axis=1)
    clicks = exposure.sum(axis=1)
    each = np.divide(value, clicks, out=np.zeros(len(value)), where=clicks > 0.0)
    expected = exposure * np.maximum(each, 0.0)[:, None]
    days = _days_vary(cohorts.now, expected, order)
    known = (expected / (order[:, None] + days[:, None] * expected)).sum(axis=1)
    doubt = np.where(known > 0.0, 1.0 / np.sqrt(np.maximum(known, 1e-300)), 0.0)
    return Spread(order=order, days=days, per_click=np.maximum(each, 0.0), doubt=doubt)


def _days_vary(now: Floats, expected: Floats, order: Floats) -> Floats:
    """Return the variance of days (B,), by moments; big days, which show it best, count most."""
    some = expected > 0.0
    mean = np.where(some, expected, 1.0)
    excess = (np.square(now - mean) - order[:, None] * mean) / np.square(mean)
    weight = np.where(some, np.square(mean / (mean + order[:, None] / ASSUMED_DAYS_VARY)), 0.0)
    sums = (weight * excess).sum(axis=1) + ASSUMED_DAYS * ASSUMED_DAYS_VARY
    return np.asarray(np.maximum(sums / (weight.sum(axis=1) + ASSUMED_DAYS), LEAST_DAYS_VARY))


def _cells(triangle: Triangle) -> tuple[Floats, Floats, Bools]:
    """Return what came in at each age, what share of the last was due, and which cells say it.

    The first age at which a cohort is known counts for all that came before it. Shapes (B, I, J).
    """
    logs = np.cumsum(np.log(np.maximum(ladder(triangle).factors, 1e-9)), axis=1)
    shares = np.exp(np.concatenate((np.zeros((len(logs), 1)), logs), axis=1))[:, None, :]
    known = triangle.known
    value = np.where(known, triangle.value, 0.0)
    share = np.where(known, shares, 0.0)
    came, due = np.diff(value, axis=2, prepend=0.0), np.diff(share, axis=2, prepend=0.0)
    # After the last known age both are differences from nothing.
    return np.where(known, came, 0.0), np.where(known, due, 0.0), known & (due > 0.0)


def _mean_order(cohorts: Cohorts) -> Floats:
    """Return the value of a conversion (B,); of all that came, where none was counted."""
    there = cohorts.age >= 0.0
    value = np.where(there, cohorts.now, 0.0).sum(axis=1)
    orders = np.where(there, cohorts.conversions, 0.0).sum(axis=1)
    return np.asarray(np.maximum(value, 0.0) / np.maximum(orders, 1.0))
