"""The newest hours of a campaign as arrays, and what they have beyond what is usual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from workers.adviser.auditing import InForce
from workers.adviser.draft import Draft
from workers.adviser.pulse import Habit, Pulse
from workers.adviser.pulse_learning import MILLION
from workers.adviser.slices import Hour, Names, day_of
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
    reported_since: int | None
    """Second from which on they did, where they had named another one before."""
    in_force: InForce
    """What the audit trail says."""
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A moment, with the hours that are looked at."""

    moment: Moment
    pulse: Pulse
    habit: Habit
    looked: list[float]
    """1 for an hour that was told and is looked at, the newest last."""
    clicks: list[int]
    spend: list[int]
    """Millionths."""
    conversions: list[int]
    offset: int
    """Of the record that tells the newest hour."""


def case_of(draft: Draft, moment: Moment, pulse: Pulse, offset: int) -> Case | None:
    """Return the newest hours; None where a later one was told already, or nothing is usual."""
    if pulse.habit is None:
        return None
    looked = [0.0] * LOOKED_AT
    counts = [[0] * LOOKED_AT for _ in range(3)]
    for start, hour, _ in _hours(draft, moment):
        back = (moment.start - start) // HOUR
        if back < 0:
            return None
        # What has been answered is not answered again.
        looked[-1 - back] = 1.0 if start >= pulse.until else 0.0
        for row, at in enumerate((_CLICKS, _SPEND, _CONVERSIONS)):
            counts[row][-1 - back] = max(hour.total[at], 0)
    clicks, spend, conversions = counts
    return Case(
        moment=moment,
        pulse=pulse,
        habit=pulse.habit,
        looked=looked,
        clicks=clicks,
        spend=spend,
        conversions=conversions,
        offset=offset,
    )


def spent_by_ad_set(draft: Draft, moment: Moment) -> dict[str, int]:
    """Return what each ad set that is named spent in the hours that are looked at, millionths."""
    spent: dict[str, int] = {}
    for _, hour, names in _hours(draft, moment):
        for at, counts in hour.rows.items():
            ad_set = names[at][0]
            if ad_set is not None:
                spent[ad_set] = spent.get(ad_set, 0) + counts[_SPEND]
    return spent


def _hours(draft: Draft, moment: Moment) -> Iterator[tuple[int, Hour, tuple[Names, ...]]]:
    """Yield first second, counts and names of the hours that are looked at, and of later ones."""
    oldest = moment.start - (LOOKED_AT - 1) * HOUR
    for utc_day in range(oldest // DAY, (moment.start + HOUR) // DAY + 1):
        kept = day_of(draft.read(hours_key(moment.campaign, utc_day)))
        for number, hour in kept.hours.items():
            start = utc_day * DAY + number * HOUR + hour.quarter * 900
            if start >= oldest and not (moment.start - start) % HOUR:
                yield start, hour, kept.names


def beyond_usual(zones: ZoneBook, cases: Sequence[Case], excluded: Sequence[Ints]) -> Changes:
    """Return what the hours of B cases have beyond what is usual.

    Left out are hours in ``excluded`` windows, of shape (W, 2) each; a case's answer depends on no
    other.
    """
    moments = [each.moment for each in cases]
    habits = [each.habit for each in cases]
    ends = np.array([each.start for each in moments], dtype=np.int64)
    starts = ends[:, None] + HOUR * np.arange(1 - LOOKED_AT, 1)
    looked = np.array([each.looked for each in cases])
    for row, windows in enumerate(excluded):
        if len(windows):
            looked[row] *= ~touched(windows, starts[row])
    part = looked.copy()
    part[:, -1] *= [each.part for each in moments]
    now = np.array([each.now for each in moments], dtype=np.int64)
    shares = np.array([each.share for each in habits])
    ages = np.clip((now[:, None] - starts - HOUR) // HOUR, 0, shares.shape[1] - 1)
    newest = Newest(
        clicks=np.array([each.clicks for each in cases]) * looked,
        spend=np.array([each.spend for each in cases]) / MILLION * looked,
        conversions=np.array([each.conversions for each in cases]) / MILLION * looked,
        share=np.take_along_axis(shares, ages, axis=1) * part,
        hour=_local_hours(zones, moments, starts),
        part=part,
        lift=np.array([_lift(each.plan, own) for each, own in zip(moments, starts, strict=True)]),
        raised=np.array([_raised(each) for each in cases]),
        daily=np.array([_daily(each.plan) for each in moments]),
    )
    return changes(_usual(habits), newest)


def _usual(habits: Sequence[Habit]) -> Usual:
    spread = np.array([each.spreads for each in habits])
    return Usual(
        clicks=np.array([each.clicks for each in habits]),
        cost=np.array([each.cost for each in habits]),
        rate=np.array([each.rate for each in habits]),
        spend_spread=spread[:, 0],
        cost_spread=spread[:, 1],
        rate_spread=spread[:, 2],
        enough=np.ones(len(habits), dtype=np.bool_),
    )


def _raised(case: Case) -> float:
    usually = case.habit.bid
    return max(case.moment.bid / usually, 1.0) if usually > 0.0 else 1.0


def _local_hours(zones: ZoneBook, moments: Sequence[Moment], starts: Ints) -> Ints:
    rows = np.repeat(zones.rows([each.zone for each in moments]), starts.shape[1])
    flat = starts.ravel()
    days = local_day(zones.calendar, rows, flat)
    return (hour_of_week(zones.calendar, rows, flat, days) % 24).reshape(starts.shape)


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
