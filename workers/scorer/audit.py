"""The audit trail: which advice took effect and when, and what took its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schemas import AuditEntry, AuditStatus
from schemas.audit import FOLLOWED
from schemas.levers import BID_MULTIPLIER, HOURLY_BUDGET
from workers.delivery.api import Record, Step, View
from workers.scorer.draft import Draft
from workers.scorer.keeping import first_applied, kept_of
from workers.scorer.policy import ScorerPolicy
from workers.scorer.rows import AUDIT, CLOCK, AuditRow, Change, clock_in

HOURLY: Final = frozenset({HOURLY_BUDGET, BID_MULTIPLIER})
"""Fields that are set anew every hour."""

_ENDS_WHAT_STOOD: Final = frozenset(
    {AuditStatus.ROLLED_BACK, AuditStatus.UNVERIFIED, AuditStatus.EDITED}
)
"""Nothing advised is known to be in force after these, neither this nor what was before it."""

MOST_CHANGES: Final = 96
"""Changes that are kept of a campaign."""


def audit_step(policy: ScorerPolicy, view: View, records: Sequence[Record]) -> Step:
    """Keep when advice took effect, and when fields were changed."""
    draft = Draft(policy, view, AUDIT)
    clock = before = clock_in(draft.read(CLOCK))
    for entry, record in draft.readable(records, AuditEntry):
        # What was told has happened, whatever an entry's clock says: as the optimizer has it.
        at = min(int(entry.at.timestamp()), record.timestamp // 1_000)
        clock = max(clock, at)
        row = draft.row(entry.key, AuditRow)
        after = _after(draft, row, entry, at)
        if after != row:
            draft.keep(entry.key, after)
    if clock > before:
        draft.writes[CLOCK] = clock.to_bytes(8, "big")
    return draft.done()


def _after(draft: Draft, row: AuditRow, entry: AuditEntry, at: int) -> AuditRow:
    name = bytes.fromhex(entry.recommendation_id or "")
    undone = entry.status in _ENDS_WHAT_STOOD
    if entry.is_of_part or (entry.status not in FOLLOWED and not undone):
        return row
    comes_second = not undone and _comes_second(draft, row, entry)
    if comes_second or (not undone and name in row.applied):
        return row
    since = at - draft.policy.forgotten
    applied = {each: when for each, when in row.applied.items() if when > since}
    if name and not undone:
        applied[name] = at
    changes = [one for one in row.changes if one.at > since]
    if entry.field not in HOURLY:
        changes.append(Change(at, entry.field, b"" if undone else name))
    return AuditRow(applied, tuple(changes[-MOST_CHANGES:]))


def _comes_second(draft: Draft, row: AuditRow, entry: AuditEntry) -> bool:
    """Return whether other advice of the same local day is known to have been the first."""
    if entry.field not in HOURLY:
        return False
    hour = int((entry.hour or entry.at).timestamp())
    first = first_applied(kept_of(draft, entry.key, after=hour), row.applied)
    return any(one.hour < hour < one.day_end for one in first.values())
