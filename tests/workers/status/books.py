"""Books of records, as if they had been read from the topics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas import AuditEntry, MetricsEvent, Plan, Recommendation
from tests.workers.report.told import HOUR
from workers.status.book import StatusBook
from workers.status.model import CampaignStatus
from workers.status.standing import campaigns_of


def a_book(
    metrics: Sequence[MetricsEvent],
    *,
    plans: Iterable[Plan] = (),
    recommendations: Sequence[Recommendation] = (),
    audit: Sequence[AuditEntry] = (),
    cut: int = 10**9,
) -> StatusBook:
    """Return a book; records are taken in ``cut`` at a time, each hour told five minutes late."""
    book = StatusBook()
    book.add_plans(plans)
    for at in range(0, len(metrics), cut):
        some = metrics[at : at + cut]
        book.deliver(some, [int(each.window_start.timestamp()) + HOUR + 300 for each in some])
    for at in range(0, len(recommendations), cut):
        book.advise(recommendations[at : at + cut])
    for at in range(0, len(audit), cut):
        book.audit(audit[at : at + cut])
    return book


def all_of(book: StatusBook) -> list[CampaignStatus]:
    """Return how all campaigns of a book stand."""
    return campaigns_of(book, list(book.campaigns))


def only(book: StatusBook) -> CampaignStatus:
    """Return how its only campaign stands."""
    (found,) = all_of(book)
    return found
