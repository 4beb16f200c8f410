"""The newest hours of a campaign as arrays, and what they have beyond what is usual."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.calendar import DAY, HOUR, hour_of_week, local_day
from engine.events import touched
from engine.usual_hours import Changes, Newest, Usual, changes
from schemas import Plan
from schemas.fields import BudgetPeriod
from workers.adviser.draft import Draft
from workers.adviser.pulse import Habit, Pulse
from workers.adviser.pulse_learning import MILLION
from workers.adviser.slices import day_of
from workers.adviser.tables import hours_key
from workers.optimizer.plan_calendar import first_second, last_second
from workers.optimizer.zones import ZoneBook

LOOKED_AT: Final = 24
"""Hours, the newest last, in which a change may lie."""

_CLICKS, _SPEND, _CONVERSIONS = 1, 2, 3
_DAYS_OF: Final = {BudgetPeriod.DAY: 1, BudgetPeriod.WEEK: 7, BudgetPeriod.MONTH: 28}
"""Fewest days of a period: what a day may spend is rather taken for more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One campaign as an hour of it is told."""

    campaign: bytes
    start: int
    """First second of the hour, the newest of the campaign."""
    part: float
    """How much of it had passed when it was told, in (0, 1]."""
    now: int
    zone: bytes
    bid: float
    """Usual bid that is in force, 0 where none is known."""
    reported: str | None
    """The bid that reports named last."""
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """The hours that are looked at, their counts, and the names of who spent in them."""

    starts: Ints
    counts: Floats
    """Shape (3, H): clicks, money, conversions."""
    known: Floats
    """Shape (H,): 1 for an hour that was told."""
    spent: dict[str, int]
    """By ad set, millionths."""

    @property
    def whole(self) -> bool:
        """Whether no hour after the last one was told."""
        return bool(self.known[-1])


def recent(draft: Draft, moment: Moment) -> Recent | None:
    """Return the newest hours; None where a later hour than the moment's was told already."""
    starts = moment.start + HOUR * np.arange(1 - LOOKED_AT, 1)
    counts, known = np.zeros((3, LOOKED_AT)), np.zeros(LOOKED_AT)
    spent: dict[str, int] = {}
    for utc_day in range(int(starts[0]) // DAY, (moment.start + HOUR) // DAY + 1):
        kept = day_of(draft.read(hours_key(moment.campaign, utc_day)))
        for number, hour in kept.hours.items():
            start = utc_day * DAY + number * HOUR + hour.quarter * 900
            back, odd = divmod(moment.start - start, HOUR)
            if back < 0:
                return None
            if odd or back >= LOOKED_AT:
                continue
            place = LOOKED_AT - 1 - back
            known[place] = 1.0
            for row, at in enumerate((_CLICKS, _SPEND, _CONVERSIONS)):
                counts[row, place] = max(hour.total[at], 0)
            for at, each in hour.rows.items():
                ad_set = kept.names[at][0]
                if ad_set is not None:
                    spent[ad_set] = spent.get(ad_set, 0) + each[_SPEND]
    counts[1:] /= MILLION
    return Recent(starts=starts, counts=counts, known=known, spent=spent)


def beyond_usual(
    zones: ZoneBook, moment: Moment, found: Recent, pulse: Pulse, excluded: Ints
) -> Changes | None:
    """Return what the hours have beyond what is usual; None where nothing is known to be usual.

    Left out are hours in ``excluded`` windows (W, 2), and those that began before a cut was over:
    what has been answered is not answered again.
    """
    habit = pulse.habit
    if habit is None:
        return None
    looked = found.known * ~touched(excluded, found.starts) * (found.starts >= pulse.until)
    part = looked.copy()
    part[-1] *= moment.part
    ages = np.maximum(moment.now - found.starts - HOUR, 0) // HOUR
    share = np.array(habit.share)[np.minimum(ages, len(habit.share) - 1)] * part
    clicks, spend, conversions = found.counts * looked
    newest = Newest(
        clicks=clicks[None, :],
        spend=spend[None, :],
        conversions=conversions[None, :],
        share=share[None, :],
        hour=_local_hours(zones, moment.zone, found.starts)[None, :],
        part=part[None, :],
        lift=_lift(moment.plan, found.starts)[None, :],
        raised=np.array([max(moment.bid / habit.bid, 1.0) if habit.bid > 0.0 else 1.0]),
        daily=np.array([_daily(moment.plan)]),
    )
    return changes(_usual(habit), newest)


def _usual(habit: Habit) -> Usual:
    spend, cost, rate = (np.array([each]) for each in habit.spreads)
    return Usual(
        clicks=np.array([habit.clicks]),
        cost=np.array([habit.cost]),
        rate=np.array([habit.rate]),
        spend_spread=spend,
        cost_spread=cost,
        rate_spread=rate,
        enough=np.ones(1, dtype=np.bool_),
    )


def _local_hours(zones: ZoneBook, zone: bytes, starts: Ints) -> Ints:
    rows = np.repeat(zones.rows([zone]), len(starts))
    days = local_day(zones.calendar, rows, starts)
    return hour_of_week(zones.calendar, rows, starts, days) % 24


def _lift(plan: Plan, starts: Ints) -> Floats:
    """Return the rise of demand that the plan tells of each hour, >= 1."""
    lift = np.ones(len(starts))
    for event in plan.calendar:
        window = np.array([[first_second(event.start), last_second(event.end)]])
        lift = np.where(touched(window, starts), np.maximum(lift, event.expected_lift), lift)
    return lift


def _daily(plan: Plan) -> float:
    """Return what a day may spend by the plan's budget, at the most that is meant by it."""
    days = _DAYS_OF.get(plan.budget.period)
    if days is None:
        first, last = plan.flight_start, plan.flight_end
        days = (last - first + timedelta(days=1)).days if first and last else 1
    return float(plan.budget.amount) / days
