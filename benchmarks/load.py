"""Load: the hours of many campaigns, as canonical metrics JSON in prebuilt record batches."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder

BATCH_BYTES = 1024 * 1024
HOUR = timedelta(hours=1)
TEMPLATE = (
    b'{"account_id":"%b","account_timezone":"Europe/Berlin","campaign_id":"%b","clicks":%d,'
    b'"conversions":"%d.5","currency":"EUR","impressions":%d,"platform":"%b",'
    b'"revenue":"%d.%02d","schema_version":1,"spend":"%d.%02d","window_start":"%b"}'
)
PLAN = (
    b'{"account_id":"%b","budget":{"amount":"%d","period":"day"},"campaign_id":"%b",'
    b'"currency":"EUR","platform":"%b","schema_version":1,"strategy":"%b",'
    b'"timezone":"Europe/Berlin","version":1}'
)
STRATEGIES = (b"even", b"dayparting")
PLATFORMS = (b"amazon", b"google", b"linkedin", b"meta")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A record on its way to a topic."""

    partition: int
    key: bytes
    value: bytes
    timestamp: int
    """Milliseconds since the epoch."""


@dataclass(frozen=True, kw_only=True)
class Campaigns:
    """``count`` campaigns of four platforms, a hundred to an account."""

    count: int
    partitions: int

    @cached_property
    def names(self) -> list[tuple[bytes, bytes, bytes]]:
        """Platform, account and campaign of each."""
        return [
            (PLATFORMS[index // 100 % 4], b"a%05d" % (index // 100), b"c%07d" % index)
            for index in range(self.count)
        ]

    @cached_property
    def keys(self) -> list[bytes]:
        """The record key of each."""
        return [b":".join(names) for names in self.names]

    @cached_property
    def homes(self) -> list[int]:
        """The partition of each, as the Java client's partitioner chooses."""
        return [(murmur2(key) & 0x7FFFFFFF) % self.partitions for key in self.keys]

    def hour(self, start: datetime, indices: Iterable[int] | None = None) -> Iterator[Message]:
        """Yield one event for each campaign, for the hour that begins at ``start`` (UTC).

        Records carry the time at which the hour is over.
        """
        window = start.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
        timestamp = int((start + HOUR).timestamp() * 1000)
        number = int(start.timestamp()) // 3600
        for index in range(self.count) if indices is None else indices:
            value = _value(self.names[index], window, index * 7919 + number * 104_729)
            yield Message(
                partition=self.homes[index], key=self.keys[index], value=value, timestamp=timestamp
            )

    def plans(self) -> Iterator[Message]:
        """Yield a plan for each campaign: a daily budget, spread evenly or by what was learned."""
        timestamp = int(recent_midnight().timestamp() * 1000)
        for index, (platform, account, campaign) in enumerate(self.names):
            strategy = STRATEGIES[index % len(STRATEGIES)]
            value = PLAN % (account, 5 + index % 2000, campaign, platform, strategy)
            yield Message(
                partition=self.homes[index], key=self.keys[index], value=value, timestamp=timestamp
            )


def _value(names: tuple[bytes, bytes, bytes], window: bytes, seed: int) -> bytes:
    platform, account, campaign = names
    impressions = 1000 + seed % 5003
    cents = seed % 97
    return TEMPLATE % (
        account,
        campaign,
        impressions // 50,
        impressions // 1500,
        impressions,
        platform,
        impressions // 40,
        cents,
        impressions // 200,
        cents,
        window,
    )


def hours(campaigns: Campaigns, start: datetime, count: int) -> Iterator[Message]:
    """Yield ``count`` hours of all campaigns, hour after hour."""
    for number in range(count):
        yield from campaigns.hour(start + number * HOUR)


async def publish(bootstrap: str, topic: str, messages: Iterable[Message]) -> int:
    """Publish ``messages`` in batches of up to 1 MB, in order; return how many there were."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        max_batch_size=BATCH_BYTES,
        max_request_size=8 * BATCH_BYTES,
    )
    await producer.start()
    try:
        return await _Publisher(producer, topic).publish(messages)
    finally:
        await producer.stop()


class _Publisher:
    """Fills one batch per partition, and sends each as it is full."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._open: dict[int, BatchBuilder] = {}
        self._sent: list[asyncio.Future[object]] = []

    async def publish(self, messages: Iterable[Message]) -> int:
        count = 0
        for message in messages:
            await self._add(message)
            count += 1
        for partition in list(self._open):
            await self._send(partition)
        await asyncio.gather(*self._sent)
        return count

    async def _add(self, message: Message) -> None:
        while not self._append(message):
            await self._send(message.partition)

    def _append(self, message: Message) -> bool:
        batch = self._open.get(message.partition)
        if batch is None:
            batch = self._open[message.partition] = self._producer.create_batch()
        added = batch.append(key=message.key, value=message.value, timestamp=message.timestamp)
        return added is not None

    async def _send(self, partition: int) -> None:
        batch = self._open.pop(partition)
        batch.close()
        self._sent.append(await self._producer.send_batch(batch, self._topic, partition=partition))


def recent_midnight() -> datetime:
    """Return the start of the day before yesterday (UTC), well inside retention."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=2)
