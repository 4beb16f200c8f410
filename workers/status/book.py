"""What the topics say of campaigns, as `pacekeeper report` reads them, and what was said last."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas import AuditEntry, CampaignKey, Condition, MetricsEvent, Recommendation
from schemas.levers import OF_AN_HOUR
from schemas.topics import CONDITIONS
from workers.kafka import Connection
from workers.report.building import Book
from workers.report.delivered import HOUR
from workers.report.model import Wishes
from workers.report.periods import Period
from workers.report.reading import Source, decoder
from workers.status.governing import Questions
from workers.status.lateness import Lateness
from workers.status.oddities import Oddities
from workers.status.offers import Offers

CHANGES = 5
"""Entries of the audit trail that are kept of each campaign: the last ones that are not open."""


@dataclass
class StatusBook(Book):
    """A report's book that also keeps the last word on each campaign."""

    wishes: Wishes = field(default_factory=lambda: Wishes(most=0))
    latest: dict[CampaignKey, Recommendation] = field(default_factory=dict)
    """The decision about the newest hour of each campaign."""
    changes: dict[CampaignKey, deque[AuditEntry]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=CHANGES))
    )
    lateness: Lateness = field(default_factory=Lateness)
    daily_budgets: dict[CampaignKey, dict[int, float]] = field(default_factory=dict)
    """What reports say stands at the platform, by the first second of the hour."""
    offers: Offers = field(default_factory=Offers)
    """Advice that may be open."""
    questions: Questions = field(default_factory=Questions)
    """What people are asked."""
    oddities: Oddities = field(default_factory=Oddities)

    def deliver(self, events: Sequence[MetricsEvent], times: Sequence[int]) -> None:
        """Take in metrics, and how late they tell of conversions."""
        super().deliver(events, times)
        self.lateness.hear(events, times)
        for event in (each for each in events if each.daily_budget is not None):
            key = CampaignKey(event.platform, event.account_id, event.campaign_id)
            start = int(event.window_start.timestamp())
            self.daily_budgets.setdefault(key, {})[start] = float(event.daily_budget or 0)

    def advise(self, recommendations: Sequence[Recommendation]) -> None:
        """Take in recommendations, once the metrics are read."""
        super().advise(recommendations)
        self.offers.add(recommendations)
        for advice in recommendations:
            if advice.field not in OF_AN_HOUR:
                continue  # What a group shares out, or a bid, is no word on the campaign's hours.
            key = CampaignKey(advice.platform, advice.account_id, advice.campaign_id)
            known = self.latest.get(key)
            if known is None or advice.hour >= known.hour:
                self.latest[key] = advice

    def audit(self, entries: Sequence[AuditEntry]) -> None:
        """Take in entries of the audit trail, once the recommendations are read."""
        super().audit(entries)
        self.offers.audit(entries)
        self.questions.audit(entries)
        ended = (each for each in entries if each.is_an_end)
        for entry in ended:
            key = CampaignKey(entry.platform, entry.account_id, entry.campaign_id)
            self.changes[key].append(entry)

    def reported_until(self, key: CampaignKey) -> int:
        """Return the end of a campaign's newest hour, in seconds."""
        _, hours = self.campaigns[key]
        return int(hours.starts[-1]) + HOUR

    def as_of(self, key: CampaignKey) -> int:
        """Return the second that a campaign's status is of: the log tells the time, no clock."""
        advice = self.latest.get(key)
        told = self.reported_until(key)
        return told if advice is None else max(told, int(advice.hour.timestamp()))

    def decided_in(self, key: CampaignKey, period: Period | None) -> Recommendation | None:
        """Return the last decision about a campaign if it is about an hour of ``period``."""
        advice = self.latest.get(key)
        if advice is None or period is None:
            return None
        return advice if period.start <= int(advice.hour.timestamp()) < period.end else None


async def read_book(connection: Connection, prefix: str) -> tuple[StatusBook, int]:
    """Return the book of the topics of a prefix, and how many records could not be read.

    Raises
    ------
    UsageError
        One of the topics does not exist, or there are no metrics.
    WorkerError
        Kafka could not be reached, or refused.
    """
    book, source = StatusBook(), Source(connection=connection, prefix=prefix)
    await source.fill(book)
    async for conditions, _ in source.batches(CONDITIONS, decoder(Condition), needed=False):
        book.oddities.hear(conditions)
    return book, source.unreadable
