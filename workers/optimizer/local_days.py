"""Local days of a plan, at a second."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas import Plan
from workers.instants import from_seconds


def day_of(plan: Plan, now: int) -> date:
    """Return the local day that a second lies in."""
    return from_seconds(now).astimezone(ZoneInfo(plan.timezone)).date()


def end_of_day(plan: Plan, now: int) -> int:
    """Return the first second of the next local day."""
    tomorrow = day_of(plan, now) + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time.min, tzinfo=ZoneInfo(plan.timezone))
    return int(midnight.astimezone(UTC).timestamp())
