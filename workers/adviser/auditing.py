"""The agent of audit: keeps which bids and multipliers are in force, as the trail tells it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from schemas import AuditEntry, Entity
from schemas.audit import MAY_BE_IN_FORCE, highest_in_force
from schemas.levers import BID, BID_MULTIPLIER
from workers.adviser.draft import Draft
from workers.adviser.policy import AdviserPolicy
from workers.adviser.tables import AUDIT
from workers.delivery.api import Record, Step, View
from workers.told_records import told_by

KEPT: Final = 50
"""Multipliers that are kept: those of two days of hours, the newest."""

MOST_BIDS: Final = 1_000
"""Ad sets whose bids are kept: as many as a plan may name."""


class InForce(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """What the audit trail says of a campaign's bids."""

    offset: int = -1
    """Of the last entry that was taken up."""
    multipliers: tuple[tuple[int, str], ...] = ()
    """From which second on which held, oldest first."""
    bids: dict[str, tuple[int, str]] = {}
    """By ad set, "" for the campaign itself: since which second which bid is in force."""

    def multiplier_at(self, second: int) -> str | None:
        """Return the multiplier in force at a second; None where none is known."""
        held = [value for since, value in self.multipliers if since <= second]
        return held[-1] if held else None

    def bid_of(self, ad_set: str | None, reported_since: int | None = None) -> str | None:
        """Return the bid that was set last; None where reports named another one since."""
        since, value = self.bids.get(ad_set or "", (-1, None))
        return value if reported_since is None or reported_since < since else None


_IN_FORCE: Final = msgspec.msgpack.Decoder(InForce)


def in_force_of(view: View, campaign: bytes) -> InForce:
    """Return what is in force for a campaign, as far as it was read."""
    value = view.table(AUDIT).get(campaign)
    return InForce() if value is None else _IN_FORCE.decode(value)


def audit_step(policy: AdviserPolicy, view: View, records: Sequence[Record]) -> Step:
    """Take up what the entries of one partition say of bids and of their multipliers.

    What cannot be read is the optimizer's to put aside: it reads the same topic.
    """
    draft = Draft(policy, view, AUDIT)
    for _, entry, record in draft.overheard(records, told_by(AuditEntry)):
        after = highest_in_force(entry)
        if after is not None and entry.field in (BID, BID_MULTIPLIER):
            _take(draft, entry, after, record)
    return draft.done()


def _take(draft: Draft, entry: AuditEntry, after: Decimal, record: Record) -> None:
    stored = draft.read(entry.key)
    known = InForce() if stored is None else _IN_FORCE.decode(stored)
    own = "" if entry.entity is Entity.CAMPAIGN else entry.entity_id
    second = _second(entry.at, record)
    if entry.status in MAY_BE_IN_FORCE:
        before = known.multiplier_at(second) if entry.field == BID_MULTIPLIER else known.bid_of(own)
        after = max(after, Decimal(before or 0))
    told = (second, str(after.normalize()))
    if entry.field == BID_MULTIPLIER:
        kept = tuple(sorted((*known.multipliers, told), key=lambda each: each[0]))[-KEPT:]
        known = msgspec.structs.replace(known, multipliers=kept)
    else:
        bids = {**{name: bid for name, bid in known.bids.items() if name != own}, own: told}
        newest = dict(list(bids.items())[-MOST_BIDS:])
        known = msgspec.structs.replace(known, bids=newest)
    known = msgspec.structs.replace(known, offset=record.offset)
    draft.writes[entry.key] = msgspec.msgpack.encode(known)


def _second(at: datetime, record: Record) -> int:
    """Return since when it holds: what was told has happened, whatever an entry's clock says."""
    second, told = int(at.timestamp()), record.timestamp // 1_000
    return min(second, told) if told > 0 else second
