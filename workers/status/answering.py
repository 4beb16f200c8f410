"""From what the topics say of one campaign and what the engine answers to all that is shown."""

from __future__ import annotations

from typing import Final

from engine import questions
from schemas import BudgetPeriod, CampaignKey, Recommendation, encode
from workers.events import audit_line
from workers.report.delivered import HOUR
from workers.report.periods import Period
from workers.status.answers import (
    Answers,
    Cell,
    Change,
    Forecast,
    HourOfDay,
    Learned,
    Lever,
)
from workers.status.asking import Asked
from workers.status.book import StatusBook
from workers.status.model import CampaignStatus
from workers.status.purses import Purse, daily_budget, instant, purse_of
from workers.status.worst import asked, safe_day, safe_month

BEST: Final = 5
"""Hours of the week that are named."""

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NEVER: Final = -1


def answers_of(
    book: StatusBook, key: CampaignKey, status: CampaignStatus, found: Asked | None
) -> Answers:
    """Return all that is shown of a campaign; ``found`` is None where nothing could be asked."""
    purse = purse_of(book, key)
    day = purse.periods[0]
    advice = book.decided_in(key, day)
    return Answers(
        status=status,
        hours=_hours(book, key, day, _plan(advice, found)) if day is not None else (),
        forecast=_forecast(found, status),
        lever=_lever(advice, found),
        learned=_learned(found),
        safe_daily_budget=_safe(book, key, purse),
        changes=tuple(
            Change(at=entry.at, status=entry.status.value, text=audit_line(encode(entry)).detail)
            for entry in reversed(book.changes.get(key, ()))
        ),
    )


def _plan(advice: Recommendation | None, found: Asked | None) -> dict[int, float]:
    """Return what hours to come are given: as published, or else as what is left would be split."""
    if advice is not None and advice.hour_plan:
        first, amounts = int(advice.valid_from.timestamp()), [*map(float, advice.hour_plan)]
    elif found is not None and found.today.left[0] > 0:
        today = found.today
        first, unit = today.target, 10.0**today.exponent
        amounts = [amount / unit for amount in today.split[0, : today.hours].tolist()]
    else:
        return {}
    return {first + number * HOUR: amount for number, amount in enumerate(amounts)}


def _hours(
    book: StatusBook, key: CampaignKey, day: Period, plan: dict[int, float]
) -> tuple[HourOfDay, ...]:
    _, hours = book.campaigns[key]
    today = hours.between(day.start, day.end)
    spent = dict(zip(today.starts.tolist(), today.spend.tolist(), strict=True))
    return tuple(
        HourOfDay(
            start=instant(start),
            spent=spent.get(start),
            planned=None if start in spent else plan.get(start),
        )
        for start in range(day.start, day.end, HOUR)
    )


def _forecast(found: Asked | None, status: CampaignStatus) -> Forecast | None:
    """Return whether today's money lasts; where the plan is for a day, what was published says."""
    if found is None or found.today.left[0] <= 0:
        return None
    today, bids, ahead = found.today, found.bids, status.ahead
    daily = status.period is BudgetPeriod.DAY
    if bids is None or bids.lasts is None:
        return Forecast(
            chance=ahead.exhaustion if daily else None,
            exhausts_at=ahead.exhausts_at if daily else None,
            helping_cap=int(today.split[0, 0]) / 10.0**today.exponent,
        )
    at = int(bids.lasts.exhausts_in[0])
    early = at not in {_NEVER, today.hours - 1}
    return Forecast(
        chance=ahead.exhaustion if daily else float(bids.lasts.chance[0]),
        exhausts_at=instant(today.target + (at + 1) * HOUR) if early else None,
        helping_cap=float(bids.helping[0]) / 10.0**today.exponent,
    )


def _lever(advice: Recommendation | None, found: Asked | None) -> Lever | None:
    if advice is None or advice.recommended_value is None:
        return None
    bids = found.bids if found is not None else None
    return Lever(
        field=advice.field or "",
        start=advice.valid_from,
        value=float(advice.recommended_value),
        in_force=None if advice.current_value is None else float(advice.current_value),
        cap=None if advice.hourly_cap is None else float(advice.hourly_cap),
        follows_from=bids.binding if bids else None,
        by_today_alone=bids.by_today if bids else None,
    )


def _learned(found: Asked | None) -> Learned | None:
    if found is None:
        return None
    hours, days = questions.what_was_learned(found.week, BEST), questions.which_days(found.week)
    return Learned(
        trust=float(hours.trust[0]),
        hours=_cells(hours, [f"{_DAYS[cell // 24]} {cell % 24:02d}:00" for cell in range(168)]),
        days=_cells(days, _DAYS),
    )


def _cells(found: questions.Learned, names: tuple[str, ...] | list[str]) -> tuple[Cell, ...]:
    rows = zip(found.best[0].tolist(), found.times[0].tolist(), found.own[0].tolist(), strict=True)
    return tuple(Cell(name=names[at], times=times, trust=own) for at, times, own in rows)


def _safe(book: StatusBook, key: CampaignKey, purse: Purse) -> float | None:
    """Return the highest daily budget that keeps the plan's money; asked of days and months only.

    Weeks and flights of a plan begin and end otherwise than those of platforms.
    """
    daily, plan = daily_budget(book, key, purse), book.plans.get(key)
    if not purse.planned or plan is None or not daily:
        return None
    cap = None if plan.daily_cap is None else float(plan.daily_cap)
    if plan.budget.period is BudgetPeriod.DAY:
        budget = float(plan.budget.amount)
        return safe_day(asked(book, key, daily), budget if cap is None else min(budget, cap))
    if plan.budget.period is BudgetPeriod.MONTH:
        left = purse.budget[purse.own] - purse.spent[purse.own]
        most = None if cap is None else cap - purse.spent[0]
        return safe_month(asked(book, key, daily), left, most)
    return None
