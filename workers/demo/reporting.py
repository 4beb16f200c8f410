"""The demo's report: the paced world beside the same auctions under even hourly budgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas import MetricsEvent
from workers.kafka import Connection
from workers.report.building import Book
from workers.report.model import Wishes
from workers.report.page import page_of
from workers.report.reading import Source
from workers.report.writing import write_page
from workers.simulator.clearing import AGES, Outcome
from workers.simulator.population import Campaign
from workers.simulator.records import metrics_event
from workers.simulator.reports import Report

SHOWN = 6
"""Campaigns that are shown one by one: the demo has to end some time."""

_HOUR = 3_600


@dataclass(slots=True, kw_only=True)
class Evenly:
    """What even hourly budgets would have brought, as the platforms would tell it at last."""

    campaigns: Sequence[Campaign]
    events: list[MetricsEvent] = field(default_factory=list)

    def add(self, hour: int, outcome: Outcome) -> None:
        """Add what ``hour``, in hours since 1970, would have brought."""
        for row, campaign in enumerate(self.campaigns):
            told = Report(
                row=row,
                hour=hour,
                due=hour + 1 + AGES[-1],
                revision=len(AGES) - 1,
                impressions=int(outcome.impressions[row]),
                clicks=int(outcome.clicks[row]),
                spend=int(outcome.spend[row]),
                conversions=int(outcome.conversions[row, -1]),
                revenue=int(outcome.revenue[row, -1]),
            )
            self.events.append(metrics_event(campaign, told))


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What was played, in hours since 1970."""

    live_from: int
    live_until: int
    evenly: Evenly
    to_come: Iterable[Report]
    """What the platforms will still tell of the hours played: late conversions."""


async def write_report(connection: Connection, prefix: str, played: Played, path: Path) -> None:
    """Write the report of a demo that has been played.

    Raises
    ------
    WorkerError
        Kafka could not be read, or the file not written.
    """
    since, until = played.live_from * _HOUR, played.live_until * _HOUR
    # Nothing follows the last hour, so what is still asked for after it belongs to it.
    wishes = Wishes(since=since, until=until, whole_trail=True, most=SHOWN)
    campaigns = played.evenly.campaigns
    late = (metrics_event(campaigns[each.row], each) for each in played.to_come)
    book = await Source(connection=connection, prefix=prefix).book(wishes, also=late)
    page = page_of(book.report(_even(book, played), name="even budgets"), title="Pacekeeper demo")
    write_page(page, path)


def _even(book: Book, played: Played) -> Book:
    """Return the other world: the same history, then even hourly budgets."""
    past = book.delivered.before(played.live_from * _HOUR)
    other = Book(wishes=book.wishes, plans=book.plans, delivered=past)
    other.delivered.add(played.evenly.events)
    return other
