"""How the hours of a week stand to each other, learned from other campaigns' days and weeks.

The prior for a campaign's shape is the mean and the covariance of the logs of others' days, so
that the first hours of a day inform all the rest (empirical Bayes). Their whole weeks teach how big
a weekday is against the week, which is what a new day begins with. It is kept as sums, of an
account, a platform, and all campaigns: what few have taught leans on what more of them have.

Source: Robbins, "An Empirical Bayes Approach to Statistics" (1956).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.day_gaps import HOURS, assumed

WEEKDAYS: Final = 7

MEAN_STRENGTH: Final = 3.0
"""Campaign-days that the day of a wider scope, or the flat one, counts for."""

WEEK_STRENGTH: Final = 3.0
"""Campaign-weeks that the week of a wider scope, or of equal days, counts for."""

COVARIANCE_STRENGTH: Final = 12.0
"""Campaign-days that the covariance of a wider scope, or the assumed one, counts for."""

NEWS: Final = 7.0
"""Days after which a campaign repeats itself: more of them say nothing of other campaigns."""

MOST_DAYS: Final = 100_000.0
"""Campaign-days at which sums are halved, so that what is new goes on counting."""

MOVED: Final = 0.3
"""Share of campaigns whose people live by another clock than their account, where few have taught:
their whole day lies hours earlier or later. A few of 42 measured regions did, by up to seven."""

MOVED_BY: Final = 5.0
"""Standard deviation, in hours, of by how much."""

HALF_SEEN: Final = 1_000.0
"""Campaign-days that halve that share: by then such campaigns are among those that have taught."""

_STEPS: Final = 2.0**20
"""Of a day's logs and their products to one: sums of whole steps are the same in every order."""


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
    """Sums over closed days of all campaigns of a scope; they can be added up.

    `pooled` takes them with an axis (B,) in front of each, too.
    """

    days: Floats
    """Shape (7,): campaign-days by weekday."""
    total: Floats
    """Shape (7, 24): sums of centred log shapes."""
    products: Floats
    """Shape (24, 24): sum of the outer products of centred log shapes."""
    weeks: Floats
    """Shape (1,): campaign-weeks."""
    levels: Floats
    """Shape (7,): sums of the means of the log days of these weeks against the week's mean."""

    def scaled(self, days: float, weeks: float) -> ShapeSums:
        """Return the same teaching with days and weeks that count for so many times as much."""
        return ShapeSums(
            days=days * self.days,
            total=days * self.total,
            products=days * self.products,
            weeks=weeks * self.weeks,
            levels=weeks * self.levels,
        )


def no_days() -> ShapeSums:
    """Return the sums over no day."""
    return ShapeSums(
        days=np.zeros(WEEKDAYS),
        total=np.zeros((WEEKDAYS, HOURS)),
        products=np.zeros((HOURS, HOURS)),
        weeks=np.zeros(1),
        levels=np.zeros(WEEKDAYS),
    )


def add_days(
    sums: ShapeSums, log_spend: Floats, weekdays: Ints, unsure: Floats | None = None
) -> ShapeSums:
    """Return sums with N closed days more; halved where they hold more than `MOST_DAYS`.

    Parameters
    ----------
    log_spend
        Shape (N, 24): log of what each hour would have spent at one multiplier, natural log.
        The day's mean is taken out: how big a campaign is tells nothing of its shape.
    weekdays
        Shape (N,), 0 (Monday) to 6.
    unsure
        Shape (N, 24, 24): covariance of those hours that were guessed, see `engine.day_gaps`.
    """
    shapes = log_spend - log_spend.mean(axis=1, keepdims=True)
    products = shapes[:, :, None] * shapes[:, None, :]
    if unsure is not None:
        half = unsure - unsure.mean(axis=1, keepdims=True)
        products += half - half.mean(axis=2, keepdims=True)
    days, total = sums.days.copy(), sums.total.copy()
    np.add.at(days, weekdays, 1.0)
    np.add.at(total, weekdays, _stepped(shapes))
    products = sums.products + _stepped(products).sum(axis=0)
    after = replace(sums, days=days, total=total, products=products)
    return after.scaled(0.5, 0.5) if days.sum() > MOST_DAYS else after


def add_levels(sums: ShapeSums, levels: Floats) -> ShapeSums:
    """Return sums with N whole weeks more whose days are added by themselves.

    Parameters
    ----------
    levels
        Shape (N, 7), from Monday: mean of the log spend of a day's hours at one multiplier.
    """
    levels = levels - levels.mean(axis=1, keepdims=True)
    weeks = sums.weeks + len(levels)
    return replace(sums, weeks=weeks, levels=sums.levels + _stepped(levels).sum(axis=0))


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
    return add_levels(after, log_spend.mean(axis=2))


def of_campaigns(sums: ShapeSums, campaigns: int) -> ShapeSums:
    """Return sums whose days count for no more than `NEWS` days of each campaign.

    Else the days of a single campaign would make its shape as good as sure for all others.
    """
    told = float(sums.days.sum())
    return sums.scaled(min(1.0, NEWS * campaigns / told), 1.0) if told else sums


def pooled(sums: ShapeSums, wider: Sequence[ShapeSums] = ()) -> DayShapes:
    """Return what sums teach a campaign that nothing is known of; one row, or (B,) of them.

    Each weekday's mean is shrunk to that of the scope's all days, this and the covariance within
    weekdays to the wider scope, and the widest to the flat day and the covariance that is
    assumed. To it comes what days that lie earlier or later add. How big a weekday is is shrunk
    likewise, from the mean day.

    Parameters
    ----------
    sums
        Of the narrowest scope.
    wider
        Sums of wider scopes, from the widest on; the days of each are among those of the one
        before.
    """
    rows = [_in_rows(scope) for scope in (*wider, sums)]
    day, mean = np.zeros((1, 1, HOURS)), np.zeros((1, WEEKDAYS, HOURS))
    level, covariance = np.zeros((1, WEEKDAYS)), assumed()[None]
    taught = np.zeros(1)
    for scope in rows:
        others, days = scope.total - scope.days[..., None] * mean, scope.days.sum(axis=1)
        apart = others.sum(axis=1, keepdims=True) / (days + MEAN_STRENGTH)[:, None, None]
        weight = (scope.days + MEAN_STRENGTH)[..., None]
        mean = mean + (others + MEAN_STRENGTH * apart) / weight
        day, taught = day + apart, np.maximum(taught, days)
        spread = _around(scope, mean) + COVARIANCE_STRENGTH * covariance
        covariance = spread / (days + COVARIANCE_STRENGTH)[:, None, None]
        level = level + (scope.levels - scope.weeks * level) / (scope.weeks + WEEK_STRENGTH)
    share = MOVED / (1.0 + taught / HALF_SEEN)
    covariance = covariance + share[:, None, None] * _moved(day[:, 0])
    return DayShapes(mean=level[:, :, None] + mean, covariance=covariance)


def _in_rows(sums: ShapeSums) -> ShapeSums:
    if sums.days.ndim > 1:
        return sums
    return ShapeSums(**{each.name: getattr(sums, each.name)[None] for each in fields(sums)})


def _around(sums: ShapeSums, mean: Floats) -> Floats:
    """Return the sums of squares and products around weekday means (B, 7, 24); (B, 24, 24)."""
    crossed = np.swapaxes(sums.total - 0.5 * mean * sums.days[..., None], 1, 2) @ mean
    around = sums.products - crossed
    around -= np.swapaxes(crossed, 1, 2)
    return np.asarray(around)


def _moved(day: Floats) -> Floats:
    """Return the second moments (B, 24, 24) of days moved to earlier or later around the day."""
    by = np.arange(1 - HOURS // 2, HOURS // 2 + 1)
    weights = np.where(by == 0, 0.0, np.exp(-0.5 * (by / MOVED_BY) ** 2))
    earlier = (np.arange(HOURS) - by[:, None]) % HOURS
    apart = (day[:, earlier] - day[:, None, :]) * np.sqrt(weights / weights.sum())[:, None]
    return np.asarray(np.swapaxes(apart, 1, 2) @ apart)


def _stepped(values: Floats) -> Floats:
    return np.asarray(np.round(values * _STEPS) / _STEPS)
