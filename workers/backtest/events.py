"""Metrics events as what is known of each campaign-hour in the end.

As in the ledger: a snapshot replaces the hour unless a higher sequence number was known, a delta
adds to it once, and an hour takes events of one mode only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from schemas import MetricsEvent

MIXED_MODES = "mixed_modes"
"""Why an event is passed over: its hour had events of the other mode."""


@dataclass(slots=True)
class Hour:
    """What is known of one hour of a campaign."""

    delta: bool
    sequence: int = -1
    impressions: int = 0
    spend: float = 0.0
    conversions: float = 0.0
    bid: float | None = None
    day_budget: float | None = None


@dataclass(slots=True)
class Heard:
    """All that was heard of one campaign."""

    hours: dict[datetime, Hour] = field(default_factory=dict)
    """By the start of the hour, UTC."""
    currencies: set[str] = field(default_factory=set)
    timezone: str | None = None
    events: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Heap:
    """Takes events in any order of campaigns."""

    campaigns: dict[str, Heard] = field(default_factory=dict)
    """By key, ``platform:account_id:campaign_id``."""
    refused: Counter[str] = field(default_factory=Counter)
    """Rows and records that could not be taken, by reason."""
    example: str = ""
    """The first of them: where it was and what was wrong."""
    taken: int = 0

    def add(self, event: MetricsEvent) -> None:
        """Take one event."""
        heard = self.campaigns.setdefault(event.key.decode(), Heard())
        hour = heard.hours.setdefault(event.window_start, Hour(delta=event.is_delta))
        if hour.delta != event.is_delta:
            self.refuse(MIXED_MODES, f"{event.key.decode()} at {event.window_start:%F %H:%M} UTC")
            return
        self.taken += 1
        if event.currency is not None:
            heard.currencies.add(event.currency)
        heard.timezone = event.account_timezone or heard.timezone
        if event.event_id is not None and event.event_id in heard.events:
            return
        if event.event_id is not None:
            heard.events.add(event.event_id)
        _take(hour, event)

    def refuse(self, reason: str, where: str) -> None:
        """Count something that could not be taken."""
        self.refused[reason] += 1
        self.example = self.example or where


def _take(hour: Hour, event: MetricsEvent) -> None:
    sequence = -1 if event.sequence_number is None else event.sequence_number
    if event.is_delta:
        hour.impressions += event.impressions
        hour.spend += float(event.spend)
        hour.conversions += float(event.conversions)
    elif sequence < 0 or sequence >= hour.sequence:
        hour.impressions = event.impressions
        hour.spend = float(event.spend)
        hour.conversions = float(event.conversions)
    else:
        return
    hour.sequence = max(hour.sequence, sequence)
    if event.current_bid is not None:
        hour.bid = float(event.current_bid)
    if event.daily_budget is not None:
        hour.day_budget = float(event.daily_budget)
