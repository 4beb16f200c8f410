"""What platforms were told of times to come, as the audit trail has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from schemas import AuditEntry
from schemas.audit import IN_FORCE
from workers.optimizer.draft import Draft
from workers.optimizer.tables import AUDIT, foretold_key


class Window(NamedTuple):
    """A field in a stretch of time."""

    field: str
    start: int
    """Its first second."""
    end: int
    """The one after its last."""


Foretold = dict[Window, Decimal]
"""What is in force in which windows."""

_ROW: Final = msgspec.msgpack.Decoder(list[tuple[str, int, int, Decimal]])


def note_foretold(draft: Draft, entry: AuditEntry, second: int) -> None:
    """Keep what an entry says is in force in a window; of those that are over nothing is kept.

    What drifted is a person's: nothing of it is kept, so what the plan wants is proposed once more.
    """
    if entry.window_start is None or entry.window_end is None or entry.after is None:
        return
    key = foretold_key(entry.key)
    known = _read(draft.read(key))
    times = int(entry.window_start.timestamp()), int(entry.window_end.timestamp())
    if entry.status in IN_FORCE:
        known[Window(entry.field, *times)] = entry.after
    kept = [(*each, value) for each, value in known.items() if each.end > second]
    draft.writes[key] = msgspec.msgpack.encode(kept)


def foretold_of(draft: Draft, campaign: bytes) -> Foretold:
    """Return what was told of a campaign's times to come."""
    (value,) = draft.read_of(AUDIT, [foretold_key(campaign)])
    return _read(value)


def _read(value: bytes | None) -> Foretold:
    rows = _ROW.decode(value) if value else []
    return {Window(field, start, end): told for field, start, end, told in rows}
