"""What was known of each hour's revenue at which time, by the reports that followed each other.

Kept is when it changed, and when each hour was told last. Of deltas nothing is kept: they say
nothing of an hour as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from schemas import CampaignKey, MetricsEvent
from workers.report.delivered import HOUR, Floats


@dataclass(slots=True)
class Tellings:
    """One hour in its reports; most hours are told one revenue only, and take little room."""

    first: int
    """Second since 1970 when the hour was told first."""
    since: int
    """When the newest revenue was told first."""
    last: int
    """When the hour was told last."""
    revenue: float
    """The newest."""
    earlier: list[tuple[int, int, float]] | None = None
    """Other revenues before it, oldest first: told first, told last, how much."""

    def tell(self, time: int, revenue: float) -> None:
        """Take in a report; one that is older than the newest is late on its way, and left out."""
        if time < self.last:
            return
        if revenue != self.revenue:
            self.earlier = [] if self.earlier is None else self.earlier
            self.earlier.append((self.since, self.last, self.revenue))
            self.since, self.revenue = time, revenue
        self.last = time

    def at(self, start: int, times: Floats) -> Floats:
        """Return the revenue at ``times`` (N,), in a straight line from one report to the next.

        It is nothing at the end of the hour that begins at ``start``, and the newest from the
        newest report on.
        """
        ends = [float(start + HOUR)]
        values = [0.0]
        newest = (self.since, self.last, self.revenue)
        for since, until, revenue in [*(self.earlier or ()), newest]:
            ends += [float(since), float(until)]
            values += [revenue, revenue]
        found: Floats = np.interp(times, ends, values)
        return found


@dataclass(slots=True)
class Retold:
    """Takes metrics in the order in which they came, with the second at which each was told."""

    hours: dict[CampaignKey, dict[int, Tellings]] = field(default_factory=dict)
    """Of each campaign, by the first second of the hour."""

    def hear(self, events: Iterable[MetricsEvent], times: Sequence[int]) -> None:
        """Take in ``events``."""
        for event, time in zip(events, times, strict=True):
            if event.is_delta:
                continue
            start = int(event.window_start.timestamp())
            emitted = 0 if event.emitted_at is None else int(event.emitted_at.timestamp())
            key = CampaignKey(event.platform, event.account_id, event.campaign_id)
            # Who told says when; or else the record's clock. Before its end no hour is known.
            when = max(emitted if emitted >= start + HOUR else time, start + HOUR)
            hours, revenue = self.hours.setdefault(key, {}), float(event.revenue)
            known = hours.get(start)
            if known is None:
                hours[start] = Tellings(first=when, since=when, last=when, revenue=revenue)
            else:
                known.tell(when, revenue)
