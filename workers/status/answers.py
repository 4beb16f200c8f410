"""What a person asks of one campaign, answered: values for the page and for programs."""

from __future__ import annotations

from datetime import datetime

import msgspec

from workers.status.model import CampaignStatus


class HourOfDay(msgspec.Struct, frozen=True, kw_only=True):
    """One hour of the campaign's local day; amounts in its currency."""

    start: datetime
    spent: float | None = None
    """What was reported; None for an hour that was not yet."""
    planned: float | None = None
    """What the rest of the day's budget gives it; None for hours that are over."""


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the rest of today's money lasts, and what would help."""

    chance: float | None
    """That it is used up before the day ends; None where hourly budgets share a longer period's."""
    exhausts_at: datetime | None
    """When, if it is before the day's last hour."""
    helping_cap: float
    """For the next hour: who keeps it hour by hour lasts to the end of the day."""


class Lever(msgspec.Struct, frozen=True, kw_only=True):
    """What is set for the next hour."""

    field: str
    """``bid_multiplier`` or ``hourly_budget``."""
    start: datetime
    value: float
    in_force: float | None
    cap: float | None
    """Where the hour is cut off."""
    follows_from: str | None = None
    """What a multiplier follows from, of `engine.steering.BINDING`."""
    by_today_alone: float | None = None
    """The multiplier that would spend the rest of today's money evenly well, and no more."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """An hour of the week, or a weekday, that stands out."""

    name: str
    times: float
    """Its conversions per click against the week's."""
    trust: float
    """Share of the estimate that is the campaign's own, in [0, 1]."""


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned of the campaign's week."""

    trust: float
    hours: tuple[Cell, ...]
    days: tuple[Cell, ...]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the audit trail."""

    at: datetime
    status: str
    text: str


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """All that is answered of one campaign."""

    status: CampaignStatus
    hours: tuple[HourOfDay, ...]
    forecast: Forecast | None
    """None where nothing was decided for today."""
    lever: Lever | None
    learned: Learned | None
    """None where the log keeps too little to learn it again."""
    safe_daily_budget: float | None
    """Highest daily budget at the platform that keeps the plan's money even at worst."""
    changes: tuple[Change, ...]
    """The latest first."""
