"""The agent of portfolios: keeps members' closed days, and allocates when all have told theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from schemas import Portfolio, SchemaError, campaign_key, decode
from schemas.keys import check_key, check_name
from workers.allocator import member_rows, past
from workers.allocator.allocating import Books, allocate_if_due
from workers.allocator.draft import Draft
from workers.allocator.groups import NOT_SUPPORTED
from workers.allocator.handing import goes_to, handed, times_handed
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.rosters import enrol, without_older
from workers.allocator.tables import MEMBERS, member_key, past_key
from workers.allocator.trees import top_of
from workers.closed_days import check_ended, refuse_ahead
from workers.delivery.api import Record, Step, View
from workers.instants import day_number

_FORGOTTEN: Final = 2 * member_rows.KEPT_DAYS
"""Days behind the group's newest after which a member is forgotten."""


def portfolio_step(
    policy: AllocatorPolicy, books: Books, view: View, records: Sequence[Record]
) -> Step:
    """Take the closed days of one partition; allocate what is due after each that is news.

    One that comes again is no moment to decide at: its clock is of long ago.
    """
    draft = Draft(policy, view, MEMBERS)
    for row, record in _readable(draft, books, records):
        is_new = _take(draft, row, record)
        _hand_up(draft, row, record)
        if is_new:
            allocate_if_due(draft, books, row.key, int(row.closed_at.timestamp()))
    return draft.done()


def take_rows(policy: AllocatorPolicy, books: Books, view: View, records: Sequence[Record]) -> Step:
    """Take closed days without allocating anything: what a replay begins with."""
    draft = Draft(policy, view, MEMBERS)
    for row, record in _readable(draft, books, records):
        _take(draft, row, record)
    return draft.done()


def _readable(
    draft: Draft, books: Books, records: Sequence[Record]
) -> Iterator[tuple[Portfolio, Record]]:
    """Yield the rows that can be taken; the others are put aside or sent on."""
    for record in records:
        try:
            row = decode(record.value or b"", Portfolio)
            check_key(record.key, row.key)
            # The name of a copy's group was checked where its key belongs.
            copy = times_handed(record) > 0
            if not copy:
                check_name(row.budget_group_id, "budget_group_id")
            check_ended(books.zones, row.timezone, row.last_day, row.closed_at)
            sent_on = not copy and draft.sent_on(record, row.key)
        except SchemaError as error:
            draft.refuse_for(record, error)
            continue
        if sent_on:
            continue
        if row.first_day != row.last_day:
            detail = f"must be {row.first_day}, the day that begins the row: one day a row"
            draft.refuse(record, NOT_SUPPORTED, "last_day", detail)
        elif not refuse_ahead(draft, draft.policy, record, row.closed_at):
            yield row, record


def _hand_up(draft: Draft, row: Portfolio, record: Record) -> None:
    """Publish a row once more where the budget of its group's tree is shared out.

    What is told again as well: so that a tree that came after it can be taught.
    """
    target = goes_to(draft.view, row.key, top_of(draft, row.key).key)
    if target is None:
        return
    try:
        draft.outputs.append(handed(record, row.key, target))
    except SchemaError as error:
        draft.refuse_for(record, error)


def _take(draft: Draft, row: Portfolio, record: Record) -> bool:
    """Keep a row; return whether it says anything new."""
    group, campaign = row.key, campaign_key(row.platform, row.account_id, row.campaign_id)
    key = member_key(group, campaign)
    before = draft.read(key), past.past_of(draft, group, campaign)
    after = past.taken(before[0] or b"", before[1], row)
    if before == after:
        draft.count("repeats", record.topic)
        return False
    draft.writes[key] = after[0]
    if before[1] != after[1]:
        draft.writes[past_key(group, campaign)] = past.packed(after[1])
    enrol(draft, group, campaign, (day_number(row.last_day), record.offset))
    gone = without_older(draft, group, _FORGOTTEN)
    draft.writes.update(
        {name(group, each): None for name in (member_key, past_key) for each in gone}
    )
    return True
