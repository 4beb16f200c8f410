"""Runs of the counting worker: its topics, its fleet, its load, and what must hold at the end."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition

from tests.faults.counting_worker import Spec
from tests.faults.driving import Fleet, until
from tests.faults.recount import assert_exactly_once, ends
from tests.faults.topics import (
    PARTITIONS,
    Pair,
    Topics,
    committed,
    create,
    group_member,
    producer,
    publish,
    reach,
)
from workers.delivery_settings import DeliverySettings

DELIVERY = DeliverySettings(
    session_timeout_seconds=3,
    heartbeat_seconds=0.5,
    rebalance_timeout_seconds=20,
    transaction_timeout_seconds=15,
)
KEYS = 2_000
_SLICE_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Run:
    """One prefix of topics on one broker, and the workers on them."""

    bootstrap: str
    """Where the test connects; workers may be told another address."""
    topics: Topics
    fleet: Fleet
    spec: Spec

    async def load(self, events: range, *, timestamp_ms: int | None = None) -> None:
        """Publish ``events`` events, and notes between them."""
        async with producer(self.bootstrap) as client:
            await self._publish(client, events, timestamp_ms)

    @asynccontextmanager
    async def under_load(self, *, per_second: int) -> AsyncIterator[None]:
        """Publish events at this rate for as long as the block lasts."""
        over = asyncio.Event()
        task = asyncio.create_task(self._load_until(over, int(per_second * _SLICE_SECONDS)))
        yield
        over.set()
        await task

    async def _load_until(self, over: asyncio.Event, each: int) -> None:
        async with producer(self.bootstrap) as client:
            for number in count():
                if over.is_set():
                    return
                due = time.monotonic() + _SLICE_SECONDS
                await self._publish(client, range(number * each, (number + 1) * each))
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _publish(
        self, client: AIOKafkaProducer, window: range, timestamp_ms: int | None = None
    ) -> None:
        topics = self.topics
        await publish(client, topics.events, _events(window), timestamp_ms=timestamp_ms)
        await publish(client, topics.notes, _notes(window), timestamp_ms=timestamp_ms)

    async def publish(self, topic: str, *pairs: Pair) -> None:
        async with producer(self.bootstrap) as client:
            await publish(client, topic, pairs)

    async def drain(self, seconds: float = 60.0) -> None:
        """Wait until all that was published is applied; no lane may stand still."""
        await self.reach(await self.ends(), seconds)

    async def ends(self) -> dict[TopicPartition, int]:
        """Return, by partition of the sources with records, the offset behind the last one."""
        return await ends(self.bootstrap, self.topics.sources)

    async def advance(self, records: int = 1, seconds: float = 60.0) -> None:
        """Wait until ``records`` more events are applied in every partition than are now."""
        now = await self.applied()
        events = {
            tp: offset + records for tp, offset in now.items() if tp.topic == self.topics.events
        }
        await self.reach(events, seconds)

    async def reach(self, offsets: Mapping[TopicPartition, int], seconds: float = 60.0) -> None:
        """Wait until ``offsets`` are committed."""

        def unsurprised() -> None:
            assert self.fleet.surprises == [], self.said()

        await reach(self.bootstrap, self.topics.prefix, offsets, seconds=seconds, check=unsurprised)

    async def applied(self) -> dict[TopicPartition, int]:
        """Return the committed offsets of all lanes."""
        partitions = [
            TopicPartition(topic, number)
            for topic in self.topics.sources
            for number in range(PARTITIONS)
        ]
        async with group_member(self.bootstrap, self.topics.prefix) as group:
            return await committed(group, partitions)

    def change(self, **spec: object) -> None:
        """Start workers with another specification from now on."""
        self.fleet.command = command(msgspec.structs.replace(self.spec, **spec))

    async def finish(self, *workers: int, seconds: float = 60.0) -> None:
        """Drain, compare all that was written with the recount, and let ``workers`` end."""
        await self.drain(seconds)
        await assert_exactly_once(self.bootstrap, self.topics)
        assert self.fleet.surprises == [], self.said()
        for number in workers:
            await self.owns(number)  # one that has just come back does not hear SIGTERM yet
            assert await self.fleet.leave(number) == 0, self.said()

    def said(self) -> str:
        """Return what the workers wrote to their logs."""
        logs = sorted(self.fleet.directory.glob("worker-*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')}" for log in logs)

    async def owns(self, worker: int, seconds: float = 30.0) -> None:
        """Wait until ``worker`` has lanes."""
        await until(lambda: bool(self.lags(worker)), seconds, f"worker {worker} to own anything")

    def lags(self, worker: int) -> Mapping[tuple[str, int], int]:
        """Return what ``worker`` last said of its lanes: records left, by topic and partition."""
        path = self.fleet.directory / f"lags-{self.fleet.pid(worker)}.json"
        if not path.exists():
            return {}
        rows = msgspec.json.decode(path.read_bytes(), type=list[tuple[str, int, int]])
        return {(topic, partition): records for topic, partition, records in rows}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a run happens."""

    bootstrap: str
    prefix: str
    directory: Path
    worker_bootstrap: str = ""
    """What workers are told instead."""
    copies: int = 1
    configs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Settings of topics, in place of the usual ones."""

    @property
    def topics(self) -> Topics:
        return Topics(self.prefix)


@asynccontextmanager
async def running(place: Place, **spec: object) -> AsyncIterator[Run]:
    """Create the topics of a run, with its broadcast, and give a fleet that no worker is in yet."""
    topics = place.topics
    await create(place.bootstrap, topics, copies=place.copies, configs=place.configs)
    async with producer(place.bootstrap) as client:
        await publish(client, topics.factors, [(b"factor", b"1")])
    usual = Spec(
        bootstrap=place.worker_bootstrap or place.bootstrap,
        prefix=place.prefix,
        directory=str(place.directory),
        delivery=DELIVERY,
    )
    changed = msgspec.structs.replace(usual, **spec)
    # Whatever a worker keeps on disk is kept there.
    environment = {"TMPDIR": str(place.directory)}
    async with Fleet(command(changed), place.directory, environment) as fleet:
        yield Run(bootstrap=place.bootstrap, topics=topics, fleet=fleet, spec=changed)


def command(spec: Spec) -> list[str]:
    """Return how to start a counting worker."""
    text = msgspec.json.encode(spec).decode()
    return [sys.executable, "-m", "tests.faults.counting_worker", text]


def _events(window: range) -> Iterator[Pair]:
    for number in window:
        key = b"k%d" % (number * 7919 % KEYS)
        yield key, b"nonsense" if number % 997 == 0 else b"%d" % number


def _notes(window: range) -> Iterator[Pair]:
    for number in window:
        if number % 50 == 0:
            key = b"k%d" % (number * 31 % KEYS)
            yield key, None if number % 350 == 0 else b"%d" % number
