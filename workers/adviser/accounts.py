"""The agent of breakdowns: keeps closed days by account, and advises on the newest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas import Breakdowns, CampaignKey, campaign_key
from workers.adviser.advising import advise
from workers.adviser.archive import Archive
from workers.adviser.books import Books
from workers.adviser.draft import Draft
from workers.adviser.policy import AdviserPolicy
from workers.adviser.tables import DAYS
from workers.adviser.telling import Telling
from workers.adviser.told_shares import told_maturity
from workers.closed_days import check_ended, refuse_ahead
from workers.delivery.api import Record, Step, View
from workers.instants import day_number
from workers.told_records import told_by

_told_day = told_by(Breakdowns)


def breakdowns_step(
    policy: AdviserPolicy, books: Books, view: View, records: Sequence[Record]
) -> Step:
    """Keep the closed days of one partition; advise on each campaign that told its yesterday.

    A campaign is looked at once a local day, when the day before it has closed: what is said again
    of earlier days is kept for the next time.
    """
    draft = Draft(policy, view, DAYS)
    archive = Archive(draft)
    for row, record in _readable(draft, books, records):
        if not archive.take(row, books.zones, record.offset):
            draft.count("repeats", record.topic)
        campaign = campaign_key(row.platform, row.account_id, row.campaign_id)
        today = _today(row, books)
        if day_number(row.day) == today - 1 and archive.head(campaign).advised < today:
            key = CampaignKey(row.platform, row.account_id, row.campaign_id)
            telling = Telling(
                maturity=told_maturity(draft, books, key, row.told_by_age),
                taught=row.delays_taught,
                restates=archive.restates(row.key),
            )
            advise(draft, archive, telling, (row.key, bytes(key)), today)
    return draft.done()


def _readable(
    draft: Draft, books: Books, records: Sequence[Record]
) -> Iterator[tuple[Breakdowns, Record]]:
    """Yield the rows that can be taken; the others are put aside or sent on."""

    def read(record: Record) -> tuple[bytes, Breakdowns]:
        key, row = _told_day(record)
        check_ended(books.zones, row.timezone, row.day, row.closed_at)
        return key, row

    for _, row, record in draft.own(records, read):
        if not refuse_ahead(draft, draft.policy, record, row.closed_at):
            yield row, record


def _today(row: Breakdowns, books: Books) -> int:
    return books.zones.local_day(row.timezone.encode(), int(row.closed_at.timestamp()))
