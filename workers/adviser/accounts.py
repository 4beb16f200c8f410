"""The agent of breakdowns: keeps closed days by account, and advises on the newest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from engine.calendar import local_day
from schemas import Breakdowns, CampaignKey, SchemaError, campaign_key, decode
from schemas.errors import Reason
from schemas.keys import check_key
from workers.adviser.advising import advise
from workers.adviser.archive import Archive
from workers.adviser.books import Books
from workers.adviser.draft import Draft
from workers.adviser.policy import AdviserPolicy
from workers.adviser.tables import DAYS
from workers.adviser.told_shares import maturity_of
from workers.delivery.api import Record, Step, View
from workers.instants import day_number

IN_THE_FUTURE = "in_the_future"


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
            maturity = maturity_of(draft, books, key, row.told_by_age)
            advise(draft, archive, maturity, (row.key, bytes(key)), today)
    return draft.done()


def _readable(
    draft: Draft, books: Books, records: Sequence[Record]
) -> Iterator[tuple[Breakdowns, Record]]:
    """Yield the rows that can be taken; the others are put aside or sent on."""
    for record in records:
        try:
            row = decode(record.value or b"", Breakdowns)
            check_key(record.key, row.key)
            _check(row, books)
            sent_on = draft.sent_on(record, row.key)
        except SchemaError as error:
            draft.refuse_for(record, error)
            continue
        if sent_on:
            continue
        if draft.policy.too_far_ahead(int(row.closed_at.timestamp()), record.timestamp):
            detail = f"is ahead of its record's timestamp, was {row.closed_at.isoformat()}"
            draft.refuse(record, IN_THE_FUTURE, "closed_at", detail)
        else:
            yield row, record


def _today(row: Breakdowns, books: Books) -> int:
    zone = books.zones.rows([row.timezone.encode()])
    now = np.array([int(row.closed_at.timestamp())])
    return int(local_day(books.zones.calendar, zone, now)[0])


def _check(row: Breakdowns, books: Books) -> None:
    if _today(row, books) <= day_number(row.day):
        detail = f"{row.day} had not ended in {row.timezone} at {row.closed_at.isoformat()}"
        raise SchemaError("closed_at", Reason.CONTRADICTION, detail)
