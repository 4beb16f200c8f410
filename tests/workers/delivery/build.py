"""Records, chunks and lanes for tests of delivery, without a broker."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import ConsumerRecord

from workers.delivery.api import Agent, Header, Record, Step, View
from workers.delivery.chunks import Chunk
from workers.delivery.lane import Lane, LaneLimits

TOPIC = "events"


def record(
    offset: int,
    *,
    key: bytes | None = b"key",
    value: bytes | None = b"value",
    headers: Sequence[Header] = (),
    timestamp: int = 0,
) -> ConsumerRecord:
    """Return what a consumer would hand over."""
    return ConsumerRecord(
        topic=TOPIC,
        partition=0,
        offset=offset,
        timestamp=timestamp,
        timestamp_type=0,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=tuple(headers),
    )


def chunk(start: int, *offsets: int) -> Chunk:
    """Return a chunk that covers from ``start`` and holds records at ``offsets``."""
    return Chunk(start, [record(offset) for offset in offsets])


def nothing(view: View, records: Sequence[Record]) -> Step:  # noqa: ARG001 -- a step has both
    return Step()


AGENT = Agent(name="agent", source=TOPIC, step=nothing)


def lane_at(position: int, applied: list[int], *, step: int = 3, backlog: int = 10) -> Lane:
    """Return a lane that writes the offsets of what it commits into ``applied``."""

    async def apply(agent: Agent, records: Sequence[Record]) -> None:
        assert agent is AGENT
        applied.extend(each.offset for each in records)
        lane.commit(records)

    lane = Lane(
        AGENT,
        0,
        position=position,
        limits=LaneLimits(step_records=step, backlog_records=backlog),
        apply=apply,
    )
    return lane
