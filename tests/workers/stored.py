"""Records as a topic holds them, for agents that are tested without a broker."""

from __future__ import annotations

from dataclasses import dataclass

from workers.delivery.api import Headers


@dataclass(frozen=True)
class Stored:
    """One record of a topic."""

    topic: str
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int = 0
