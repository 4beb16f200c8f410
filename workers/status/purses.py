"""A campaign's budgets of day, week and month, or flight, and what is spent of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from schemas import BudgetPeriod, CampaignKey, HoldReason, Kind, Plan
from workers.report.periods import Period, Terms, local_date
from workers.report.totals import spent_in
from workers.status.book import StatusBook

_DAY: Final = 24 * 3_600
_STRETCHES: Final = (BudgetPeriod.DAY, BudgetPeriod.WEEK, BudgetPeriod.MONTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """Three stretches of time, each with its budget; the last is the flight where that has one."""

    periods: tuple[Period | None, ...]
    """None where the flight does not run."""
    budget: tuple[float, ...]
    """0 where there is none."""
    spent: tuple[float, ...]
    own: int
    """Which of the three the plan sets."""
    planned: bool
    """Whether there is a plan that sets one."""


def purse_of(book: StatusBook, key: CampaignKey) -> Purse:
    """Return the budgets of a campaign as of `StatusBook.as_of`.

    Of longer stretches than the plan's own, days that it runs on are added up; of shorter ones
    only a day has a budget, which is what was spent of it and what the last decision lays out.
    """
    terms, hours = book.campaigns[key]
    now = book.as_of(key)
    kinds = _kinds(terms)
    periods = tuple(replace(terms, period=kind).period_at(now) for kind in kinds)
    whole = (Period(start=0, end=0) if period is None else period for period in periods)
    spent = tuple(round(spent_in(hours, period), 6) for period in whole)
    own = kinds.index(terms.period)
    planned = _is_planned(book, key) and periods[own] is not None
    budget = [0.0, 0.0, 0.0]
    if planned:
        for at, period in enumerate(periods):
            budget[at] = _budget(book, key, (at, own), period, spent[at])
    return Purse(periods=periods, budget=tuple(budget), spent=spent, own=own, planned=planned)


def _is_planned(book: StatusBook, key: CampaignKey) -> bool:
    """Return whether there is a plan; of a deleted one the optimizer says that it is gone."""
    advice = book.latest.get(key)
    gone = advice is not None and advice.hold_reason is HoldReason.NO_PLAN
    return key in book.plans and not gone


def _kinds(terms: Terms) -> tuple[BudgetPeriod, ...]:
    if terms.period is BudgetPeriod.FLIGHT:
        return (*_STRETCHES[:2], BudgetPeriod.FLIGHT)
    return _STRETCHES


def _budget(
    book: StatusBook, key: CampaignKey, places: tuple[int, int], period: Period | None, spent: float
) -> float:
    at, own = places
    if period is None:
        return 0.0
    if at == own:
        return book.allowance(key, period) or 0.0
    if own == 0:
        return float(book.plans[key].budget.amount) * _days(book.plans[key], period)
    return _laid_out(book, key, period, spent) if at == 0 else 0.0


def _days(plan: Plan, period: Period) -> int:
    """Return the days of a period that the plan runs on: its gaps are left out."""
    first, last = (local_date(second, plan.timezone) for second in (period.start, period.end - 1))
    gaps = sum(
        max((min(last, gap.last) - max(first, gap.first)).days + 1, 0) for gap in plan.flight_gaps
    )
    return (last - first).days + 1 - gaps


def _laid_out(book: StatusBook, key: CampaignKey, day: Period, spent: float) -> float:
    advice = book.decided_in(key, day)
    if advice is None or advice.kind is Kind.HOLD:
        cap = book.plans[key].daily_cap
        return 0.0 if cap is None else float(cap)
    return spent + sum(map(float, advice.hour_plan))


def daily_budget(book: StatusBook, key: CampaignKey, purse: Purse) -> float | None:
    """Return the daily budget that stands at the platform: what reports say, or else the plan's.

    Of a plan for a longer stretch that is its mean day. None where nobody knows one.
    """
    told = book.daily_budgets.get(key)
    if told:
        return told[max(told)]
    period = purse.periods[purse.own]
    if not purse.planned or period is None:
        return None
    return purse.budget[purse.own] / max(round((period.end - period.start) / _DAY), 1)


def instant(second: int) -> datetime:
    """Return an instant, of seconds since 1970."""
    return datetime.fromtimestamp(second, UTC)
