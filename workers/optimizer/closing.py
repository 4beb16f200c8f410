"""The end of a local day: it is learned, and told to those who pool shapes and share budgets."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from engine import patterns
from engine.arrays import Bools, Ints, Rows
from engine.calendar import DAY, day_start, hour_of_week, local_day
from engine.dates import begin_dates
from engine.hours import MILLIONTHS
from engine.ledger import Advance
from engine.plans import PERIODS
from schemas import LateConversions, Plan, Portfolio, Shape
from schemas.fields import Autonomy, BudgetPeriod
from schemas.levers import DAILY_BUDGET
from schemas.money import from_minor, from_units_atto
from schemas.plan import Rollover
from schemas.topics import PORTFOLIO, SHAPES
from workers.instants import date_of, from_seconds
from workers.optimizer import overspend
from workers.optimizer.closed_hours import ClosedHours, closed_hours, currency_of
from workers.optimizer.closed_maturity import matured
from workers.optimizer.closed_spend import InForce, in_force_on
from workers.optimizer.daily_budgets import daily_budget
from workers.optimizer.delays import tell_delays
from workers.optimizer.draft import Draft
from workers.optimizer.plan_calendar import excluded
from workers.optimizer.plan_rows import GROUPED
from workers.optimizer.retained import read_days
from workers.optimizer.wave import Wave


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDay:
    """One campaign's local day that has ended."""

    at: int
    """Position in the wave."""
    day: int
    hours: ClosedHours
    in_force: InForce
    ran_out: Bools
    """Which hours spent all that they might."""
    late: LateConversions | None
    maturity: float
    """Which share of its conversions is told by now."""


def close_days(draft: Draft, wave: Wave, touched: Ints, learned: Rows, step: Advance) -> Rows:
    """Return patterns with the days that ended; publish their shapes and portfolio rows."""
    where = np.flatnonzero(step.closed[touched])
    if not where.size:
        return learned
    at = touched[where]
    zones, days = wave.zones[at], step.closed_day[at]
    firsts = day_start(wave.calendar, zones, days)
    ends = day_start(wave.calendar, zones, days + 1)
    spans = [
        range(first // DAY, (end - 1) // DAY + 1)
        for first, end in zip(firsts.tolist(), ends.tolist(), strict=True)
    ]
    rows, owners, starts = read_days(draft, [wave.keys[i] for i in at.tolist()], spans)
    within = (firsts[owners] <= starts) & (starts < ends[owners])
    within &= ~excluded(wave.windows, at[owners], starts)
    rows, owners, starts = rows[within], owners[within], starts[within]
    days_of = days[owners]
    cells = hour_of_week(wave.calendar, zones[owners], starts, days_of)
    overspend.observe(draft, wave, at, step)
    held = in_force_on(draft, wave, at, firsts, ends)
    late = tell_delays(draft, [wave.keys[i] for i in at.tolist()])
    mature = matured(draft, wave, at, firsts, (rows, owners, starts)).tolist()
    beside = list(zip(held, late, mature, strict=True))
    for closed in _closed(wave, at, (rows, owners, starts), (firsts, ends), beside):
        _tell(draft, wave, closed)
    dated = begin_dates(learned, where, days)
    return patterns.add_hours(dated, rows, (where[owners], cells, days_of), sign=1)


def _closed(
    wave: Wave,
    at: Ints,
    facts: tuple[Rows, Ints, Ints],
    bounds: tuple[Ints, Ints],
    beside: Sequence[tuple[InForce, LateConversions | None, float]],
) -> Iterator[ClosedDay]:
    days = local_day(wave.calendar, wave.zones[at], bounds[0])
    each = zip(
        at.tolist(),
        days.tolist(),
        closed_hours(wave, at, days, bounds, facts),
        beside,
        strict=True,
    )
    for i, day, hours, (held, late, mature) in each:
        yield ClosedDay(
            at=i,
            day=day,
            hours=hours,
            in_force=held,
            ran_out=held.ran_out(np.array(hours.spend)),
            late=late,
            maturity=mature,
        )


def _tell(draft: Draft, wave: Wave, closed: ClosedDay) -> None:
    i, now = closed.at, wave.facts[closed.at].now
    draft.publish_by_key(SHAPES, _shape(wave, closed), now)
    # Amounts of another currency than the plan's are nothing that a group could share out.
    comparable = overspend.same_currency(wave.campaigns[i], wave.plans[i])
    if wave.plans["detailed"][i] & GROUPED and comparable:
        draft.publish_by_key(PORTFOLIO, _portfolio(draft, wave, closed), now)


def _shape(wave: Wave, closed: ClosedDay) -> Shape:
    i, hours, held = closed.at, closed.hours, closed.in_force
    event, day = wave.facts[i].event, date_of(closed.day)
    return Shape(
        platform=event.platform,
        account_id=event.account_id,
        campaign_id=event.campaign_id,
        day=day,
        weekday=day.weekday(),
        timezone=wave.campaigns["zone"][i].decode(),
        currency=currency_of(wave, i) or None,
        local_hours=hours.local,
        observed=hours.observed,
        impressions=hours.impressions,
        clicks=hours.clicks,
        spend_minor=hours.spend,
        conversion_thousandths=hours.conversions,
        revenue_minor=hours.revenue if any(hours.revenue) else None,
        log_multiplier=held.multipliers(),
        # What only budgets have shaped spent what it was allowed to, hour by hour.
        capped=_if_any(closed.ran_out | held.shaped),
        allowed_minor=held.allowed(),
        late_conversions=closed.late,
        closed_at=from_seconds(wave.facts[i].now),
    )


def _if_any(values: Rows) -> tuple[Any, ...] | None:
    """Return values; nothing where all are what is assumed where nothing is said."""
    return tuple(values.tolist()) if values.any() else None


def _portfolio(draft: Draft, wave: Wave, closed: ClosedDay) -> Portfolio:
    i = closed.at
    event, campaign = wave.facts[i].event, wave.campaigns[i]
    plan = wave.book.plan(wave.plan_values[i])
    impressions, clicks, conversions = np.maximum(campaign["day_counts"], 0).tolist()
    set_ = daily_budget(draft, wave.keys[i], wave.plans[i : i + 1])
    budget = _budget_of_day(wave, i, closed.day) if set_ is None else set_.minor
    return Portfolio(
        budget_group_id=plan.budget_group_id or "",
        platform=event.platform,
        account_id=event.account_id,
        campaign_id=event.campaign_id,
        first_day=date_of(closed.day),
        last_day=date_of(closed.day),
        timezone=plan.timezone,
        currency=plan.currency,
        plan_version=plan.version,
        budget=from_minor(budget, plan.currency),
        spend=_amount(campaign["day"]),
        revenue=_amount(campaign["day_revenue"]),
        conversions=conversions / MILLIONTHS,
        impressions=impressions,
        clicks=clicks,
        observed_hours=sum(closed.hours.observed),
        capped_hours=int((closed.ran_out & closed.hours.observed).sum()),
        conversion_maturity=closed.maturity,
        releasable=_releasable(plan),
        budget_jitter=0.0 if set_ is None else set_.jitter,
        min_budget=plan.min_daily_budget,
        max_budget=_most_of_day(plan),
        closed_at=from_seconds(wave.facts[i].now),
    )


def _releasable(plan: Plan) -> bool:
    """Return whether another daily budget may be set without a person, and is then paced."""
    daily = plan.budget.period is BudgetPeriod.DAY and plan.rollover is Rollover.NONE
    return daily and plan.autonomy_for(DAILY_BUDGET) is Autonomy.AUTO and not plan.protected


def _most_of_day(plan: Plan) -> Decimal | None:
    bounds = [each for each in (plan.daily_cap, plan.max_daily_budget) if each is not None]
    return min(bounds, default=None)


def _amount(pair: Ints) -> Decimal:
    units, atto = pair.tolist()
    return max(from_units_atto(units, atto), Decimal(0))


def _budget_of_day(wave: Wave, i: int, day: int) -> int:
    """Return the day's even part of its period's budget, minor units, rounded down."""
    row, date = wave.plans[i], date_of(day)
    lengths: Mapping[str, Callable[[], int]] = {
        "day": lambda: 1,
        "week": lambda: 7,
        "month": lambda: monthrange(date.year, date.month)[1],
        "flight": lambda: int(row["flight_last"] - row["flight_first"] + 1),
    }
    return int(row["amount"]) // lengths[PERIODS[row["period"]]]()
