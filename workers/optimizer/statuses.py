"""Whether campaigns deliver on their platforms, as the audit trail tells it, and by whose word."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

import numpy as np

from engine.arrays import Bools
from schemas import AuditEntry, AuditStatus
from schemas.audit import IN_FORCE
from workers.optimizer.draft import Draft
from workers.optimizer.tables import AUDIT, status_key

_ROW: Final = Struct("<??q")


class Told(NamedTuple):
    """What was told of a campaign's delivery last."""

    delivers: bool
    by_advice: bool
    """Whether advice of ours has made it so: what a person or a platform did is theirs."""
    at: int
    """When, in seconds."""


def note_status(draft: Draft, entry: AuditEntry, second: int) -> None:
    """Keep what an entry says of whether its campaign delivers, known since a second.

    Of what is about to be sent, was refused, or could not be read back nothing is kept: it is as it
    was, or another entry tells.
    """
    told = entry.status in IN_FORCE | {AuditStatus.DRIFT, AuditStatus.EDITED}
    if not told or entry.after is None:
        return
    key = status_key(entry.key)
    known, delivers = _read(draft.read(key)), bool(entry.after)
    advised = entry.recommendation_id is not None and entry.status in IN_FORCE
    if advised and entry.status is AuditStatus.NO_OP:
        # It was found so: whose doing that was stays as it was.
        advised = known is not None and known.by_advice and known.delivers == delivers
    draft.writes[key] = _ROW.pack(delivers, advised, second)


def status_of(draft: Draft, campaign: bytes) -> Told | None:
    """Return what was told of a campaign's delivery; None where nothing was: then it delivers."""
    (value,) = draft.read_of(AUDIT, [status_key(campaign)])
    return _read(value)


def paused_now(draft: Draft, campaigns: Sequence[bytes]) -> Bools:
    """Return which campaigns do not deliver, (B,)."""
    values = draft.read_of(AUDIT, [status_key(each) for each in campaigns])
    told = (_read(value) for value in values)
    return np.array([each is not None and not each.delivers for each in told], dtype=np.bool_)


def _read(value: bytes | None) -> Told | None:
    return Told(*_ROW.unpack(value)) if value else None
