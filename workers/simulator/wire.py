"""The simulated world's way to Kafka and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from schemas import Group, Plan, campaign_key, encode
from schemas.topic import Partitions, Topic
from schemas.topics import GROUPS, METRICS, PLANS, TICKS
from workers.kafka import Connection
from workers.reading import reader, writer
from workers.settings import TopicSettings
from workers.simulator.population import Campaign
from workers.simulator.records import metrics_event, ticks
from workers.simulator.reports import Report
from workers.simulator.slices import breakdown_of

_MOST_HEARD = 5_000


class Heard(NamedTuple):
    """One record of a topic that is followed."""

    topic: str
    """Its name without the prefix, such as ``audit.v1``."""
    partition: int
    offset: int
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Publishes the simulated world; made by `wire`."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    topics: TopicSettings

    async def tell(
        self, campaigns: Sequence[Campaign], reports: Iterable[Report], at: datetime
    ) -> int:
        """Publish reports as metrics at the simulated time ``at``; return how many."""
        topic, stamp = METRICS.full_name(self.topics.prefix), _milliseconds(at)
        sent = []
        for report in reports:
            campaign = campaigns[report.row]
            rows = breakdown_of(campaign.key, report)
            value = encode(metrics_event(campaign, report, rows))
            key = bytes(campaign.key)
            sent.append(await self.producer.send(topic, value, key=key, timestamp_ms=stamp))
        await asyncio.gather(*sent)
        return len(sent)

    async def plan(self, plans: Iterable[Plan]) -> dict[int, int]:
        """Publish plans; return the offset behind the last of each partition."""
        topic, sent = PLANS.full_name(self.topics.prefix), []
        for plan in plans:
            key = campaign_key(plan.platform, plan.account_id, plan.campaign_id)
            sent.append(await self.producer.send(topic, encode(plan), key=key))
        stored = sorted(await asyncio.gather(*sent), key=lambda place: place.offset)
        return {place.partition: place.offset + 1 for place in stored}

    async def group(self, group: Group) -> None:
        """Publish a budget group."""
        topic = GROUPS.full_name(self.topics.prefix)
        await self.producer.send_and_wait(topic, encode(group), key=group.key)

    async def tick(self, time: datetime) -> None:
        """Tell every partition that it is ``time`` in the simulated world."""
        topic, sent = TICKS.full_name(self.topics.prefix), []
        for tick in ticks(time, self.topics.partitions):
            key, number = str(tick.partition).encode(), tick.partition
            sent.append(await self.producer.send(topic, encode(tick), key=key, partition=number))
        await asyncio.gather(*sent)

    async def hear(self, seconds: float) -> list[Heard]:
        """Return what was committed to the followed topics, waiting up to ``seconds`` for some."""
        batches = await self.consumer.getmany(
            timeout_ms=int(seconds * 1000), max_records=_MOST_HEARD
        )
        skip = len(self.topics.prefix) + 1
        return [
            Heard(place.topic[skip:], place.partition, record.offset, record.value)
            for place, records in batches.items()
            for record in records
            if record.value is not None
        ]

    async def ends(self, name: str) -> dict[int, int]:
        """Return the end of each partition of a topic, markers of transactions counted."""
        places = [TopicPartition(name, number) for number in range(self.topics.partitions)]
        found = await self.consumer.end_offsets(places)
        return {place.partition: end for place, end in found.items() if end}

    async def caught_up(self) -> bool:
        """Return whether everything that was committed when asked has been heard."""
        places = list(self.consumer.assignment())
        ends = await self.consumer.end_offsets(places)
        return all([await self.consumer.position(place) >= ends[place] for place in places])


@asynccontextmanager
async def wire(
    connection: Connection, topics: TopicSettings, follow: Sequence[Topic]
) -> AsyncIterator[Wire]:
    """Connect, and follow topics from their beginning.

    Raises
    ------
    WorkerError
        Kafka cannot be reached, or refuses.
    """
    async with writer(connection) as producer, reader(connection) as consumer:
        places = [
            TopicPartition(topic.full_name(topics.prefix), number)
            for topic in follow
            for number in range(_partitions(topic, topics))
        ]
        consumer.assign(places)
        yield Wire(producer=producer, consumer=consumer, topics=topics)


def _partitions(topic: Topic, topics: TopicSettings) -> int:
    return 1 if topic.partitions is Partitions.BROADCAST else topics.partitions


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
