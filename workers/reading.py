"""Clients for those who look at topics from outside of the workers, or add to them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord

from workers.errors import UsageError
from workers.kafka import Connection


@asynccontextmanager
async def reader(connection: Connection) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer that reads committed records only, and is in no group."""
    consumer = AIOKafkaConsumer(
        **connection.client_options(),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    async with connection.opened(consumer.start, consumer.stop), connection.explained():
        yield consumer


@asynccontextmanager
async def writer(connection: Connection) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer whose records are stored once, on all replicas that are in sync."""
    producer = AIOKafkaProducer(
        **connection.client_options(),
        enable_idempotence=True,
        max_request_size=17 << 20,
        linger_ms=5,
    )
    async with connection.opened(producer.start, producer.stop), connection.explained():
        yield producer


async def partitions_of(connection: Connection, topics: Sequence[str]) -> list[TopicPartition]:
    """Return all partitions of ``topics``.

    Raises
    ------
    UsageError
        One of them does not exist.
    """
    async with connection.admin() as admin:
        described = await admin.describe_topics()
    counts = {topic["topic"]: len(topic["partitions"]) for topic in described}
    for topic in topics:
        if topic not in counts:
            raise UsageError(f"there is no topic {topic}", remedy="run: pacekeeper topics create")
    return [TopicPartition(topic, number) for topic in topics for number in range(counts[topic])]


async def follow(
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition], *, from_beginning: bool
) -> AsyncGenerator[ConsumerRecord, None]:
    """Yield records as they are committed, for ever."""
    consumer.assign(partitions)
    if from_beginning:
        await consumer.seek_to_beginning(*partitions)
    else:
        await consumer.seek_to_end(*partitions)
    async for record in consumer:
        yield record
