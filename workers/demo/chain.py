"""Reads the whole audit trail and checks every link of its hash chain."""

from __future__ import annotations

from schemas import GENESIS, AuditEntry, decode, hash_of
from schemas.topics import AUDIT
from workers.kafka import Connection
from workers.settings import TopicSettings
from workers.simulator.wire import wire


async def verify_chain(connection: Connection, topics: TopicSettings) -> bool:
    """Return whether every entry of every partition is the next link of its chain."""
    stored: list[bytes] = []
    async with wire(connection, topics, (AUDIT,)) as line:
        while not await line.caught_up():
            stored += [heard.value for heard in await line.hear(0.5)]
    heads: dict[int, tuple[int, str]] = {}
    for value in stored:
        entry = decode(value, AuditEntry)
        number, previous = heads.get(entry.partition, (-1, GENESIS))
        linked = (entry.sequence, entry.previous_hash) == (number + 1, previous)
        if not linked or entry.hash != hash_of(value):
            return False
        heads[entry.partition] = entry.sequence, entry.hash
    return True
