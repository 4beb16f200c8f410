"""Two topics of a real Kafka: collected into, and read as their readers do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from aiokafka.structs import ConsumerRecord
from prometheus_client import CollectorRegistry

from schemas import MetricsEvent, PlatformEdit, decode
from schemas.topic import Topic
from schemas.topics import EDITS, METRICS
from tests.faults.topics import read
from tests.workers.collector.worlds import Clock, Google, LinkedIn, Meta
from workers.collector.account import AccountCollector, Means
from workers.collector.counts import Counts, total
from workers.collector.instruments import Instruments
from workers.collector.publisher import KafkaPublisher
from workers.collector.stored import hear_stored
from workers.kafka import connect
from workers.reading import writer
from workers.settings import BrokerSettings
from workers.topic_specs import TopicSpec
from workers.topics import create_topics

PARTITIONS = 3


@dataclass
class Kafka:
    """Two topics that nobody else has."""

    bootstrap: str
    prefix: str
    instruments: Instruments = field(default_factory=lambda: Instruments(CollectorRegistry()))

    async def create(self) -> None:
        specs = [
            TopicSpec(name=topic.full_name(self.prefix), partitions=PARTITIONS)
            for topic in (METRICS, EDITS)
        ]
        async with connect(BrokerSettings(bootstrap=self.bootstrap)).admin() as admin:
            await create_topics(admin, specs)

    @asynccontextmanager
    async def accounts(
        self, clock: Clock, *worlds: Meta | Google | LinkedIn
    ) -> AsyncIterator[list[AccountCollector]]:
        """Give collectors as a process that has just started has them."""
        connection = connect(BrokerSettings(bootstrap=self.bootstrap))
        async with writer(connection) as producer:
            publisher = KafkaPublisher(producer, self.prefix)
            means = Means(publisher=publisher, instruments=self.instruments, now=clock)
            accounts = [
                AccountCollector(each.connector, each.name, each.account_id, means)
                for each in worlds
            ]
            await hear_stored(accounts, connection, self.prefix, clock.now)
            yield accounts

    async def round(self, clock: Clock, *worlds: Meta | Google | LinkedIn) -> None:
        """Ask each account once, from a new start."""
        async with self.accounts(clock, *worlds) as accounts:
            for account in accounts:
                await account.round()

    async def stored(self, topic: Topic) -> Mapping[int, Sequence[ConsumerRecord]]:
        return await read(self.bootstrap, topic.full_name(self.prefix), count=PARTITIONS)

    async def events(self) -> list[MetricsEvent]:
        stored = await self.stored(METRICS)
        return [decode(each.value, MetricsEvent) for part in stored.values() for each in part]

    async def edits(self) -> list[PlatformEdit]:
        stored = await self.stored(EDITS)
        return [decode(each.value, PlatformEdit) for part in stored.values() for each in part]

    async def known(self) -> dict[tuple[str, str, datetime], MetricsEvent]:
        """Return the last word on each campaign's hour, as a reader of snapshots has it."""
        found: dict[tuple[str, str, datetime], MetricsEvent] = {}
        for event in await self.events():
            cell = event.platform, event.campaign_id, event.window_start
            before = found.get(cell)
            if before is None or (before.sequence_number or 0) <= (event.sequence_number or 0):
                found[cell] = event
        return found


def by_label(events: Sequence[MetricsEvent], timezone: str) -> dict[tuple[str, date, int], Counts]:
    """Return sums by campaign and by the label that the account's clock shows: the way back."""
    found: dict[tuple[str, date, int], list[Counts]] = {}
    for event in events:
        local = event.window_start.astimezone(ZoneInfo(timezone))
        found.setdefault((event.campaign_id, local.date(), local.hour), []).append(Counts.of(event))
    sums = {label: total(many) for label, many in found.items()}
    return {label: many for label, many in sums.items() if any(many)}
