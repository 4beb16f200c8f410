"""Publish what is new among the records of people's files: what ``apply`` commands share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from aiokafka import ConsumerRecord

from schemas.topic import Topic
from workers.cli.console import counted, done, note
from workers.delivery.loading import Table, read_to_end, replay
from workers.kafka import Connection, connect
from workers.partitioner import partition_of
from workers.reading import partitions_of, reader, writer
from workers.settings import Settings

NewsT = TypeVar("NewsT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Generic[NewsT]):
    """How what is wanted is held against a topic."""

    topic: Topic
    news: Callable[[Table], list[NewsT]]
    """Returns what is new beside the topic's records; raises `UsageError`."""
    record: Callable[[NewsT], tuple[bytes, bytes]]
    """Returns key and value of what is to be published."""
    spread: bool = False
    """Whether workers copy the records to other partitions: where its key belongs, one counts."""


async def publish_news(
    settings: Settings, comparison: Comparison[NewsT], *, dry_run: bool
) -> list[NewsT]:
    """Publish what is new, and return it; a dry run publishes nothing."""
    connection = connect(settings.broker)
    topic = comparison.topic.full_name(settings.topics.prefix)
    found = comparison.news(await _known(connection, topic, spread=comparison.spread))
    if found and not dry_run:
        async with writer(connection) as producer:
            stored = [
                await producer.send(topic, value, key=key)
                for key, value in map(comparison.record, found)
            ]
            await asyncio.gather(*stored)
    return found


def tell_applied(found: Sequence[object], *, of: int, one: str, dry_run: bool) -> None:
    """Say how many ``of`` all that were wanted were new."""
    unchanged = f"{of - len(found)} unchanged"
    new = counted(len(found), one=one)
    if dry_run:
        note(f"{new} would be published, {unchanged}")
    else:
        done(f"{new} published, {unchanged}")


async def _known(connection: Connection, topic: str, *, spread: bool) -> Table:
    partitions = await partitions_of(connection, [topic])
    known: Table = {}
    async with reader(connection) as consumer:
        async for _, records in read_to_end(consumer, partitions):
            own = [each for each in records if not spread or _is_home(each, len(partitions))]
            replay(known, own)
    return known


def _is_home(record: ConsumerRecord, count: int) -> bool:
    return record.key is not None and partition_of(record.key, count) == record.partition
