"""Plays the closed loop: market, stand-ins, collector, optimizer, executor, and back, in step."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from prometheus_client import CollectorRegistry

from schemas import encode
from schemas.record import CampaignRecord
from schemas.topic import Topic
from schemas.topics import PLANS
from tests.faults.closed_loop.script import Clock, Script
from tests.faults.closed_loop.settling import FOLLOWED, Settling, Story
from workers.collector.account import AccountCollector, Means
from workers.collector.instruments import Instruments
from workers.collector.rounds import Rounds
from workers.collector.run import accounts_of
from workers.collector.stored import hear_stored
from workers.connectors.building import build
from workers.connectors.settings import read_platforms
from workers.demo.children import running, workers_of
from workers.kafka import Connection, connect
from workers.programs import topic_specs
from workers.reading import reader
from workers.sandbox.market import PART, MarketBehind
from workers.sandbox.portfolio import portfolio_of
from workers.sandbox.ready_file import ReadyFile
from workers.sandbox.serving import Sandbox
from workers.settings import Settings
from workers.simulator.history import platform_delivery
from workers.simulator.wire import Wire, wire
from workers.supervisor import Child
from workers.topics import create_topics

_FAULTS_TIME_OUT: Final = 1.5
"""Seconds that clients wait for an answer: some faults give none."""
TELLS_ALL: Final = 2
"""Rounds after a start, of which the last asks for as many days as there are."""


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
class ClosedLoop:
    """One run of it; what it leaves is for the laws to look at."""

    script: Script
    settings: Settings
    folder: Path
    tell: Callable[[int], None] = lambda _: None
    """Told how many live hours were played."""
    clock: Clock = field(init=False)
    story: Story = field(default_factory=Story)
    sandbox: Sandbox = field(init=False)
    market: MarketBehind = field(init=False)
    connection: Connection = field(init=False)
    workers: list[Child] = field(init=False)
    edited: dict[int, datetime] = field(default_factory=dict)
    """Rows of which a person has set the budget, and when."""
    plans: dict[int, Any] = field(default_factory=dict)
    failures: int = 0
    """Rounds of the collector that a platform did not answer as it should."""
    settling: Settling = field(init=False)
    _file: ReadyFile = field(init=False)

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

    async def play(self) -> None:
        """Play the past, hand the campaigns over, and play all live hours."""
        async with self.connection.admin() as admin:
            await create_topics(admin, topic_specs(self.settings))
        async with (
            self.sandbox.serving(),
            self._written(),
            running(self.workers),
            wire(self.connection, self.settings.topics, FOLLOWED) as line,
            self.connection.admin() as admin,
            reader(self.connection) as asking,
        ):
            self.settling = Settling(
                clock=self.clock,
                line=line,
                admin=admin,
                asking=asking,
                workers=self.workers,
                story=self.story,
            )
            async with self._collecting() as rounds:
                await self._hand_over(rounds)
                await self._live(rounds)
            # As after a crash: what was told is in the topic, and all is asked for anew.
            async with self._collecting() as rounds:
                await self._ask_for_all(rounds)
            await self.settling.settle()

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
            publisher=TimedPublisher(self.settling.line, self.clock),
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

    async def _ask_for_all(self, rounds: Rounds) -> None:
        """Ask until every account has told twice: the second time for all days that there are."""
        told = 0
        for _ in range(20):
            failed = await rounds.once()
            self.failures += failed > 0
            told = 0 if failed else told + 1
            if told == TELLS_ALL:
                return
            self.clock.now += timedelta(minutes=1)
        raise TimeoutError("the platforms have not told all that there is in 20 rounds")

    async def _hand_over(self, rounds: Rounds) -> None:
        """Let hours teach that are over, and then hand the campaigns over."""
        last = self.script.live_from - timedelta(hours=1)
        self.market.participation = platform_delivery(self.script.world).participation
        self.market.play(last)
        for minutes in (2, 17):
            self.clock.now = last + timedelta(minutes=minutes)
            await self._rounds(rounds)
        await self.settling.settle()
        plans = list(self.script.plans(self.market))
        self.plans = dict(enumerate(plans))
        await TimedPublisher(self.settling.line, self.clock).publish(PLANS, plans)
        await self.settling.settle()
        self.market.play(self.script.live_from)
        self.market.participation = np.ones(len(plans))

    async def _live(self, rounds: Rounds) -> None:
        for number in range(self.script.live_hours):
            begins = self.script.live_from + timedelta(hours=number)
            # Nobody edits in the second of a reading of ours: platforms tell times by the second.
            self.clock.now = max(self.clock.now, begins)
            self._disturb(number)
            moments = {timedelta(minutes=minutes) for minutes in self.script.minutes}
            for at in sorted({PART * part for part in range(4)} | moments):
                self.clock.now = max(self.clock.now, begins + at)
                if at in moments:
                    # What is decided now is to find that it is now.
                    await self.settling.line.tick(self.clock.now)
                    await self.settling.settle()
                    await self._rounds(rounds)
                    await self.settling.settle()
                else:
                    # What stands at the beginning of a part is what counts in it.
                    self.market.play(begins + at + PART)
            self.tell(number + 1)
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


def _workers(settings: Settings, folder: Path, platforms: Path) -> list[Child]:
    quick = (sys.executable, "-m", "tests.faults.closed_loop.quick_executor")
    found = []
    for child in workers_of(settings, folder, platforms):
        if child.name == "executor":
            found.append(dataclasses.replace(child, command=(*quick, *child.command[3:])))
        elif child.name == "optimizer":
            found.append(child)
    return found
