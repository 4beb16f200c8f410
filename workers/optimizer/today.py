"""How far today's conversions are from what was expected, where plans move budget on it.

An hour is judged by how many of its conversions are reported at its age, as far as the campaign's
own reports have taught that: a delay that is only assumed would be taken for a good or a bad day.
Counts that are said to be final need none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine import delay
from engine.arrays import Bools, Floats, Ints, Rows
from engine.batches import placed
from engine.calendar import DAY, HOUR, local_day
from engine.delay import AGES, Delays
from engine.reallocation import Departure, Today, departure, dispersion, nothing_departs
from engine.strategies import needs_learning
from workers.optimizer.delays import delays_of
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.learned import Learned
from workers.optimizer.lived import Campaigns, campaigns_of, cells_of, told_hours
from workers.optimizer.plan_calendar import excluded
from workers.optimizer.plan_rows import WITHIN_DAY, PlanBook
from workers.optimizer.tables import METRICS, windows_key

DAYS = 7
"""Days before today that say how much more conversions vary than by counting."""

MATURE = 0.9
"""Share of its conversions from which an hour of those days says so."""


TAUGHT = 100.0
"""Conversions that must have been seen through each step of age of the first day before hours whose
counts are not final are judged: what is assumed then counts for a sixth of them."""

_FIRST_DAY = slice(AGES.index(6), AGES.index(24))


class _Hours(NamedTuple):
    """Hours of R campaigns up to the newest one; shapes (R, H)."""

    starts: Ints
    counted: Floats
    expected: Floats
    """Conversions to be reported by now; 0 for an hour that says nothing."""
    maturity: Floats


def today_of(
    draft: Draft, book: PlanBook, due: Due, forced: Rows, learned: Learned
) -> Departure | None:
    """Return how far today departs, none where no plan asks; ``forced`` is what is in force."""
    rows = _asking(book, due)
    if not rows.size:
        return None
    campaigns = campaigns_of(due, forced, rows)
    rates = learned.rates[rows, None] * learned.intents[rows]
    hours = _hours(draft, campaigns, due.now[rows], rates)
    target = (due.hour + np.maximum(due.now - due.hour, 0) // HOUR * HOUR)[rows, None]
    day = local_day(due.calendar, campaigns.zones[:, None], target)
    same = local_day(due.calendar, campaigns.zones[:, None], hours.starts) == day
    settled = ~same & (hours.maturity >= MATURE)
    spread = dispersion(hours.counted, np.where(settled, hours.expected, 0.0))
    today = Today(
        counted=hours.counted,
        expected=np.where(same, hours.expected, 0.0),
        maturity=hours.maturity,
        ages=np.maximum((target - hours.starts) // HOUR, 1),
    )
    return placed(nothing_departs(len(due.keys)), rows, departure(today, spread))


def _asking(book: PlanBook, due: Due) -> Ints:
    """Return whose plan moves budget within the day, by a split that was learned."""
    some = (due.plans["detailed"] & WITHIN_DAY > 0) & needs_learning(due.plans)
    rows = np.flatnonzero(some & (due.plans["version"] > 0)).tolist()
    chosen = [i for i in rows if book.plan(due.plan_values[i]).reallocate_within_day]
    return np.array(chosen, dtype=np.int64)


def _hours(draft: Draft, campaigns: Campaigns, now: Ints, rates: Floats) -> _Hours:
    count = (DAYS + 1) * DAY // HOUR
    until = campaigns.newest - (count - 1) * HOUR
    starts = until[:, None] + np.arange(count) * HOUR
    told = told_hours(draft, campaigns, until, count)
    ages = (now[:, None] - starts - HOUR) / HOUR
    maturity = np.where(told.final, 1.0, _taught(delays_of(draft, campaigns.keys), ages))
    usual = np.take_along_axis(rates, cells_of(campaigns, starts), axis=1)
    usable = told.usable & ~_excluded(draft, campaigns, starts)
    return _Hours(
        starts=starts,
        counted=np.where(usable, told.conversions, 0.0),
        expected=np.where(usable, usual * told.clicks * maturity, 0.0),
        maturity=maturity,
    )


def _taught(delays: Delays, ages: Floats) -> Floats:
    """Return how mature hours (R, H) are by their campaigns' own reports, 0 if that is not known.

    Each campaign is its own pool: an error that is shared with others departs nobody's day, one
    that is taken over from them does.
    """
    known = delays.level[:, _FIRST_DAY].min(axis=1) >= TAUGHT
    return np.where(known[:, None], delay.maturity(delays, delays).at(ages), 0.0)


def _excluded(draft: Draft, campaigns: Campaigns, starts: Ints) -> Bools:
    windows = draft.read_of(METRICS, [windows_key(key) for key in campaigns.keys])
    owners = np.repeat(np.arange(len(windows)), starts.shape[1])
    return np.asarray(excluded(windows, owners, starts.ravel()).reshape(starts.shape))
