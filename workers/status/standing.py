"""From what the topics say to how each campaign stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any, Final

import numpy as np

from engine.status import RISKS, Budgets, Counts, Status, budgets_together, status
from schemas import BudgetPeriod, CampaignKey, Kind, Objective, Plan, Recommendation
from schemas.zones import zone
from workers.report.holding import REMEDIES, holds_of
from workers.report.periods import midnight
from workers.report.totals import Stretch
from workers.status.book import StatusBook
from workers.status.governing import governed
from workers.status.levels import level_of
from workers.status.model import (
    CampaignStatus,
    CurrencyTotal,
    Held,
    Level,
    Projection,
    Use,
    Worst,
)
from workers.status.purses import Purse, daily_budget, instant, purse_of
from workers.status.results import Weeks, brought, counts_of, targets_of
from workers.status.scoring import score_of_all, scored
from workers.status.worst import asked, worst_of

_LEAST: Final = 1e-9


def campaigns_of(book: StatusBook, keys: Sequence[CampaignKey]) -> list[CampaignStatus]:
    """Return how campaigns stand, the most urgent first."""
    if not keys:
        return []
    purses = [purse_of(book, key) for key in keys]
    weeks = counts_of(book, keys)
    budgets = _budgets(book, keys, purses, weeks.now)
    found = status(weeks.now, weeks.before, budgets)
    told = [_campaign(book, key, purses[row], (weeks, found), row) for row, key in enumerate(keys)]
    early = [_early(purse, each.ahead) for purse, each in zip(purses, told, strict=True)]
    return sorted(scored(book, keys, told, early), key=_urgency)


def totals_of(
    book: StatusBook, keys: Sequence[CampaignKey], campaigns: Sequence[CampaignStatus]
) -> list[CurrencyTotal]:
    """Return the totals of each currency, the one of most campaigns first."""
    by_name = {each.campaign: each for each in campaigns}
    owners: dict[str, list[CampaignKey]] = {}
    for key in keys:
        owners.setdefault(by_name[bytes(key).decode()].currency, []).append(key)
    ranked = sorted(owners.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        _total(book, currency, some, [by_name[bytes(key).decode()] for key in some])
        for currency, some in ranked
    ]


def _budgets(
    book: StatusBook, keys: Sequence[CampaignKey], purses: Sequence[Purse], now: Counts
) -> Budgets:
    spent = np.array([purse.spent for purse in purses]).reshape(-1, 3)
    expected = np.zeros_like(spent)
    for row, (key, purse) in enumerate(zip(keys, purses, strict=True)):
        advice = book.decided_in(key, purse.periods[purse.own])
        if advice is not None and advice.pacing_index is not None:
            pace = max(advice.pacing_index, _LEAST)
            expected[row, purse.own] = max(spent[row, purse.own] / pace, _LEAST)
    return Budgets(
        budget=np.array([purse.budget for purse in purses]).reshape(-1, 3),
        spent=spent,
        expected=expected,
        target_cpa=targets_of(book, keys, now),
    )


def _campaign(
    book: StatusBook, key: CampaignKey, purse: Purse, figures: tuple[Weeks, Status], row: int
) -> CampaignStatus:
    weeks, found = figures
    terms, _ = book.campaigns[key]
    ahead, hold, odd = _projection(book, key, purse), _hold(book, key), book.oddities.of(key)
    risks = tuple(name for name, at in zip(RISKS, found.risks[row], strict=True) if at)
    level = level_of(risks, _use(purse, purse.own), ahead, _early(purse, ahead), hold)
    if any(each.until is None for each in odd):
        level = max(level, Level.MEDIUM)  # Counts that may be wrong are worth a look.
    return CampaignStatus(
        campaign=bytes(key).decode(),
        currency=terms.currency,
        timezone=terms.timezone,
        as_of=instant(book.as_of(key)),
        reported_until=instant(book.reported_until(key)),
        risk=level.word,
        risks=risks,
        period=terms.period if purse.planned else None,
        **_uses(book, key, purse),
        ahead=ahead,
        brought=brought(weeks, found, row),
        wants_revenue=purse.planned and _wants_revenue(book.plans[key]),
        worst=_worst(book, key, purse),
        hold=hold,
        odd=odd,
        governed=governed(book.plans.get(key)),
        waits=book.questions.of(key),
    )


def _uses(book: StatusBook, key: CampaignKey, purse: Purse) -> dict[str, Any]:
    day, week, last = (_use(purse, at) for at in range(3))
    flight = purse.planned and book.campaigns[key][0].period is BudgetPeriod.FLIGHT
    return {
        "day": day,
        "week": week,
        "month": _month(book, key) if flight else last,
        "flight": last if flight else None,
    }


def _wants_revenue(plan: Plan) -> bool:
    return plan.target_roas is not None or plan.objective is Objective.VALUE


def _urgency(each: CampaignStatus) -> tuple[float, float, float, str]:
    level = Level[each.risk.upper()]
    return -level, -(each.ahead.exhaustion or 0.0), -(each.own.share or 0.0), each.campaign


def _use(purse: Purse, at: int) -> Use:
    budget, spent = purse.budget[at], purse.spent[at]
    if budget <= 0.0:
        return Use(spent=spent)
    return Use(spent=spent, budget=budget, share=spent / budget)


def _month(book: StatusBook, key: CampaignKey) -> Use:
    """Return the month of a campaign whose budget is one for its flight."""
    terms, hours = book.campaigns[key]
    begun = instant(book.as_of(key)).astimezone(zone(terms.timezone)).date().replace(day=1)
    spent = hours.between(midnight(begun, terms.timezone), 2**60).spend.sum()
    return Use(spent=float(spent))


def _projection(book: StatusBook, key: CampaignKey, purse: Purse) -> Projection:
    advice = book.decided_in(key, purse.periods[purse.own])
    if advice is None or advice.period_budget is None:
        return Projection()
    ends = advice.projected_spend
    return Projection(
        pace=advice.pacing_index,
        p10=float(ends.p10) if ends else None,
        p50=float(ends.p50) if ends else None,
        p90=float(ends.p90) if ends else None,
        exhaustion=advice.exhaustion_risk,
        exhausts_at=advice.exhausts_at,
        confidence=advice.confidence,
    )


def _early(purse: Purse, ahead: Projection) -> float:
    period = purse.periods[purse.own]
    if period is None or ahead.exhausts_at is None:
        return 0.0
    left = period.end - ahead.exhausts_at.astimezone(UTC).timestamp()
    return max(left / (period.end - period.start), 0.0)


def _hold(book: StatusBook, key: CampaignKey) -> Held | None:
    advice: Recommendation | None = book.latest.get(key)
    if advice is None or advice.kind is not Kind.HOLD or advice.hold_reason is None:
        return None
    held = {key: book.decided.holds.get(key, [])}
    last = max(holds_of(held, Stretch(start=0, end=2**60)), key=lambda each: each.end)
    return Held(
        reason=last.reason.value,
        text=last.text,
        since=instant(last.start),
        remedy=REMEDIES[last.reason],
    )


def _worst(book: StatusBook, key: CampaignKey, purse: Purse) -> Worst | None:
    daily = daily_budget(book, key, purse)
    return None if daily is None or daily <= 0.0 else worst_of(asked(book, key, daily))


def _total(
    book: StatusBook,
    currency: str,
    keys: Sequence[CampaignKey],
    campaigns: Sequence[CampaignStatus],
) -> CurrencyTotal:
    purses = [purse_of(book, key) for key in keys]
    weeks = counts_of(book, keys)
    budgets = _budgets(book, keys, purses, weeks.now)
    of_all, goals = weeks.together, budgets_together(budgets, weeks.now.conversions)
    found = status(of_all.now, of_all.before, goals)
    worst = [each.worst.day if each.worst else None for each in campaigns]
    return CurrencyTotal(
        currency=currency,
        campaigns=len(keys),
        risk=max(Level[each.risk.upper()] for each in campaigns).word,
        day=_sum([each.day for each in campaigns]),
        week=_sum([each.week for each in campaigns]),
        month=_sum([each.month for each in campaigns]),
        brought=brought(of_all, found, 0),
        worst_day=None if None in worst else sum(each for each in worst if each is not None),
        held=sum(each.hold is not None for each in campaigns),
        score=score_of_all(campaigns),
    )


def _sum(uses: Sequence[Use]) -> Use:
    """Return the sum of uses; it has a budget only if each has one."""
    spent = sum(each.spent for each in uses)
    budgets = [each.budget for each in uses if each.budget is not None]
    if len(budgets) < len(uses):
        return Use(spent=spent)
    return Use(spent=spent, budget=sum(budgets), share=spent / sum(budgets))
