"""What platforms were told of conversion rates to come, as the audit trail has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from schemas import AuditEntry
from schemas.audit import IN_FORCE
from workers.optimizer.draft import Draft
from workers.optimizer.tables import AUDIT, foretold_key

Foretold = dict[tuple[int, int], Decimal]
"""Factors by the first second of a stretch and the one after its last."""

_ROW: Final = msgspec.msgpack.Decoder(list[tuple[int, int, Decimal]])


def note_foretold(draft: Draft, entry: AuditEntry, second: int) -> None:
    """Keep the factor that an entry says is in force of a stretch; those that are over are let go.

    What drifted is a person's: nothing of it is kept, so what the plan wants is proposed once more.
    """
    if entry.window_start is None or entry.window_end is None or entry.after is None:
        return
    key = foretold_key(entry.key)
    known = _read(draft.read(key))
    stretch = int(entry.window_start.timestamp()), int(entry.window_end.timestamp())
    if entry.status in IN_FORCE:
        known[stretch] = entry.after
    kept = [(*each, factor) for each, factor in known.items() if each[1] > second]
    draft.writes[key] = msgspec.msgpack.encode(kept)


def foretold_of(draft: Draft, campaign: bytes) -> Foretold:
    """Return what was told of a campaign's stretches."""
    (value,) = draft.read_of(AUDIT, [foretold_key(campaign)])
    return _read(value)


def _read(value: bytes | None) -> Foretold:
    return {(start, end): factor for start, end, factor in _ROW.decode(value)} if value else {}
