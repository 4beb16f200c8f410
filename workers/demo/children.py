"""The real workers as child processes: started, watched, and always stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from workers.errors import WorkerError

STOP_SECONDS = 15.0
"""How long a worker may take to finish the step in hand."""

_TAIL_LINES = 20


class WorkerDiedError(WorkerError):
    """A worker ended by itself; what it said last is part of the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One worker's process and the file that it logs to."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    def tail(self) -> str:
        """Return the last lines of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-_TAIL_LINES:]) or "  (it said nothing)"


class Children:
    """The workers that run."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children

    def check(self) -> None:
        """Raise `WorkerDiedError` when one of them has ended."""
        for child in self._children:
            if child.process.returncode is not None:
                raise WorkerDiedError(
                    f"the {child.name} ended with exit status {child.process.returncode}; "
                    f"its last words:\n{child.tail()}"
                )

    def tails(self) -> str:
        """Return the last lines of every worker's log."""
        return "\n".join(f"{child.name}:\n{child.tail()}" for child in self._children)


@asynccontextmanager
async def running(
    workers: Sequence[str], environment: Mapping[str, str], folder: Path
) -> AsyncIterator[Children]:
    """Run ``pacekeeper WORKER`` for each of ``workers`` for as long as the block lasts.

    Parameters
    ----------
    workers
        Names of commands.
    environment
        Settings as variables, besides those of this process.
    folder
        Where each logs, to ``<worker>.log``.
    """
    children: list[Child] = []
    try:
        for name in workers:
            # One by one: when a start fails, those before it are stopped.
            child = await _start(name, environment, folder / f"{name}.log")
            children.append(child)  # noqa: PERF401
        yield Children(children)
    finally:
        await _stop(children)


async def _start(name: str, environment: Mapping[str, str], log: Path) -> Child:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "workers",
            name,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **environment},
            # Ctrl-C reaches the whole group of the terminal; a worker is to be stopped by us, in
            # order, after the last record.
            start_new_session=True,
        )
    return Child(name=name, process=process, log=log)


async def _stop(children: Sequence[Child]) -> None:
    alive = [child.process for child in children if child.process.returncode is None]
    for process in alive:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await asyncio.gather(*(process.wait() for process in alive))
    except TimeoutError:
        for process in alive:
            if process.returncode is None:
                process.kill()
        await asyncio.gather(*(process.wait() for process in alive))
