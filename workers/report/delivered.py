"""What campaigns delivered, hour by hour, as it is known after all restatements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas import CampaignKey, MetricsEvent

HOUR: Final = 3_600
"""Seconds."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """One campaign's hours in their order; arrays of shape (N,), money in its currency."""

    starts: Ints
    """First second of each hour since 1970, UTC."""
    spend: Floats
    revenue: Floats
    conversions: Floats
    clicks: Floats

    def between(self, start: int, end: int) -> Hours:
        """Return the hours that begin at ``start`` or later, and before ``end``."""
        at = slice(*np.searchsorted(self.starts, (start, end)))
        return Hours(
            starts=self.starts[at],
            spend=self.spend[at],
            revenue=self.revenue[at],
            conversions=self.conversions[at],
            clicks=self.clicks[at],
        )


@dataclass(slots=True)
class _Hour:
    """What is known of one hour."""

    sequence: int = -1
    is_delta: bool | None = None
    spend: float = 0.0
    revenue: float = 0.0
    conversions: float = 0.0
    clicks: int = 0
    counted: set[str] | None = None
    """The deltas that were added; most hours have none."""

    def take(self, event: MetricsEvent) -> None:
        """Replace or add to what is known, as the ledger does: an hour has events of one mode."""
        number = -1 if event.sequence_number is None else event.sequence_number
        if self.is_delta not in (None, event.is_delta):
            return
        self.is_delta = event.is_delta
        if event.is_delta:
            self._add(event)
        elif number < 0 or number >= self.sequence:
            self.sequence = max(self.sequence, number)
            self.spend, self.revenue = float(event.spend), float(event.revenue)
            self.conversions, self.clicks = float(event.conversions), event.clicks

    def _add(self, event: MetricsEvent) -> None:
        self.counted = set() if self.counted is None else self.counted
        if event.event_id is None or event.event_id in self.counted:
            return
        self.counted.add(event.event_id)
        self.spend += float(event.spend)
        self.revenue += float(event.revenue)
        self.conversions += float(event.conversions)
        self.clicks += event.clicks


@dataclass(slots=True)
class Delivered:
    """Takes metrics in the order in which they came.

    A later snapshot replaces an earlier one unless its number is lower; a delta counts once by
    its ``event_id``: the rules of the optimizer's ledger. Amounts are floats here: they are to be
    looked at, nothing is decided from them.
    """

    zones: dict[CampaignKey, str] = field(default_factory=dict)
    """The time zone that a campaign's account was last said to have."""
    currencies: dict[CampaignKey, str] = field(default_factory=dict)
    _hours: dict[CampaignKey, dict[int, _Hour]] = field(default_factory=dict)

    def add(self, events: Iterable[MetricsEvent]) -> None:
        """Take in ``events``."""
        for event in events:
            key = CampaignKey(event.platform, event.account_id, event.campaign_id)
            start = int(event.window_start.timestamp())
            self._hours.setdefault(key, {}).setdefault(start, _Hour()).take(event)
            if event.account_timezone is not None:
                self.zones[key] = event.account_timezone
            if event.currency is not None:
                self.currencies[key] = event.currency

    def before(self, second: int) -> Delivered:
        """Return what was delivered in the hours that began before ``second``."""
        hours = {
            key: {start: hour for start, hour in known.items() if start < second}
            for key, known in self._hours.items()
        }
        return Delivered(zones=dict(self.zones), currencies=dict(self.currencies), _hours=hours)

    def campaigns(self) -> list[CampaignKey]:
        """Return all campaigns of which an hour is known, in the order of their names."""
        return sorted(self._hours)

    def hours(self, key: CampaignKey) -> Hours:
        """Return what is known of a campaign; no hours where nothing is."""
        known = sorted(self._hours.get(key, {}).items())
        return Hours(
            starts=np.array([start for start, _ in known], np.int64),
            spend=np.array([hour.spend for _, hour in known], np.float64),
            revenue=np.array([hour.revenue for _, hour in known], np.float64),
            conversions=np.array([hour.conversions for _, hour in known], np.float64),
            clicks=np.array([hour.clicks for _, hour in known], np.float64),
        )
