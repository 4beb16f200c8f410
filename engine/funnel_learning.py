"""What a closed day teaches, once it is judged.

Sources: those of `engine.funnel_watch`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.anomalies import FIRST_HOURS, HALF_LIVES
from engine.arrays import Floats, Rows
from engine.funnel import REVENUE, SIGNALS, SPEND, ClosedDays, Held
from engine.funnel_expected import Expected
from engine.funnel_state import answers

_WEEK_HALF_LIFE: Final = 28.0 * 24.0
_SIGNALS: Final = len(SIGNALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A day of B campaigns as it was judged; shapes (B, H, 5) unless said otherwise."""

    days: ClosedDays
    day: Expected
    """What it was expected to come to."""
    believed: Floats
    """Counts in units, cut where they are too odd."""
    weight: Floats
    """What the hour counts for, 0 to 1."""


def learned(rows: Rows, lesson: Lesson) -> Rows:
    """Return campaigns (B,) of `engine.funnel_state.WATCH` after a day more."""
    after, weight, day = rows.copy(), lesson.weight, lesson.day
    of_day, of_week, by_bids = day.factors
    believed, means = lesson.believed, day.means[:, 0]
    usual = of_day * of_week * by_bids * day.hours.exposures
    _learn_level(after, believed * day.units[:, None], usual, weight)
    _learn_spread(after, (believed, means), day.hours.doubt, weight)
    _learn_answer(after, lesson.days, (believed, means, day.spread), weight)
    base = day.level[:, None] * day.hours.exposures * by_bids
    _learn_week(after, lesson.days, (believed, base, day.spread), ((of_day, of_week), weight))
    _learn_price(after, day.hours)
    _learn_scatter(after, (believed, means), day.units, weight)
    _learn_life(after, lesson)
    return after


def _learn_level(after: Rows, amounts: Floats, usual: Floats, weight: Floats) -> None:
    hours = weight.sum(axis=1)
    for pace, half_life in enumerate(HALF_LIVES.tolist()):
        # What teaches less also makes less be forgotten.
        kept = 0.5 ** (hours / half_life)
        for name, value in (("count", amounts), ("exposure", usual)):
            after[name][:, pace] = kept * after[name][:, pace] + (weight * value).sum(axis=1)


def _learn_spread(after: Rows, told: tuple[Floats, Floats], doubt: Floats, weight: Floats) -> None:
    """Learn by what squares of hours that were expected with some right exceed those of chance."""
    believed, means = told
    known = weight * (after["hours"] >= FIRST_HOURS / 2.0)[:, None]
    beyond = (believed - means) ** 2 - means - doubt * means**2
    kept = 0.5 ** (weight.sum(axis=1) / HALF_LIVES[1])
    # Hours of many events tell their rate alike well, and those of few hardly.
    says = known / (1.0 + means) ** 2
    for name, value in (("excess", beyond), ("square", means**2)):
        after[name] = kept * after[name] + (says * value).sum(axis=1)


def _learn_week(
    after: Rows,
    days: ClosedDays,
    told: tuple[Floats, Floats, Floats],
    by: tuple[tuple[Floats, Floats], Floats],
) -> None:
    """Learn the cells of the week; an hour counts for no more events than it tells of its rate."""
    believed, base, spread = told
    (of_day, of_week), weight = by
    says = weight / (1.0 + spread * base)
    at = np.arange(len(after))
    kept = 0.5 ** (weight.sum(axis=1) / _WEEK_HALF_LIFE)[:, None]
    for side, other in enumerate((believed, base)):
        day = other * (of_week if side else 1.0)
        cells = np.zeros((len(after), 24, _SIGNALS))
        np.add.at(cells, (at[:, None], days.of_day), says * day)
        after["of_day"][:, side] = kept * after["of_day"][:, side] + cells
        week = (says * other * (of_day if side else 1.0)).sum(axis=1)
        after["of_week"][:, side] *= kept
        after["of_week"][at, side, days.weekday] += week


def _learn_answer(
    after: Rows, days: ClosedDays, told: tuple[Floats, Floats, Floats], weight: Floats
) -> None:
    """Learn how signals answer to bids from the hours of the day alone: levels of days differ."""
    believed, means, spread = told
    sure = weight * (means >= 1.0) * (after["hours"] >= FIRST_HOURS / 2.0)[:, None]
    # By how sure the log of a count is.
    sure = sure / (1.0 / np.maximum(means, 1.0) + spread)
    total = np.maximum(sure.sum(axis=1), 1e-9)[:, None]
    bids = np.broadcast_to(days.log_multiplier[..., None], means.shape)
    bids = bids - (sure * bids).sum(axis=1)[:, None] / total
    odd = np.log((believed + 0.5) / (means + 0.5))
    odd = odd - (sure * odd).sum(axis=1)[:, None] / total + answers(after)[:, None] * bids
    kept = 0.5 ** (weight.sum(axis=1) / _WEEK_HALF_LIFE)
    for side, other in enumerate((bids, odd)):
        after["answer"][:, side] = kept * after["answer"][:, side] + (sure * bids * other).sum(
            axis=1
        )


def _learn_price(after: Rows, hours: Held) -> None:
    both = np.where(hours.usable[:, :, 1], hours.counts[:, :, SPEND], 0.0).sum(axis=1)
    clicks = np.where(hours.usable[:, :, 1], hours.counts[:, :, 1], 0.0).sum(axis=1)
    kept = 0.5 ** (24.0 / HALF_LIVES[1])
    after["paid"] = kept * after["paid"] + np.stack([both, clicks], axis=1)


def _learn_scatter(after: Rows, told: tuple[Floats, Floats], units: Floats, weight: Floats) -> None:
    """Learn by what revenue varies for each order, in orders of the mean amount."""
    level = _ratio(after["count"][:, 0, REVENUE], after["exposure"][:, 0, REVENUE])
    size = _ratio(units[:, REVENUE], level)[:, None]
    believed, means = (each[:, :, REVENUE] * size for each in told)
    says = weight[:, :, REVENUE] * (after["hours"] >= FIRST_HOURS / 2.0)[:, None, REVENUE]
    # Hours of many orders tell as much as those of ten.
    says = says / np.maximum(means / 10.0, 1.0)
    kept = 0.5 ** (weight[:, :, REVENUE].sum(axis=1) / _WEEK_HALF_LIFE)
    for side, other in enumerate(((believed - means) ** 2, means)):
        after["scatter"][:, side] = kept * after["scatter"][:, side] + (says * other).sum(axis=1)


def _learn_life(after: Rows, lesson: Lesson) -> None:
    """Learn how tight limits are, what bids are usual, and in how many hours anything comes."""
    ruled, usable = lesson.day.ruled, lesson.day.hours.usable
    kept = 0.5 ** (ruled.sum(axis=1) / HALF_LIVES[1])[:, None]
    logs = np.where(ruled, lesson.days.log_multiplier, 0.0)
    lived = np.stack([ruled, lesson.day.tight, logs], axis=2).sum(axis=1)
    after["lived"] = kept * after["lived"] + lived
    kept = 0.5 ** (usable.sum(axis=1) / HALF_LIVES[1])[:, None]
    active = np.stack([usable, usable & (lesson.day.counts > 0.0)], axis=1).sum(axis=2)
    after["active"] = kept * after["active"] + active
    after["hours"] += np.where(lesson.weight.any(axis=1), usable.sum(axis=1), 0.0)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.ones(len(above)), where=below > 0.0)
