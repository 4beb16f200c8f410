"""Reads the whole audit trail and checks every link of its hash chain."""

from __future__ import annotations

from schemas import GENESIS, AuditEntry, decode, hash_of
from schemas.topics import AUDIT
from workers.kafka import Connection
from workers.settings import TopicSettings
from workers.simulator.wire import wire


async def verify_chain(connection: Connection, topics: TopicSettings) -> bool:
    """Return whether every entry of every partition is the next link of its chain."""
    entries: list[AuditEntry] = []
    async with wire(connection, topics, (AUDIT,)) as line:
        while not await line.caught_up():
            entries += [decode(heard.value, AuditEntry) for heard in await line.hear(0.5)]
    heads: dict[int, tuple[int, str]] = {}
    for entry in entries:
        number, previous = heads.get(entry.partition, (-1, GENESIS))
        if (entry.sequence, entry.previous_hash) != (number + 1, previous):
            return False
        if entry.hash != hash_of(entry):
            return False
        heads[entry.partition] = entry.sequence, entry.hash
    return True
