"""The agent of allocations: tells members of large groups what their day was settled at."""

from __future__ import annotations

from collections.abc import Sequence

from engine.calendar import DAY
from schemas import Allocation, SchemaError, decode
from schemas.errors import Reason
from schemas.keys import check_key
from workers.allocator.allocated import told_of, with_page
from workers.allocator.draft import Draft
from workers.allocator.pages import content_of
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.tables import ALLOCATIONS
from workers.allocator.telling import tell
from workers.closed_days import refuse_ahead
from workers.delivery.api import Record, Step, View

STEP_PAGES = 10
"""Most pages of one step: some thousand members."""


def allocations_step(policy: AllocatorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Publish what the pages of one partition say of their members, each page once."""
    draft = Draft(policy, view, ALLOCATIONS)
    for record in records:
        try:
            page = decode(record.value or b"", Allocation)
            check_key(record.key, page.key)
            if not draft.sent_on(record, page.key) and not _is_ahead(draft, page, record):
                _tell(draft, page, record)
        except SchemaError as error:
            draft.refuse_for(record, error)
    return draft.done()


def _is_ahead(draft: Draft, page: Allocation, record: Record) -> bool:
    """Return whether a page is of a time to come, and put it aside; all others would be repeats.

    Raises
    ------
    SchemaError
        Its day is none that is anywhere when it was decided.
    """
    today = int(page.decided_at.timestamp()) // DAY
    if abs(page.day - today) > 1:
        detail = f"must be at most a day from that of decided_at, {today}, was {page.day}"
        raise SchemaError("day", Reason.CONTRADICTION, detail)
    return refuse_ahead(draft, draft.policy, record, page.decided_at, "decided_at")


def _tell(draft: Draft, page: Allocation, record: Record) -> None:
    if (page.day, page.page) < told_of(draft, page.key).next:
        draft.count("repeats", record.topic)
        return
    content = content_of(page)
    try:
        ids = tell(draft, *content)
    except (ValueError, ArithmeticError, LookupError, StopIteration) as error:
        detail = f"has a member of whom nothing can be said: {error!r}"
        raise SchemaError("content", Reason.INVALID_VALUE, detail) from error
    draft.writes.update(with_page(draft, page, ids))
