"""The agent of allocations: tells members of large groups what their day was settled at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.arrays import Bools, Rows
from engine.calendar import DAY
from schemas import Allocation, SchemaError, decode
from schemas.errors import Reason
from schemas.keys import check_key
from workers.allocator.allocated import told_of, with_page
from workers.allocator.draft import Draft
from workers.allocator.facts import Facts
from workers.allocator.pages import content_of
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.tables import ALLOCATIONS
from workers.allocator.telling import tell
from workers.allocator.trees import top_of
from workers.closed_days import refuse_ahead
from workers.delivery.api import Record, Step, View

STEP_PAGES = 10
"""Most pages of one step: some thousand members."""


_UNTELLABLE: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,  # of a clock that the platform's C library does not reach
    StopIteration,
    TypeError,
    ValueError,
)
"""What comes of numbers, texts and evidence of a page that no allocator has written."""


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
    facts, campaigns, rows = content_of(page)
    here = _still_here(draft, page.key, facts, rows)
    campaigns, rows = (
        [each for each, stays in zip(campaigns, here, strict=True) if stays],
        rows[here],
    )
    if not here.all():
        draft.count("ignored", record.topic, "of_another_tree", by=int((~here).sum()))
    try:
        ids = tell(draft, facts, campaigns, rows)
    except _UNTELLABLE as error:
        detail = f"has a member of whom nothing can be said: {error!r}"
        raise SchemaError("content", Reason.INVALID_VALUE, detail) from error
    draft.writes.update(with_page(draft, page, ids))


def _still_here(draft: Draft, group: bytes, facts: Facts, rows: Rows) -> Bools:
    """Return which rows (B,) are of groups that lie in the page's tree, as far as is known here.

    A group that has moved under another while its pages wait is settled anew with the tree that it
    is in now. That is told first where it moved to only after it was told here; so what is still to
    be said of where it was would be older advice after newer.
    """
    here = np.ones(len(facts.inside), dtype=np.bool_)
    for at in np.unique(rows["of"]).tolist():
        here[at] = top_of(draft, facts.inside[at].name.encode()).key == group
    return np.asarray(here[rows["of"]])
