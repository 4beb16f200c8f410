"""Runs one worker in this process, from the first look at Kafka to the last committed step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog
import uvloop
from prometheus_client import CollectorRegistry, disable_created_metrics

from workers.delivery.api import Companion, Program
from workers.delivery.app import DeliveryApp, create_app
from workers.errors import WorkerError
from workers.garbage import collect_rarely
from workers.health import Health, Verdict
from workers.kafka import Connection, connect
from workers.lifetime import run_until_stopped
from workers.metrics import Metrics
from workers.monitor import Monitor
from workers.reading import reader
from workers.settings import Settings
from workers.stopping import stop_signals, stop_without
from workers.topic_specs import catalogue_specs, changelog_specs
from workers.topics import await_coordinator, find_drift
from workers.web import serve

_LOOK_SECONDS = 5.0
_TELL_SECONDS = 0.5

_log = structlog.get_logger("pacekeeper")


class TopicsMissingError(WorkerError):
    """Topics that the worker needs are missing, or have another number of partitions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What is to be run."""

    name: str
    """One of `workers.programs.WORKERS`."""
    program: Program
    settings: Settings
    owner: int | None = None
    """Process id of the supervisor that started this process; it stops when that one is gone."""


def run_worker(worker: Worker) -> int:
    """Run until SIGTERM or Ctrl-C, finish the step in hand, and return the exit status.

    Raises
    ------
    WorkerError
        The worker cannot be started: Kafka, topics, an address.
    """
    collect_rarely()
    disable_created_metrics()  # type: ignore[no-untyped-call]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(worker))


async def _run(worker: Worker) -> int:
    stop = stop_signals()
    orphaned = asyncio.create_task(stop_without(worker.owner, stop), name="owner")
    settings = worker.settings
    connection = connect(settings.broker)
    await _check_topics(worker, connection)
    health = Health(stall_seconds=settings.web.stall_seconds)
    metrics = Metrics(worker.name, CollectorRegistry())
    # Faust binds an app to the running loop when it is built.
    app = create_app(worker.program, settings, connection, metrics)
    ready = partial(_ready, app, health)
    async with (
        _prepared(worker.program.companion),
        serve(settings.web, metrics.registry, live=health.live, ready=ready) as url,
        _watched(app, health, connection) as watching,
    ):
        _log.info("starting", worker=worker.name, kafka=connection.where, web=url)
        status = await run_until_stopped(app, stop, watching)
    orphaned.cancel()
    return status


@asynccontextmanager
async def _prepared(companion: Companion | None) -> AsyncIterator[None]:
    """Have what acts beside the steps ready as long as the block lasts."""
    if companion is None:
        yield
        return
    await companion.prepare()
    try:
        yield
    finally:
        await companion.aclose()


async def _check_topics(worker: Worker, connection: Connection) -> None:
    """Refuse to start without topics: Faust would wait for them in silence."""
    settings = worker.settings.topics
    specs = [*catalogue_specs(settings), *changelog_specs(worker.program, settings)]
    async with connection.admin() as admin:
        drift = await find_drift(admin, specs)
        await await_coordinator(admin, worker.program.name)
    missing = [found.topic for found in drift if found.what == "missing"]
    if missing:
        raise TopicsMissingError(
            f"{len(missing)} topics are missing at {connection.where}, such as {missing[0]}",
            remedy="run: pacekeeper topics create",
        )
    for found in drift:
        if found.what == "partitions":
            raise TopicsMissingError(
                f"{found.topic} has {found.found} partitions, settings say {found.wanted}",
                remedy=found.remedy,
            )
        _log.warning(
            "topic_drift",
            topic=found.topic,
            what=found.what,
            wanted=found.wanted,
            found=found.found,
        )


def _ready(app: DeliveryApp, health: Health) -> Verdict:
    hindrance = ""
    if app.ownership.loading:
        hindrance = "tables are being loaded"
    elif app.rebalancing:
        hindrance = "partitions are being reassigned"
    elif not app.ownership.owned:
        hindrance = "no partition is assigned, not yet or for want of partitions"
    return health.ready(now=asyncio.get_running_loop().time(), hindrance=hindrance)


@asynccontextmanager
async def _watched(
    app: DeliveryApp, health: Health, connection: Connection
) -> AsyncIterator[tuple[asyncio.Task[None], ...]]:
    """Look at the app's lanes for as long as the block lasts; give the tasks that do."""
    clock = asyncio.get_running_loop().time
    async with reader(connection) as consumer:
        monitor = Monitor(consumer, health, lanes=lambda: app.ownership.lanes, clock=clock)
        tasks = (
            asyncio.create_task(monitor.run(every_seconds=_LOOK_SECONDS), name="monitor"),
            asyncio.create_task(_tell_readiness(app, health), name="readiness"),
        )
        try:
            yield tasks
        finally:
            for task in tasks:
                task.cancel()


async def _tell_readiness(app: DeliveryApp, health: Health) -> None:
    told: Verdict | None = None
    while True:
        verdict = _ready(app, health)
        if verdict != told:
            _log.info("ready", partitions=app.ownership.owned) if verdict.ok else _log.info(
                "not_ready", reason=verdict.reason
            )
        told = verdict
        await asyncio.sleep(_TELL_SECONDS)
