"""``pacekeeper run``: the whole stack under one supervisor, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from deploy.broker import Broker, service
from deploy.broker.errors import BrokerError
from deploy.broker.settings import BrokerSettings as EmbeddedSettings
from deploy.broker.settings import default_data_dir
from workers.cli.alone import alone_in, check_free
from workers.cli.broker import broker_errors
from workers.cli.console import await_result, done, note, warn
from workers.cli.options import (
    BootstrapOption,
    ConfigOption,
    embedded_settings,
    read_settings,
    with_bootstrap,
)
from workers.kafka import connect
from workers.programs import WORKERS, topic_specs
from workers.settings import Settings, WebSettings
from workers.supervisor import Child, Policy, Restart, Supervisor, describe
from workers.topics import create_topics

_POLL_SECONDS = 0.5
_WIDEST = 200


def run(
    *,
    port: Annotated[int, typer.Option(help="Port of the embedded Kafka; 0 for any.")] = 9092,
    log_dir: Annotated[
        Path | None, typer.Option(metavar="DIRECTORY", help="Where the workers' logs go.")
    ] = None,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Run the whole stack until Ctrl-C: Kafka, topics, optimizer, allocator, executor, scorer.

    Starts the embedded Kafka unless yours is set. What ends by itself, a worker or this Kafka, is
    started again, where it was; what cannot be kept running ends the stack with exit code 1.
    """
    settings = read_settings(config, bootstrap).settings
    logs = log_dir or default_data_dir(os.environ) / "logs"
    embedded = embedded_settings(os.environ, port=port)
    with alone_in(logs):
        check_free(settings.web.host, _set_ports(settings.web))
        with broker_errors(), _kafka(settings, embedded) as (address, broker):
            settings = with_bootstrap(settings, address)
            await_result(_run(settings, _children(settings, logs, config), broker))
    done("stopped")


@contextmanager
def _kafka(settings: Settings, embedded: EmbeddedSettings) -> Iterator[tuple[str, Broker | None]]:
    """Give Kafka's address: the one that is set, one that runs already, or one for this run.

    The last is ours to keep running, and comes with its address.
    """
    if settings.broker.bootstrap:
        done(f"Kafka      {settings.broker.bootstrap}")
        yield settings.broker.bootstrap, None
        return
    running = service.status(embedded)
    if running.running:
        done(f"Kafka      {running.bootstrap}, which ran already and will be left running")
        yield running.bootstrap, None
        return
    with Broker(embedded, report=note) as broker:
        done(f"Kafka      {broker.bootstrap}, data in {embedded.data_dir}")
        yield broker.bootstrap, broker
        note("stopping Kafka")


def _children(settings: Settings, logs: Path, config: Path | None) -> dict[Child, str]:
    """Return the workers to run, each with the address that it will answer on."""
    children = {}
    for name, port in zip(WORKERS, _ports(settings.web), strict=True):
        command = (
            *(sys.executable, "-m", "workers", name),
            *("--bootstrap", settings.broker.bootstrap),
            *("--web-port", str(port)),
            *("--owner", str(os.getpid())),
            *(("--config", str(config)) if config else ()),
        )
        child = Child(name=name, command=command, log=_fresh(logs / f"{name}.log"))
        children[child] = f"http://{settings.web.host}:{port}"
    return children


def _fresh(log: Path) -> Path:
    """Keep the log of the run before this one, and no older."""
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    return log


def _set_ports(web: WebSettings) -> Sequence[int]:
    """Return a port for each worker, none where any will do."""
    return range(web.port, web.port + len(WORKERS)) if web.port else ()


def _ports(web: WebSettings) -> Sequence[int]:
    if ports := _set_ports(web):
        return ports
    # All held at once, so that they differ.
    sockets = [socket.create_server((web.host, 0)) for _ in WORKERS]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


async def _run(settings: Settings, children: dict[Child, str], broker: Broker | None) -> None:
    async with connect(settings.broker).admin() as admin:
        outcome = await create_topics(admin, topic_specs(settings))
    done(f"topics     {len(outcome.created)} created" if outcome.created else "topics     exist")
    for drift in outcome.drift:
        warn(f"{drift.topic}: {drift.what} is {drift.found}, should be {drift.wanted}")
    supervisor = Supervisor(list(children), Policy(), tell=_tell_restart)
    watching = asyncio.create_task(_tell_readiness(children), name="readiness")
    keeping = asyncio.create_task(_keep(broker, supervisor), name="kafka")
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _stop, supervisor, watching)
    try:
        await supervisor.run()
    finally:
        watching.cancel()
        keeping.cancel()
    if keeping.done():
        keeping.result()


def _stop(supervisor: Supervisor, watching: asyncio.Task[None]) -> None:
    watching.cancel()
    note("stopping; Ctrl-C once more kills")
    supervisor.stop()


async def _keep(broker: Broker | None, supervisor: Supervisor) -> None:
    """Start the Kafka of this run again when it ends; where that fails, stop the workers."""
    while broker is not None:
        for node in broker.ended():
            warn("Kafka ended by itself; starting it again")
            try:
                await asyncio.to_thread(broker.start, node)
            except BrokerError:
                supervisor.stop()
                raise
            done(f"Kafka      {broker.bootstrap} serves again")
        await asyncio.sleep(_POLL_SECONDS)


def _tell_restart(restart: Restart) -> None:
    warn(f"{restart.child.name} {describe(restart.code)}; again in {restart.delay_seconds:g} s")
    for line in restart.last_lines:
        note(f"    {line[:_WIDEST]}")
    note(f"    all of it: {restart.child.log}")


async def _tell_readiness(children: dict[Child, str]) -> None:
    """Say when a worker becomes ready, and when it no longer is."""
    ready: set[str] = set()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while True:
            for child, address in children.items():
                now = await _is_ready(session, address)
                if now and child.name not in ready:
                    ready.add(child.name)
                    done(f"{child.name:10} ready, {address}/metrics")
                    if len(ready) == len(children):
                        note(f"all is running; logs in {child.log.parent}; Ctrl-C stops")
                elif not now and child.name in ready:
                    ready.discard(child.name)
                    note(f"{child.name:10} not ready")
            await asyncio.sleep(_POLL_SECONDS)


async def _is_ready(session: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with session.get(f"{address}/ready") as answer:
            return answer.ok
    except (aiohttp.ClientError, TimeoutError):
        return False
