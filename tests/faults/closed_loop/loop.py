"""Plays the closed loop: market, stand-ins, collector, optimizer, executor, and back, in step.

The simulated time stands still while something is still to be read, decided or set; only where that
takes long it goes on by seconds, as waits end by it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from prometheus_client import CollectorRegistry

from schemas import Action, AuditEntry, decode, encode
from schemas.audit import OPEN
from schemas.record import CampaignRecord
from schemas.topic import Topic
from schemas.topics import ACTIONS, AUDIT, METRICS, PLANS, RECOMMENDATIONS, TICKS
from tests.faults.closed_loop.script import Clock, Script
from workers.collector.account import AccountCollector, Means
from workers.collector.instruments import Instruments
from workers.collector.rounds import Rounds
from workers.collector.run import accounts_of
from workers.collector.stored import hear_stored
from workers.connectors.building import build
from workers.connectors.settings import read_platforms
from workers.demo.children import last_words, running, workers_of
from workers.kafka import Connection, connect
from workers.programs import topic_specs
from workers.reading import reader
from workers.sandbox.market import PART, MarketBehind
from workers.sandbox.portfolio import portfolio_of
from workers.sandbox.ready_file import ReadyFile
from workers.sandbox.serving import Sandbox
from workers.settings import Settings
from workers.simulator.history import platform_delivery
from workers.simulator.wire import Heard, Wire, wire
from workers.supervisor import Child
from workers.topics import create_topics

PATIENCE_SECONDS: Final = 90.0
_FOLLOWED: Final = (RECOMMENDATIONS, ACTIONS, AUDIT)
"""What the workers write, in transactions: those leave marks that nobody reads."""
_READ: Final[Mapping[str, tuple[Topic, ...]]] = {
    "optimizer": (METRICS, TICKS, PLANS, AUDIT),
    "executor": (RECOMMENDATIONS, ACTIONS, PLANS, TICKS),
}
_FAULTS_TIME_OUT: Final = 1.5
"""Seconds that clients wait for an answer: some faults give none."""


@dataclass(frozen=True, slots=True)
class TimedPublisher:
    """Publishes as `workers.collector.publisher.KafkaPublisher` does, at the simulated time."""

    line: Wire
    clock: Clock

    async def publish(self, topic: Topic, records: Sequence[CampaignRecord]) -> None:
        name = topic.full_name(self.line.topics.prefix)
        stamp = round(self.clock.now.timestamp() * 1000)
        stored = [
            await self.line.producer.send(name, encode(record), key=record.key, timestamp_ms=stamp)
            for record in records
        ]
        await asyncio.gather(*stored)


@dataclass(slots=True, kw_only=True)
class Story:
    """What was released, and what ended."""

    actions: dict[str, Action] = field(default_factory=dict)
    trail: list[AuditEntry] = field(default_factory=list)
    ends: dict[str, dict[int, int]] = field(default_factory=dict)
    """The offset behind the last record, by topic and partition."""
    _open: set[str] = field(default_factory=set)
    _ended: set[str] = field(default_factory=set)

    def hear(self, heard: Heard) -> None:
        self.ends.setdefault(heard.topic, {})[heard.partition] = heard.offset + 1
        if heard.topic == ACTIONS.name:
            self.action(decode(heard.value, Action))
        elif heard.topic == AUDIT.name:
            self.entry(decode(heard.value, AuditEntry))

    def action(self, action: Action) -> None:
        if action.action_id not in self._ended:
            self._open.add(action.action_id)
        self.actions[action.action_id] = action

    def entry(self, entry: AuditEntry) -> None:
        self.trail.append(entry)
        if entry.status not in OPEN and not entry.is_of_part and entry.action_id:
            self._ended.add(entry.action_id)
            self._open.discard(entry.action_id)

    def pending(self, now: datetime) -> list[str]:
        """Return the actions that should have ended by now."""
        return [each for each in self._open if self.actions[each].valid_from <= now]


@dataclass(slots=True, kw_only=True)
class ClosedLoop:
    """One run of it; what it leaves is for the laws to look at."""

    script: Script
    settings: Settings
    folder: Path
    clock: Clock = field(init=False)
    story: Story = field(default_factory=Story)
    told_hours: int = 0
    sandbox: Sandbox = field(init=False)
    market: MarketBehind = field(init=False)
    connection: Connection = field(init=False)
    workers: list[Child] = field(init=False)
    edited: dict[int, datetime] = field(default_factory=dict)
    """Rows of which a person has set the budget, and when."""
    plans: dict[int, Any] = field(default_factory=dict)
    failures: int = 0
    """Rounds of the collector that a platform did not answer as it should."""
    line: Wire = field(init=False)
    admin: AIOKafkaAdminClient = field(init=False)
    asking: AIOKafkaConsumer = field(init=False)

    def __post_init__(self) -> None:
        begins = self.script.live_from - timedelta(hours=self.script.history_hours)
        self.clock = Clock(begins)
        self.sandbox = Sandbox(portfolio_of(self.script.world), now=self.clock)
        self.sandbox.meta.page = 500
        self.market = MarketBehind(sandbox=self.sandbox, world=self.script.world, now=begins)
        self.connection = connect(self.settings.broker)
        file = ReadyFile(sandbox=self.sandbox, directory=self.folder, timeout=_FAULTS_TIME_OUT)
        self.workers = _workers(self.settings, self.folder, file.path)
        self._file = file

    _file: ReadyFile = field(init=False)

    async def play(self) -> None:
        """Play the past, hand the campaigns over, and play all live hours."""
        async with self.connection.admin() as admin:
            await create_topics(admin, topic_specs(self.settings))
        async with (
            self.sandbox.serving(),
            self._written(),
            running(self.workers),
            wire(self.connection, self.settings.topics, _FOLLOWED) as line,
            self.connection.admin() as admin,
            reader(self.connection) as asking,
        ):
            self.line, self.admin, self.asking = line, admin, asking
            async with self._collecting() as rounds:
                await self._hand_over(rounds)
                await self._live(rounds)
            # As after a crash: what was told is in the topic, and all is asked for anew.
            async with self._collecting() as rounds:
                await self._rounds(rounds)
                self.clock.now += timedelta(minutes=1)
                await self._rounds(rounds)
            await self.settle()

    @asynccontextmanager
    async def _written(self) -> AsyncIterator[None]:
        self._file.write()
        yield

    @asynccontextmanager
    async def _collecting(self) -> AsyncIterator[Rounds]:
        """Give the collector as a process that has just started has it."""
        platforms = read_platforms(self._file.path)
        connectors: dict[str, Any] = {
            name: build(name, settings) for name, settings in platforms.items()
        }
        for connector in connectors.values():
            connector._now = self.clock
        instruments = Instruments(CollectorRegistry())
        means = Means(
            publisher=TimedPublisher(self.line, self.clock),
            instruments=instruments,
            now=self.clock,
        )
        accounts: list[AccountCollector] = accounts_of(platforms, connectors, means)
        await hear_stored(accounts, self.connection, self.settings.topics.prefix, self.clock.now)
        try:
            yield Rounds(accounts, timedelta(minutes=15), instruments)
        finally:
            for connector in connectors.values():
                await connector.aclose()

    async def _rounds(self, rounds: Rounds) -> None:
        self.failures += await rounds.once() > 0

    async def _hand_over(self, rounds: Rounds) -> None:
        """Let hours teach that are over, and then hand the campaigns over."""
        last = self.script.live_from - timedelta(hours=1)
        self.market.participation = platform_delivery(self.script.world).participation
        self.market.play(last)
        for minutes in (2, 17):
            self.clock.now = last + timedelta(minutes=minutes)
            await self._rounds(rounds)
        await self.settle()
        plans = list(self.script.plans(self.market))
        self.plans = dict(enumerate(plans))
        await TimedPublisher(self.line, self.clock).publish(PLANS, plans)
        await self.settle()
        self.market.play(self.script.live_from)
        self.market.participation = np.ones(len(plans))

    async def _live(self, rounds: Rounds) -> None:
        for number in range(self.script.live_hours):
            begins = self.script.live_from + timedelta(hours=number)
            self._disturb(number)
            moments = {timedelta(minutes=minutes) for minutes in self.script.minutes}
            for at in sorted({PART * part for part in range(4)} | moments):
                self.clock.now = max(self.clock.now, begins + at)
                if at in moments:
                    # What is decided now is to find that it is now.
                    await self.line.tick(self.clock.now)
                    await self.settle()
                    await self._rounds(rounds)
                    await self.settle()
                else:
                    # What stands at the beginning of a part is what counts in it.
                    self.market.play(begins + at + PART)
        self.clock.now = self.script.live_from + timedelta(hours=self.script.live_hours)

    def _disturb(self, hour: int) -> None:
        for at, platform, planned in self.script.faults:
            if at == hour:
                self.sandbox.platforms[platform].faults.plan(planned)
        for at, row, share in self.script.edits:
            if at == hour:
                placed = self.sandbox.portfolio[row]
                (ref, usual), _ = placed.values
                value = usual * share // placed.step * placed.step
                self.sandbox.platforms[placed.key.platform].edit(ref, value)
                self.edited[row] = self.clock.now

    async def settle(self) -> None:
        """Wait until all is read, decided, set and ended, twice over."""
        began = ticked = time.monotonic()
        calm = 0
        while calm < 2:
            missing = await self._missing()
            calm = 0 if missing else calm + 1
            now = time.monotonic()
            if now - began > PATIENCE_SECONDS:
                raise AssertionError(f"{missing} at {self.clock.now}\n{last_words(self.workers)}")
            if missing and now - ticked > 1.0:
                ticked = now
                self.clock.now += timedelta(seconds=5)
                await self.line.tick(self.clock.now)

    async def _missing(self) -> str:
        ends = await self._ends()
        while await self._is_behind(ends):
            await self._hear(0.02)
        for worker, topics in _READ.items():
            if behind := await self._behind(worker, topics, ends):
                await self._hear(0.02)
                return f"{worker} has to read {behind} records"
        if pending := self.story.pending(self.clock.now):
            await self._hear(0.05)
            return f"ends of {len(pending)} actions: {sorted(pending)[:3]}"
        return ""

    async def _ends(self) -> Mapping[TopicPartition, int]:
        topics = {topic for many in _READ.values() for topic in many}
        places = [
            TopicPartition(topic.full_name(self.settings.topics.prefix), number)
            for topic in topics
            for number in range(self.settings.topics.partitions)
        ]
        # Of a client that fetches nothing: an answer waits for those to fetches before it.
        found: Mapping[TopicPartition, int] = await self.asking.end_offsets(places)
        return found

    async def _is_behind(self, ends: Mapping[TopicPartition, int]) -> bool:
        consumer = self.line.consumer
        return any([await consumer.position(each) < ends[each] for each in consumer.assignment()])

    async def _behind(
        self, worker: str, topics: Sequence[Topic], ends: Mapping[TopicPartition, int]
    ) -> int:
        """Return how many records a worker has still to read, marks of transactions left out."""
        wanted = {}
        for topic in topics:
            name = topic.full_name(self.settings.topics.prefix)
            heard = self.story.ends.get(topic.name, {})
            for number in range(self.settings.topics.partitions):
                place = TopicPartition(name, number)
                wanted[place] = heard.get(number, 0) if topic in _FOLLOWED else ends[place]
        wanted = {place: end for place, end in wanted.items() if end}
        group = f"{self.settings.topics.prefix}-{worker}"
        try:
            found = await self.admin.list_consumer_group_offsets(group, partitions=list(wanted))
        except GroupCoordinatorNotAvailableError:
            return sum(wanted.values())  # a Kafka that has just been made keeps no offsets yet
        read = {place: offset.offset for place, offset in found.items()}
        return sum(max(end - max(read.get(place, 0), 0), 0) for place, end in wanted.items())

    async def _hear(self, seconds: float) -> int:
        heard = await self.line.hear(seconds)
        for one in heard:
            self.story.hear(one)
        return len(heard)


def _workers(settings: Settings, folder: Path, platforms: Path) -> list[Child]:
    quick = (sys.executable, "-m", "tests.faults.closed_loop.quick_executor")
    found = []
    for child in workers_of(settings, folder, platforms):
        if child.name == "executor":
            found.append(dataclasses.replace(child, command=(*quick, *child.command[3:])))
        elif child.name == "optimizer":
            found.append(child)
    return found
