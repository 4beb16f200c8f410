"""Keeps child processes running: starts them, starts them again when they end, stops them all."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import DEVNULL, Process, create_subprocess_exec
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

import msgspec

from workers.errors import WorkerError

_TAIL_BYTES = 16_384
_MEANINGS = {
    65: "too many records, in a row or as a share, could not be read; nothing of that step was"
    " committed; what to do: docs/operations.md, 'The worker stopped with 65'"
}
"""Exit codes that need more than the number, as the person who reads it needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process to keep running."""

    name: str
    command: tuple[str, ...]
    """It is asked to stop by SIGTERM."""
    log: Path
    """Where both of its outputs go, appended."""
    environment: Mapping[str, str] | None = None
    """Variables of its own; None for those of this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When to start a child again, and when to give up."""

    first_delay_seconds: float = 1.0
    """Wait after a first failure; doubles with each that follows."""
    longest_delay_seconds: float = 30.0
    stable_seconds: float = 60.0
    """A child that ran for so long is not failing in a row."""
    attempts: int = 6
    """So many failures in a row end the whole."""
    hopeless: frozenset[int] = frozenset({2, 65})
    """Exit codes after which starting again does not help: wrong settings, unreadable input."""
    stop_seconds: float = 40.0
    """How long a child may take to stop before it is killed."""

    def delay(self, failures: int) -> float:
        """Return how long to wait after ``failures`` >= 1 in a row, in seconds."""
        doubled = self.first_delay_seconds * 2.0 ** min(failures - 1, 30)
        return min(doubled, self.longest_delay_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """A child ended by itself and will be started again."""

    child: Child
    code: int
    delay_seconds: float
    last_lines: Sequence[str]


class ChildFailedError(WorkerError):
    """A child cannot be kept running."""

    def __init__(self, child: Child, code: int, last_lines: Sequence[str]) -> None:
        tail = "\n".join(f"    {line}" for line in last_lines) or "    (it said nothing)"
        super().__init__(f"{child.name} {describe(code)}; the end of {child.log}:\n{tail}")
        self.child, self.code = child, code


def describe(code: int) -> str:
    """Say how a process ended: with an exit code, or by a signal."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    meaning = f" ({_MEANINGS[code]})" if code in _MEANINGS else ""
    return f"ended with exit code {code}{meaning}"


class Supervisor:
    """Keeps its children running until it is told to stop, or one is hopeless."""

    def __init__(
        self, children: Sequence[Child], policy: Policy, *, tell: Callable[[Restart], None]
    ) -> None:
        self._children = children
        self._policy = policy
        self._tell = tell
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    def stop(self) -> None:
        """Stop the children: the first call asks them to, the second kills them."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def run(self) -> None:
        """Keep the children running, and return once all have stopped.

        Raises
        ------
        ChildFailedError
            One failed too often, or in a way that starting again does not mend; all were stopped.
        """
        reason: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for child in self._children:
                    group.create_task(self._keep(child), name=child.name)
        except* ChildFailedError as failed:
            reason = failed.exceptions[0]
        if reason is not None:  # outside: Python 3.11.2 wraps what is raised within ``except*``
            raise reason

    async def _keep(self, child: Child) -> None:
        failures = 0
        clock = asyncio.get_running_loop().time
        while not self._stop.is_set():
            started = clock()
            code, lines = await self._run_once(child)
            if self._stop.is_set():
                return
            failures = 1 if clock() - started >= self._policy.stable_seconds else failures + 1
            if code in self._policy.hopeless or failures >= self._policy.attempts:
                raise ChildFailedError(child, code, lines)
            delay = self._policy.delay(failures)
            self._tell(Restart(child=child, code=code, delay_seconds=delay, last_lines=lines))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), delay)

    async def _run_once(self, child: Child) -> tuple[int, list[str]]:
        """Run the child until it ends or is to stop; return its exit code and its last problems."""
        child.log.parent.mkdir(parents=True, exist_ok=True)
        # Read by the handle and from here on: by its path, the log may be another by then, and
        # what stands before is of an earlier attempt.
        with child.log.open("a+b") as log:
            began = log.seek(0, SEEK_END)
            code = await self._run_into(log, child)
            return code, _problems(log, began)

    async def _run_into(self, log: BinaryIO, child: Child) -> int:
        # A session of its own: Ctrl-C in the terminal is for the supervisor to pass on.
        process = await create_subprocess_exec(
            *child.command,
            stdin=DEVNULL,
            stdout=log,
            stderr=log,
            env=child.environment,
            start_new_session=True,
        )
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            await self._end(process)
        return await ended

    async def _end(self, process: Process) -> None:
        if process.returncode is not None:
            return
        process.terminate()
        hurry = asyncio.create_task(self._hurry.wait())
        ended = asyncio.create_task(process.wait())
        await asyncio.wait(
            (hurry, ended),
            timeout=self._policy.stop_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        hurry.cancel()
        if not ended.done():
            process.kill()
            await ended


def last_lines(log: Path) -> list[str]:
    """Return the last problems that a log tells of, readable; however long the log is."""
    try:
        with log.open("rb") as file:
            return _problems(file, 0)
    except FileNotFoundError:
        return []


def _problems(log: BinaryIO, began: int, *, count: int = 5) -> list[str]:
    """Return the last problems told from offset ``began`` on, each once, where told last."""
    log.seek(max(began, log.seek(0, SEEK_END) - _TAIL_BYTES))
    told: dict[str, str] = {}
    for line in log.read().decode(errors="replace").splitlines():
        time, problem = _problem(line)
        if problem:
            told.pop(problem, None)
            told[problem] = f"{time} {problem}".lstrip()
    return list(told.values())[-count:]


def _problem(line: str) -> tuple[str, str]:
    """Return a log's line for a person, its time apart; empty when it tells of nothing wrong."""
    try:
        event = msgspec.json.decode(line, type=dict[str, object])
    except msgspec.DecodeError:
        return "", line.rstrip()
    if event.pop("level", "") in {"debug", "info"}:
        return "", ""
    time, problem = (str(event.pop(name, "")) for name in ("time", "event"))
    event.pop("logger", None)
    return time, " ".join([problem, *(f"{name}={value}" for name, value in event.items())])
