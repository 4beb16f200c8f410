"""The real workers as child processes: one that ends by itself ends the demo."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from workers.programs import WORKERS
from workers.settings import Settings
from workers.supervisor import Child, Policy, Supervisor, last_lines

_NO_SECOND_CHANCE = Policy(attempts=1, stop_seconds=15.0)


def workers_of(settings: Settings, folder: Path, platforms: Path | None = None) -> list[Child]:
    """Return the workers as processes that log into ``folder`` and take time from ticks alone.

    The executor simulates, unless ``platforms`` names a file of platforms to act on.
    """
    live = {
        "PACEKEEPER_EXECUTOR_MODE": "live",
        "PACEKEEPER_EXECUTOR_PLATFORMS": str(platforms),
        "PACEKEEPER_EXECUTOR_CLOCK": "ticks",
    }
    environment = os.environ | {
        "PACEKEEPER_BROKER": settings.broker.bootstrap,
        "PACEKEEPER_TOPICS_PREFIX": settings.topics.prefix,
        "PACEKEEPER_TOPICS_PARTITIONS": str(settings.topics.partitions),
        "PACEKEEPER_OPTIMIZER_TICK_SECONDS": "0",
        **(live if platforms else {"PACEKEEPER_EXECUTOR_MODE": "simulate"}),
        "PACEKEEPER_WEB_PORT": "0",
        "PACEKEEPER_LOG_FORMAT": "text",
        # Faust wants a directory of its own; here it goes with the rest.
        "TMPDIR": str(folder),
    }
    start = (sys.executable, "-m", "workers")
    owner = ("--owner", str(os.getpid()))
    return [
        Child(
            name=name,
            command=(*start, name, *owner),
            log=folder / f"{name}.log",
            environment=environment,
        )
        for name in WORKERS
    ]


@asynccontextmanager
async def running(children: Sequence[Child]) -> AsyncIterator[None]:
    """Run ``children`` for as long as the block lasts.

    Raises
    ------
    ChildFailedError
        One ended by itself: the block is cancelled, the others are stopped, and the error shows
        the end of its log.
    """
    supervisor = Supervisor(children, _NO_SECOND_CHANCE, tell=lambda _: None)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(supervisor.run())
            try:
                yield
            finally:
                supervisor.stop()
    except BaseExceptionGroup as failed:
        # Whatever failed first has cancelled the rest; it is what there is to tell.
        raise failed.exceptions[0] from None


def last_words(children: Sequence[Child]) -> str:
    """Return the end of every child's log."""
    return "\n".join(
        "\n".join((f"{child.name}:", *(f"    {line}" for line in last_lines(child.log))))
        for child in children
    )
