"""The collector as a program: asks the platforms that a file names, and writes to Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog
from prometheus_client import CollectorRegistry, disable_created_metrics

from schemas.topics import EDITS, METRICS
from workers.collector.account import AccountCollector, Means
from workers.collector.instruments import NAME, Instruments
from workers.collector.limited import Limited
from workers.collector.publisher import KafkaPublisher
from workers.collector.rounds import Rounds
from workers.collector.stored import hear_stored
from workers.connectors.building import build
from workers.connectors.protocol import Connector
from workers.connectors.settings import Platforms, read_platforms
from workers.errors import UsageError
from workers.health import Verdict
from workers.kafka import Connection, connect
from workers.reading import partitions_of, writer
from workers.settings import Settings
from workers.stopping import stop_signals, stop_without
from workers.web import serve

Connectors = Mapping[str, Connector]
"""By platform."""
ResultT = TypeVar("ResultT")

_log = structlog.get_logger("pacekeeper")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collecting:
    """What is to be run."""

    settings: Settings
    platforms: Platforms
    once: bool = False
    """Whether each account is asked once only."""
    owner: int | None = None
    """Process id of who started this process; it stops when that one is gone."""


def platforms_of(settings: Settings) -> Platforms:
    """Return the platforms to collect from.

    Raises
    ------
    UsageError
        No file names them, or something in it is wrong.
    """
    if not settings.executor.platforms:
        raise UsageError(
            "no platforms are set",
            remedy="let executor.platforms name the file that names them; see docs/collecting.md",
        )
    return read_platforms(Path(settings.executor.platforms))


async def collect(job: Collecting) -> int:
    """Collect until SIGTERM or Ctrl-C, or one round; return how many accounts failed in it.

    Raises
    ------
    UsageError
        Of no platform a connector can be built, or topics are missing.
    WorkerError
        Kafka cannot be reached, or an address is taken.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]
    stop = stop_signals()
    orphaned = asyncio.create_task(stop_without(job.owner, stop), name="owner")
    connection = connect(job.settings.broker)
    topics = [topic.full_name(job.settings.topics.prefix) for topic in (METRICS, EDITS)]
    await partitions_of(connection, topics)
    async with _connectors(job.platforms) as connectors:
        failed = await _run(job, connection, connectors, stop)
    orphaned.cancel()
    return failed


async def _run(
    job: Collecting, connection: Connection, connectors: Connectors, stop: asyncio.Event
) -> int:
    settings = job.settings
    instruments = Instruments(CollectorRegistry())
    async with writer(connection) as producer:
        means = Means(
            publisher=KafkaPublisher(producer, settings.topics.prefix),
            instruments=instruments,
            now=lambda: datetime.now(UTC),
        )
        accounts = accounts_of(job.platforms, connectors, means)
        await hear_stored(accounts, connection, settings.topics.prefix, means.now())
        every = timedelta(minutes=settings.collector.every_minutes)
        rounds = Rounds(accounts, every, instruments)
        left_out = _left_out(job.platforms, connectors, instruments)
        if job.once:
            return left_out + (await _unless(stop, rounds.once()) or 0)
        async with serve(
            settings.web, instruments.registry, live=lambda: Verdict(ok=True), ready=rounds.ready
        ) as url:
            _log.info("starting", worker=NAME, kafka=connection.where, web=url)
            await _unless(stop, rounds.keep())
    _log.info("stopped")
    return 0


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, ResultT]) -> ResultT | None:
    """Return what comes of ``work``, or None where it is to stop before; raise what it raises."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


def _left_out(platforms: Platforms, connectors: Connectors, instruments: Instruments) -> int:
    """Return how many accounts belong to platforms without a connector, and count them."""
    counts = {
        name: len(settings.accounts)
        for name, settings in platforms.items()
        if name not in connectors
    }
    for name, count in counts.items():
        instruments.failing.labels(name).set(count)
    return sum(counts.values())


def accounts_of(
    platforms: Platforms, connectors: Connectors, means: Means
) -> list[AccountCollector]:
    """Return a collector for each account of the platforms that have a connector."""
    limited = {
        platform: Limited(platform, connector, platforms[platform].limits)
        for platform, connector in connectors.items()
    }
    return [
        AccountCollector(reports, platform, account_id, means)
        for platform, reports in limited.items()
        for account_id in platforms[platform].accounts
    ]


@asynccontextmanager
async def _connectors(platforms: Platforms) -> AsyncIterator[Connectors]:
    """Give a connector for each platform that is rightly set up, and tell of the others."""
    found: dict[str, Connector] = {}
    faults: list[UsageError] = []
    for platform, settings in platforms.items():
        try:
            found[platform] = build(platform, settings)
        except UsageError as error:
            faults.append(error)
            _log.error(
                "platform_left_out",
                platform=platform,
                problem=error.problem,
                remedy=error.remedy,
            )
    if faults and not found:
        raise faults[0]
    try:
        yield found
    finally:
        for connector in found.values():
            await connector.aclose()
