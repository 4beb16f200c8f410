"""The topics of the counting worker, and how tests create, fill and read topics."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from workers.delivery.dead_letters import dead_letter_topic
from workers.partitioner import partition_of

Pair = tuple[bytes, bytes | None]
PARTITIONS = 4


@dataclass(frozen=True)
class Topics:
    """All topics of one run, by its prefix."""

    prefix: str

    @property
    def events(self) -> str:
        return f"{self.prefix}.events"

    @property
    def notes(self) -> str:
        return f"{self.prefix}.notes"

    @property
    def counts(self) -> str:
        return f"{self.prefix}.counts"

    @property
    def elsewhere(self) -> str:
        return f"{self.prefix}.elsewhere"

    @property
    def journal(self) -> str:
        return f"{self.prefix}.journal"

    @property
    def factors(self) -> str:
        return f"{self.prefix}.factors"

    @property
    def unreadable(self) -> str:
        return dead_letter_topic(self.events)

    def changelog(self, table: str) -> str:
        return f"{self.prefix}-{table}-changelog"

    @property
    def sources(self) -> tuple[str, ...]:
        return self.events, self.notes

    @property
    def changelogs(self) -> tuple[str, ...]:
        return tuple(self.changelog(table) for table in ("tally", "notes", "journal"))

    @property
    def all(self) -> tuple[str, ...]:
        written = (self.counts, self.elsewhere, self.journal, self.factors, self.unreadable)
        return (*self.sources, *written, dead_letter_topic(self.notes))


@asynccontextmanager
async def admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def create(
    bootstrap: str,
    topics: Topics,
    *,
    copies: int = 1,
    configs: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Create the topics of a run; ``configs`` adds to those of single topics."""
    usual = dict[str, Mapping[str, str]]()
    usual |= {name: {"cleanup.policy": "compact"} for name in topics.changelogs}
    new = [
        NewTopic(name, PARTITIONS, copies, topic_configs=(usual | dict(configs or {})).get(name))
        for name in (*topics.all, *topics.changelogs)
    ]
    async with admin(bootstrap) as client:
        answer = await client.create_topics(new)
    refused = [error for error in answer.topic_errors if error[1]]
    assert not refused, refused


@asynccontextmanager
async def producer(bootstrap: str, **options: object) -> AsyncIterator[AIOKafkaProducer]:
    options = {"acks": "all", "enable_idempotence": True, **options}
    client = AIOKafkaProducer(bootstrap_servers=bootstrap, **options)
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


async def publish(
    client: AIOKafkaProducer, topic: str, pairs: Iterable[Pair], *, timestamp_ms: int | None = None
) -> None:
    """Write ``pairs`` to where their keys belong, in order, in prebuilt batches; wait for them."""
    batches: dict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        batches[partition_of(pair[0], PARTITIONS)].append(pair)
    stored = [
        future
        for number, mine in batches.items()
        for future in await _send(client, topic, number, mine, timestamp_ms)
    ]
    await asyncio.gather(*stored)


async def _send(
    client: AIOKafkaProducer,
    topic: str,
    number: int,
    pairs: Sequence[Pair],
    timestamp_ms: int | None,
) -> list[Any]:
    futures = []
    batch = client.create_batch()
    for key, value in pairs:
        if batch.append(key=key, value=value, timestamp=timestamp_ms) is None:
            batch.close()
            futures.append(await client.send_batch(batch, topic, partition=number))
            batch = client.create_batch()
            batch.append(key=key, value=value, timestamp=timestamp_ms)
    batch.close()
    futures.append(await client.send_batch(batch, topic, partition=number))
    return futures


async def read(
    bootstrap: str, topic: str, *, isolation: str = "read_committed", count: int = PARTITIONS
) -> dict[int, list[ConsumerRecord]]:
    """Return all records of ``topic`` by partition, up to what its end is now."""
    partitions = [TopicPartition(topic, number) for number in range(count)]
    found: dict[int, list[ConsumerRecord]] = {tp.partition: [] for tp in partitions}
    async with AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level=isolation,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 << 20,
    ) as client:
        client.assign(partitions)
        ends = await client.end_offsets(partitions)
        starts = await client.beginning_offsets(partitions)
        left = [tp for tp in partitions if ends[tp] > starts[tp]]
        while left:
            for tp, records in (await client.getmany(*left, timeout_ms=300)).items():
                found[tp.partition] += records
            left = [tp for tp in left if await client.position(tp) < ends[tp]]
    return found


async def undecided(bootstrap: str, topic: str) -> bool:
    """Return whether a transaction on ``topic`` is open: readers of committed may not go so far."""
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    found = []
    for isolation in ("read_committed", "read_uncommitted"):
        async with AIOKafkaConsumer(
            bootstrap_servers=bootstrap, isolation_level=isolation
        ) as client:
            found.append(await client.end_offsets(partitions))
    return bool(found[0] != found[1])


@asynccontextmanager
async def group_member(bootstrap: str, group: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a client that can see what ``group`` has committed, and takes no part in it."""
    async with AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False
    ) as client:
        yield client


async def committed(
    client: AIOKafkaConsumer, partitions: Iterable[TopicPartition]
) -> dict[TopicPartition, int]:
    """Return the offsets that the client's group has committed, 0 where none."""
    return {tp: await client.committed(tp) or 0 for tp in partitions}


async def reach(
    bootstrap: str,
    group: str,
    offsets: Mapping[TopicPartition, int],
    *,
    seconds: float,
    check: Callable[[], None],
) -> None:
    """Wait until ``group`` has committed ``offsets``; ``check`` fails where waiting is vain."""
    deadline = time.monotonic() + seconds
    async with group_member(bootstrap, group) as client:
        while True:
            applied = await committed(client, offsets)
            left = [
                f"{tp.topic}[{tp.partition}] at {applied[tp]}, not {offset}"
                for tp, offset in offsets.items()
                if applied[tp] < offset
            ]
            if not left:
                return
            check()
            assert time.monotonic() < deadline, f"after {seconds:.0f} s: {left}"
            await asyncio.sleep(0.2)
