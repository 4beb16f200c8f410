"""Delta events: each is counted once, by its id."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from engine.calendar import DAY, HOUR
from workers.optimizer.draft import Draft
from workers.optimizer.reading import TOO_MANY_DELTAS, Fact
from workers.optimizer.tables import events_key

_ID: Final = 8
"""Bytes kept of an id's hash: among the 256 of an hour, two differ but look alike once in
5e14 hours."""

_ENTRY: Final = _ID + 1


def is_repeat(draft: Draft, fact: Fact) -> bool:
    """Return whether the fact's event must not be counted: it was before, or cannot be noted.

    The second is a dead letter, which can be published again once the hour is told as one
    snapshot.
    """
    value = draft.read(events_key(fact.key, fact.start // DAY)) or b""
    if _entry(fact) in _entries(value):
        draft.count("events", "duplicate")
        return True
    hour = fact.start % DAY // HOUR
    noted = sum(entry[0] == hour for entry in _entries(value))
    if noted < draft.policy.deltas_per_hour:
        return False
    detail = f"the hour has {noted} delta events, no more can be told apart; send a snapshot"
    draft.refuse(fact.record, TOO_MANY_DELTAS, "event_id", detail)
    return True


def note(draft: Draft, fact: Fact) -> None:
    """Remember that the fact's event was counted."""
    key = events_key(fact.key, fact.start // DAY)
    entries = _entries(draft.read(key) or b"")
    draft.writes[key] = b"".join(sorted({*entries, _entry(fact)}))


def _entry(fact: Fact) -> bytes:
    name = (fact.event.event_id or "").encode()
    return bytes([fact.start % DAY // HOUR]) + blake2b(name, digest_size=_ID).digest()


def _entries(value: bytes) -> list[bytes]:
    return [value[at : at + _ENTRY] for at in range(0, len(value), _ENTRY)]
