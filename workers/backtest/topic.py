"""Logs in Kafka: metrics events between two offsets, or of hours between two times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from schemas import SchemaError, decode_metrics
from workers.backtest.events import Heap
from workers.backtest.span import Span
from workers.errors import UsageError
from workers.kafka import Connection
from workers.reading import partitions_of, reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Which topic, and which stretch of it."""

    connection: Connection
    name: str
    """In full, with its prefix."""
    span: Span = field(default_factory=Span)


async def read_topic(topic: Topic, progress: Callable[[float], None]) -> Heap:
    """Read committed records, to what the end of the topic is now; it is in no group.

    Parameters
    ----------
    progress
        Told the share of all offsets that is read, from time to time.

    Raises
    ------
    UsageError
        There is no such topic, or no event in that stretch of it.
    WorkerError
        Kafka cannot be reached, or refuses.
    """
    heap = Heap()
    partitions = await partitions_of(topic.connection, [topic.name])
    async with reader(topic.connection) as consumer:
        bounds = await _bounds(consumer, partitions, topic.span)
        await _read(consumer, bounds, lambda record: _take(heap, record, topic.span), progress)
    if not heap.taken:
        told = f": {heap.example}" if heap.example else ""
        raise UsageError(
            f"no event of {topic.name} can be taken{told}",
            remedy="look at --from and --to, and at what is in the topic",
        )
    return heap


_Bounds = dict[TopicPartition, tuple[int, int]]


async def _bounds(
    consumer: AIOKafkaConsumer, partitions: list[TopicPartition], span: Span
) -> _Bounds:
    firsts = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    return {
        place: (
            max(firsts[place], span.first_offset or 0),
            min(ends[place], ends[place] if span.end_offset is None else span.end_offset),
        )
        for place in partitions
    }


async def _read(
    consumer: AIOKafkaConsumer,
    bounds: _Bounds,
    take: Callable[[ConsumerRecord], None],
    progress: Callable[[float], None],
) -> None:
    at = {place: first for place, (first, end) in bounds.items() if first < end}
    total = max(sum(bounds[place][1] - first for place, first in at.items()), 1)
    consumer.assign(list(at))
    for place, first in at.items():
        consumer.seek(place, first)
    while unread := [place for place, offset in at.items() if offset < bounds[place][1]]:
        batches = await consumer.getmany(*unread, timeout_ms=200)
        for place, records in batches.items():
            for record in records:
                if record.offset < bounds[place][1]:
                    take(record)
        for place in unread:
            at[place] = await consumer.position(place)
        left = sum(max(bounds[place][1] - offset, 0) for place, offset in at.items())
        progress(1.0 - left / total)


def _take(heap: Heap, record: ConsumerRecord, span: Span) -> None:
    try:
        event = decode_metrics(record.value or b"").event
    except SchemaError as error:
        where = f"offset {record.offset} of partition {record.partition}: {error}"
        heap.refuse(str(error.reason), where)
        return
    if span.has(event.window_start):
        heap.add(event)
