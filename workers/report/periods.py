"""The stretches of local time that a campaign's budget is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Self

from schemas import BudgetPeriod, Plan
from schemas.zones import zone

_ONE_DAY = timedelta(days=1)
_DAYS_OF_WEEK = 7
_DECEMBER = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of time; seconds since 1970, the end excluded."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a campaign's money is for, as far as a report needs it."""

    currency: str = ""
    """Empty where nobody has said it."""
    timezone: str = "UTC"
    period: BudgetPeriod = BudgetPeriod.DAY
    budget: float | None = None
    """Of one period; None without a plan."""
    first: date | None = None
    """First local day of the flight; None where it is open. ``last`` is included."""
    last: date | None = None

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return the terms of a plan."""
        return cls(
            currency=plan.currency,
            timezone=plan.timezone,
            period=plan.budget.period,
            budget=float(plan.budget.amount),
            first=plan.flight_start,
            last=plan.flight_end,
        )

    def period_at(self, second: int) -> Period | None:
        """Return the period that ``second`` lies in; None outside of the flight."""
        return _period(self, local_date(second, self.timezone))

    def periods(self, start: int, end: int) -> Iterator[Period]:
        """Yield the periods that have begun by ``end`` and end after ``start``, in order."""
        day, last = local_date(start, self.timezone), local_date(end, self.timezone)
        while day <= last:
            found = _period(self, day)
            if found is not None and found.start < end and found.end > start:
                yield found
            day = day + _ONE_DAY if found is None else local_date(found.end, self.timezone)


def local_date(second: int, timezone: str) -> date:
    """Return the local day of an instant."""
    return datetime.fromtimestamp(second, UTC).astimezone(zone(timezone)).date()


def local_seconds(second: int, timezone: str) -> int:
    """Return what the clock on the wall shows, as if it were UTC: for axes in local time."""
    local = datetime.fromtimestamp(second, UTC).astimezone(zone(timezone))
    return second + int((local.utcoffset() or timedelta()).total_seconds())


def midnight(day: date, timezone: str) -> int:
    """Return the first second of a local day."""
    return int(datetime.combine(day, time(), zone(timezone)).timestamp())


@lru_cache(maxsize=65_536)
def _period(terms: Terms, day: date) -> Period | None:
    first, after = _whole(terms, day)
    if terms.first is not None:
        first = max(first, terms.first)
    if terms.last is not None:
        after = min(after, terms.last + _ONE_DAY)
    if not first <= day < after:
        return None
    return Period(start=midnight(first, terms.timezone), end=midnight(after, terms.timezone))


def _whole(terms: Terms, day: date) -> tuple[date, date]:
    """Return the first day of the period and the first day after it, flight dates aside."""
    match terms.period:
        case BudgetPeriod.DAY:
            return day, day + _ONE_DAY
        case BudgetPeriod.WEEK:
            monday = day - timedelta(days=day.weekday())
            return monday, monday + timedelta(days=_DAYS_OF_WEEK)
        case BudgetPeriod.MONTH:
            year, month = divmod(day.year * 12 + day.month, _DECEMBER)
            return day.replace(day=1), date(year, month + 1, 1)
        case BudgetPeriod.FLIGHT:
            return terms.first or day, (terms.last or day) + _ONE_DAY
