"""Chunks: what one fetch returned of one partition, and which offsets it covers.

Faust hands records over one at a time, at several asyncio tasks each, and drops fetched ones around
rebalances. A chunk travels through Faust as if it were one record. It says which offsets it stands
for, so that its lane can tell a repeated chunk from a new one, and a lost one from a real gap in
the log (compaction, transaction markers).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import faust

from workers.delivery.api import Record


class Chunk:
    """Stands in for one consumer record; its value is itself.

    Beside ``start``, ``end`` and ``records`` it has the attributes that Faust reads of any record.
    """

    __slots__ = (
        "end",
        "headers",
        "key",
        "offset",
        "partition",
        "records",
        "start",
        "timestamp",
        "timestamp_type",
        "topic",
    )

    checksum = None
    serialized_key_size = 0
    serialized_value_size = 0

    def __init__(self, start: int, records: Sequence[Record]) -> None:
        """Cover the offsets from ``start`` to the last of ``records`` (at least one)."""
        last = records[-1]
        self.start = start
        self.end = last.offset + 1
        self.records = records
        self.topic = last.topic
        self.partition = last.partition
        self.offset = last.offset
        self.timestamp = last.timestamp
        self.timestamp_type = 0
        self.headers: tuple[()] = ()
        self.key = None

    @property
    def gap(self) -> int:
        """Return how many offsets before the first record hold none."""
        return self.records[0].offset - self.start

    @property
    def value(self) -> Chunk:
        """Return the chunk: it is what the agent's stream carries."""
        return self


class ChunkSchema(faust.Schema[Any, Any]):
    """Passes a chunk through Faust's decoding untouched."""

    def compile(self, app: faust.App, **_options: Any) -> Callable[..., Awaitable[Any]]:  # type: ignore[override]
        """Return the decoder that Faust calls for each (pseudo) record."""

        async def decode(message: Any, *, propagate: bool = False) -> Any:  # noqa: ARG001 -- Faust passes it by name
            return app.create_event(None, message.value, message.headers, message)

        return decode
