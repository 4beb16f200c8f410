"""Which stretch of time shows what became of a projection, and whether something else cut it off.

Pacing projects where the plan's period ends: the stretch is that period. A change of a budget and
the like projects what it brings until it expires: the stretch is the local days of it in which it
stood, as far as they have passed. A day counts for what was set in its first quarter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas import BudgetPeriod
from workers.report.periods import Terms as Periods
from workers.report.periods import local_date, midnight
from workers.scorer.policy import DAY, HOUR
from workers.scorer.rows import Change, PlanRow, Projection, Terms

_QUARTER: Final = 6 * HOUR
_MIDDAY: Final = DAY // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of time; seconds, the end excluded."""

    start: int
    end: int
    before: int
    """Where the stretch as long before it begins, that it is compared with."""
    days: int
    """Local days in it."""
    part: float
    """Which share of what was projected it ought to show, in (0, 1]."""
    overtaken: bool = False
    """Whether there is nothing to be held against the projection."""


def stretch_of(
    one: Projection, plan: PlanRow, changes: Iterable[Change], applied: int, horizon: int
) -> Stretch | None:
    """Return the stretch that shows a projection ``horizon`` days after it was ``applied``.

    None where it has not ended by then, where it is too long for the hours that are kept, or where
    nobody knows the version of the plan.
    """
    if one.is_daily:
        return _period(one, plan, applied + horizon * DAY)
    zone = plan.versions[max(plan.versions)].timezone if plan.versions else "UTC"
    return _days(one, zone, _overtaken(one, changes, applied), applied, horizon)


def _period(one: Projection, plan: PlanRow, until: int) -> Stretch | None:
    terms = plan.versions.get(one.plan_version)
    if terms is None:
        return None
    period = _periods(terms).period_at(one.valid_from)
    if period is None or period.end > until:
        return None
    newer = (version for version in plan.versions if version > one.plan_version)
    return Stretch(
        start=period.start,
        end=period.end,
        before=period.start,
        days=_count(period.start, period.end),
        part=1.0,
        overtaken=any(plan.versions[version].since < period.end for version in newer),
    )


def _periods(terms: Terms) -> Periods:
    first, last = (date.fromisoformat(day) if day else None for day in (terms.first, terms.last))
    period = BudgetPeriod(terms.period)
    return Periods(timezone=terms.timezone, period=period, first=first, last=last)


def _overtaken(one: Projection, changes: Iterable[Change], applied: int) -> int:
    """Return when something else took its place."""
    later = (
        each.at
        for each in changes
        if each.field == one.field and each.at >= applied and each.recommendation != one.id
    )
    return min((one.expires, *later))


def _days(one: Projection, zone: str, until: int, applied: int, horizon: int) -> Stretch | None:
    first = _edge(max(applied, one.valid_from), zone)
    projected = max(_count(_floor(one.valid_from, zone), one.expires), 1)
    end = min(_edge(until, zone), _midnight_after(first, zone, horizon))
    days = _count(first, end)
    if days <= 0:
        return Stretch(start=first, end=first, before=first, days=0, part=1.0, overtaken=True)
    before = _midnight_after(first, zone, -days)
    part = min(days / projected, 1.0)
    return Stretch(start=first, end=end, before=before, days=days, part=part)


def _edge(at: int, zone: str) -> int:
    """Return the local midnight from which something that happens ``at`` a time counts."""
    begun = _floor(at, zone)
    return begun if at - begun <= _QUARTER else _midnight_after(begun, zone, 1)


def _floor(at: int, zone: str) -> int:
    return midnight(local_date(at, zone), zone)


def _midnight_after(start: int, zone: str, days: int) -> int:
    # From the middle of the day: days of 23 and 25 hours lead to the right date, too.
    return _floor(start + days * DAY + _MIDDAY, zone)


def _count(start: int, end: int) -> int:
    return round((end - start) / DAY)
