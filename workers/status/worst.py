"""What platforms may spend at worst, as things stand, by `engine.over_delivery`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np

from engine.arrays import Ints
from engine.over_delivery import (
    LARGEST,
    Delivered,
    Rest,
    days_after,
    highest_daily,
    worst_case,
)
from engine.plans import UNLIMITED
from engine.platform_rules import Rule, rules_of
from schemas import CampaignKey
from schemas.currencies import EXPONENTS
from workers.report.delivered import HOUR, Hours
from workers.report.periods import local_date, midnight
from workers.status.book import StatusBook
from workers.status.model import Worst

_EPOCH: Final = date(1970, 1, 1)
_WEEK: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One campaign with a daily budget."""

    rule: Rule
    daily: int
    """Minor units, as all amounts here."""
    unit: float
    delivered: Delivered
    """Arrays of shape (1,)."""


def asked(book: StatusBook, key: CampaignKey, daily: float) -> Asked:
    """Return the question what ``daily`` a day at the platform may come to, from now on."""
    terms, hours = book.campaigns[key]
    (rule,) = rules_of([key.platform])
    day = local_date(max(book.as_of(key), book.reported_until(key)), terms.timezone)
    unit = 10.0 ** EXPONENTS.get(terms.currency, 2)
    told = book.daily_budgets.get(key, {})
    today = midnight(day, terms.timezone)
    highest = max([daily, *(amount for start, amount in told.items() if start >= today)])
    change = _Change(hours=hours, day=day, at=_changed(told), timezone=terms.timezone, unit=unit)
    return Asked(
        rule=rule,
        daily=_minor(daily, unit),
        unit=unit,
        delivered=_delivered(rule, change, today, _minor(highest, unit)),
    )


def _delivered(rule: Rule, change: _Change, today: int, highest: int) -> Delivered:
    week_left, month_left, length = days_after([rule], np.array([(change.day - _EPOCH).days]))
    week = change.within(change.day - timedelta(days=_WEEK - 1 - int(week_left[0])), week_left)
    month = change.within(change.day.replace(day=1), month_left)
    return Delivered(
        highest_today=np.array([highest]),
        today=np.array([_minor(_spent(change.hours, today), change.unit)]),
        week=week.spent,
        month=month.spent,
        week_before=week.before,
        month_before=month.before,
        week_days=week.days,
        month_days=month.days,
        week_left=week_left,
        month_left=month_left,
        month_length=length,
    )


def worst_of(question: Asked) -> Worst:
    """Return what the platform's day, week and month may come to, with what is spent of them."""
    given = question.delivered
    rest = worst_case([question.rule], np.array([question.daily]), given)
    unit = question.unit
    return Worst(
        daily_budget=question.daily / unit,
        day=int((given.today + rest.day)[0]) / unit,
        week=int((given.week + rest.week)[0]) / unit,
        month=int((given.month + rest.month)[0]) / unit,
    )


def safe_day(question: Asked, most: float) -> float:
    """Return the highest daily budget that never spends more than ``most`` in a day.

    It is that of a day that has not begun: of one that has, the highest budget set counts.
    """
    none = np.zeros(1, dtype=np.int64)
    fresh = replace(question.delivered, highest_today=none, today=none)
    return _highest(question, fresh, day=most) or 0.0


def safe_month(question: Asked, left: float, most: float | None) -> float | None:
    """Return the highest daily budget that keeps what a month has ``left``, from now on.

    ``most`` is what today may still spend, None for no limit. None where no budget keeps them.
    """
    return _highest(question, question.delivered, month=left, day=most)


def _highest(
    question: Asked, delivered: Delivered, *, day: float | None, month: float | None = None
) -> float | None:
    unit = question.unit
    limits = (UNLIMITED if cap is None else int(max(cap, 0.0) * unit) for cap in (day, month))
    of_day, of_month = (np.array([limit], dtype=np.int64) for limit in limits)
    caps = Rest(day=of_day, week=np.array([UNLIMITED], dtype=np.int64), month=of_month)
    found, kept = highest_daily([question.rule], delivered, caps)
    return int(found[0]) / unit if kept[0] else None


class _Since(NamedTuple):
    """A week or month of the platform; shapes (1,), money in minor units."""

    spent: Ints
    before: Ints
    """What was spent before the daily budget was last changed in it; 0 if it was not."""
    days: Ints
    """Its days from that change on; 0 if there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """When a campaign's daily budget was last changed, and its spend."""

    hours: Hours
    day: date
    at: int
    timezone: str
    unit: float

    def within(self, first: date, left: Ints) -> _Since:
        """Return the stretch that began on local day ``first`` and has ``left`` days to go."""
        start = midnight(first, self.timezone)
        spent = _minor(_spent(self.hours, start), self.unit)
        nothing = np.zeros(1, dtype=np.int64)
        if self.at <= start:
            return _Since(np.array([spent]), nothing, nothing)
        before = _minor(_spent(self.hours, start, self.at), self.unit)
        lived = (self.day - local_date(self.at, self.timezone)).days + 1
        return _Since(np.array([spent]), np.array([before]), lived + left)


def _changed(told: Mapping[int, float]) -> int:
    """Return since when the newest daily budget has stood, 0 for ever."""
    if not told:
        return 0
    newest = told[max(told)]
    return max((start + HOUR for start, amount in told.items() if amount != newest), default=0)


def _spent(hours: Hours, start: int, end: int = 2**60) -> float:
    return float(hours.between(start, end).spend.sum())


def _minor(amount: float, unit: float) -> int:
    return int(min(np.ceil(round(amount * unit, 6)), LARGEST))
