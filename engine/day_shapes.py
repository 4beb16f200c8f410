"""How the hours of a week stand to each other, learned from other campaigns' days and weeks.

The prior for a campaign's shape is the mean and the covariance of the logs of others' days, so
that the first hours of a day inform all the rest (empirical Bayes). Their whole weeks teach how big
a weekday is against the week, which is what a new day begins with. It is kept as sums.

Source: Robbins, "An Empirical Bayes Approach to Statistics" (1956).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints

HOURS: Final = 24
WEEKDAYS: Final = 7

UNLIKE: Final = 0.6
"""Standard deviation of an hour around the day's mean where nobody has taught anything, log."""

NEAR: Final = 4.0
"""Hours over which neighbouring hours are alike where nobody has taught anything."""

MEAN_STRENGTH: Final = 3.0
"""Campaign-days that the flat day counts for."""

WEEK_STRENGTH: Final = 3.0
"""Campaign-weeks that the week of equal days counts for."""

COVARIANCE_STRENGTH: Final = 12.0
"""Campaign-days that the covariance assumed counts for."""

MOVED: Final = 0.3
"""Share of campaigns whose people live by another clock than their account, where few have taught:
their whole day lies hours earlier or later. A few of 42 measured regions did, by up to seven."""

MOVED_BY: Final = 5.0
"""Standard deviation, in hours, of by how much."""

HALF_SEEN: Final = 1_000.0
"""Campaign-days that halve that share: by then such campaigns are among those that have taught."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayShapes:
    """What is assumed of the shapes of B campaigns' days."""

    mean: Floats
    """Shape (B, 7, 24): log of an hour against the week, by weekday from Monday, natural log."""
    covariance: Floats
    """Shape (B, 24, 24)."""

    def of(self, rows: Ints) -> DayShapes:
        """Return those of some campaigns."""
        return DayShapes(mean=self.mean[rows], covariance=self.covariance[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeSums:
    """Sums over closed days of all campaigns of a scope; they can be added up."""

    days: Floats
    """Shape (7,): campaign-days by weekday."""
    total: Floats
    """Shape (7, 24): sums of centred log shapes."""
    products: Floats
    """Shape (7, 24, 24): sums of the outer products of centred log shapes."""
    weeks: Floats
    """Shape (1,): campaign-weeks."""
    levels: Floats
    """Shape (7,): sums of the means of the log days of these weeks against the week's mean."""


def no_days() -> ShapeSums:
    """Return the sums over no day."""
    return ShapeSums(
        days=np.zeros(WEEKDAYS),
        total=np.zeros((WEEKDAYS, HOURS)),
        products=np.zeros((WEEKDAYS, HOURS, HOURS)),
        weeks=np.zeros(1),
        levels=np.zeros(WEEKDAYS),
    )


def add_days(sums: ShapeSums, log_spend: Floats, weekdays: Ints) -> ShapeSums:
    """Return sums with N closed days more.

    Parameters
    ----------
    log_spend
        Shape (N, 24): log of what each hour would have spent at one multiplier, natural log.
        The day's mean is taken out: how big a campaign is tells nothing of its shape.
    weekdays
        Shape (N,), 0 (Monday) to 6.
    """
    shapes = log_spend - log_spend.mean(axis=1, keepdims=True)
    days, total, products = sums.days.copy(), sums.total.copy(), sums.products.copy()
    np.add.at(days, weekdays, 1.0)
    np.add.at(total, weekdays, shapes)
    np.add.at(products, weekdays, shapes[:, :, None] * shapes[:, None, :])
    return replace(sums, days=days, total=total, products=products)


def add_weeks(sums: ShapeSums, log_spend: Floats) -> ShapeSums:
    """Return sums with all the days of N closed weeks more, and how big their days are.

    Parameters
    ----------
    log_spend
        Shape (N, 7, 24), from Monday midnight: log of what each hour would have spent at one
        multiplier, natural log.
    """
    weekdays = np.tile(np.arange(WEEKDAYS), len(log_spend))
    after = add_days(sums, log_spend.reshape(-1, HOURS), weekdays)
    levels = log_spend.mean(axis=2)
    levels = levels - levels.mean(axis=1, keepdims=True)
    weeks = sums.weeks + len(log_spend)
    return replace(after, weeks=weeks, levels=sums.levels + levels.sum(axis=0))


def pooled(sums: ShapeSums) -> DayShapes:
    """Return what the sums teach a campaign that nothing is known of; one row.

    Each weekday's mean is shrunk to that of all days, this to the flat day, and the covariance
    within weekdays to the one that is assumed. To it comes what days that lie earlier or later add.
    How big a weekday is is shrunk to the mean day.
    """
    all_days = sums.days.sum()
    overall = sums.total.sum(axis=0) / (all_days + MEAN_STRENGTH)
    weekday = (sums.total + MEAN_STRENGTH * overall) / (sums.days + MEAN_STRENGTH)[:, None]
    around = (
        sums.products
        - sums.total[:, :, None] * weekday[:, None, :]
        - weekday[:, :, None] * sums.total[:, None, :]
        + sums.days[:, None, None] * weekday[:, :, None] * weekday[:, None, :]
    ).sum(axis=0)
    spread = around + COVARIANCE_STRENGTH * _assumed()
    covariance = spread / (all_days + COVARIANCE_STRENGTH)
    covariance += MOVED / (1.0 + all_days / HALF_SEEN) * _moved(overall)
    level = sums.levels / (sums.weeks + WEEK_STRENGTH)
    return DayShapes(mean=(level[:, None] + weekday)[None], covariance=covariance[None])


def _assumed() -> Floats:
    apart = np.abs(np.arange(HOURS)[:, None] - np.arange(HOURS))
    around = np.minimum(apart, HOURS - apart)
    return np.asarray(UNLIKE**2 * np.exp(-around / NEAR))


def _moved(day: Floats) -> Floats:
    """Return the second moments (24, 24) of a day moved to earlier or later around the day."""
    by = np.arange(1 - HOURS // 2, HOURS // 2 + 1)
    weights = np.where(by == 0, 0.0, np.exp(-0.5 * (by / MOVED_BY) ** 2))
    apart = np.array([np.roll(day, hours) - day for hours in by])
    return np.asarray((apart.T * (weights / weights.sum())) @ apart)
