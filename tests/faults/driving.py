"""Worker processes under a seeded schedule of faults, and under a supervisor that restarts them."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import psutil

from workers.delivery.errors import EXIT_RESTART

ROOT = Path(__file__).resolve().parents[2]
_LEAVE_SECONDS = 20.0
_LOOK_EVERY = 0.1


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that happens to one worker."""

    after: float
    """Seconds since the fault before."""
    kind: Literal["kill", "stop"]
    worker: int
    seconds: float = 0.0
    """How long a stopped worker stays stopped."""


def schedule(
    seed: int,
    *,
    faults: int,
    workers: int,
    pause: tuple[float, float] = (1.0, 3.5),
    stopped: tuple[float, float] = (5.0, 10.0),
) -> list[Fault]:
    """Return ``faults`` faults, half of them kills, half stops; the same for the same seed."""
    chance = random.Random(seed)
    kinds: list[Literal["kill", "stop"]] = ["kill", "stop"] * (faults // 2)
    chance.shuffle(kinds)
    return [
        Fault(
            after=chance.uniform(*pause),
            kind=kind,
            worker=chance.randrange(workers),
            seconds=chance.uniform(*stopped),
        )
        for kind in kinds
    ]


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    wanted: bool = True
    stopped: bool = False


@dataclass
class Fleet:
    """Numbered worker processes; whoever ends with the status that asks for it is started again.

    Everything that happens is in ``diary``, which is printed at the end: pytest shows it where a
    test failed.
    """

    command: Sequence[str]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    asks_for_restart: frozenset[int] = frozenset({EXIT_RESTART})
    """Exit statuses that are no surprise."""
    diary: list[str] = field(default_factory=list)
    ended: list[tuple[int, int]] = field(default_factory=list)
    """Number and exit status of each worker that ended without being asked."""
    _workers: dict[int, _Worker] = field(default_factory=dict)
    _commands: dict[int, Sequence[str]] = field(default_factory=dict)
    _started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)

    # -- one worker

    def start(self, number: int, command: Sequence[str] = ()) -> None:
        """Start worker ``number``; a command of its own is kept for its restarts."""
        if command:
            self._commands[number] = command
        with self.log(number).open("ab") as log:
            process = subprocess.Popen(
                self._commands.get(number, self.command),
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._workers[number] = _Worker(process)
        self.note(f"worker {number} starts, pid {process.pid}")

    def pid(self, number: int) -> int:
        return self._workers[number].process.pid

    def log(self, number: int) -> Path:
        return self.directory / f"worker-{number}.log"

    def kill(self, number: int) -> None:
        """End it as a crashed machine would, and start it again."""
        self.note(f"worker {number} is killed")
        self._workers[number].process.kill()
        self._workers[number].process.wait()
        self.start(number)

    async def stop(self, number: int, seconds: float) -> None:
        """Let it stand still for ``seconds``, then wake up and go on as if nothing had been."""
        worker = self._workers[number]
        self.note(f"worker {number} is stopped for {seconds:.1f} s")
        worker.stopped = True
        worker.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        if worker.process.poll() is None:
            worker.process.send_signal(signal.SIGCONT)
        worker.stopped = False
        self.note(f"worker {number} goes on")

    async def leave(self, number: int) -> int:
        """Ask it to end, wait until it has, and return its exit status."""
        worker = self._workers[number]
        worker.wanted = False
        worker.process.send_signal(signal.SIGCONT)
        worker.process.send_signal(signal.SIGTERM)
        status = await self._end_of(number, _LEAVE_SECONDS)
        del self._workers[number]
        return status

    async def ends(self, number: int, seconds: float) -> int:
        """Wait until it ends by itself, within ``seconds``, and return its exit status."""
        self._workers[number].wanted = False
        status = await self._end_of(number, seconds)
        del self._workers[number]
        return status

    async def frozen(self, seconds: float) -> int:
        """Wait until a worker has stopped itself, and return its number."""
        await until(lambda: self._asleep() is not None, seconds, "a worker to stop itself")
        number = self._asleep()
        assert number is not None
        self.note(f"worker {number} has stopped itself")
        return number

    def suspend(self, number: int) -> None:
        """Let it stand still until :meth:`wake`."""
        self.note(f"worker {number} is stopped")
        self._workers[number].process.send_signal(signal.SIGSTOP)

    def wake(self, number: int) -> None:
        """Let a worker that stands still go on."""
        self.note(f"worker {number} goes on")
        self._workers[number].process.send_signal(signal.SIGCONT)

    def _asleep(self) -> int | None:
        for number in self._workers:
            if psutil.Process(self.pid(number)).status() == psutil.STATUS_STOPPED:
                return number
        return None

    # -- all of them

    async def inflict(self, faults: Sequence[Fault]) -> None:
        """Let ``faults`` happen; a worker that is stopped is left alone until it goes on."""
        asleep: set[asyncio.Task[None]] = set()
        for fault in faults:
            await asyncio.sleep(fault.after)
            number = await self._awake(fault.worker)
            if fault.kind == "kill":
                self.kill(number)
            else:
                task = asyncio.create_task(self.stop(number, fault.seconds))
                asleep.add(task)
                await asyncio.sleep(0)
        await asyncio.gather(*asleep)

    async def supervise(self) -> None:
        """Start again whoever ended, until cancelled."""
        while True:
            for number, worker in list(self._workers.items()):
                status = worker.process.poll()
                if worker.wanted and status is not None:
                    self.note(f"worker {number} ended by itself with status {status}")
                    self.ended.append((number, status))
                    self.start(number)
            await asyncio.sleep(_LOOK_EVERY)

    @property
    def surprises(self) -> list[tuple[int, int]]:
        """Return the ends that are no request to be started again."""
        return [each for each in self.ended if each[1] not in self.asks_for_restart]

    async def __aenter__(self) -> Self:
        self._supervisor = asyncio.create_task(self.supervise())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._supervisor.cancel()
        await asyncio.gather(self._supervisor, return_exceptions=True)
        for worker in self._workers.values():
            worker.process.kill()
            worker.process.wait()
        sys.stdout.write("\n".join(self.diary) + "\n")

    async def _awake(self, number: int) -> int:
        while True:
            awake = [n for n, worker in sorted(self._workers.items()) if not worker.stopped]
            if awake:
                return awake[number % len(awake)]
            await asyncio.sleep(_LOOK_EVERY)

    async def _end_of(self, number: int, seconds: float) -> int:
        process = self._workers[number].process
        await until(lambda: process.poll() is not None, seconds, f"worker {number} to end")
        self.note(f"worker {number} ended with status {process.returncode}")
        return int(process.returncode)

    def note(self, line: str) -> None:
        """Put ``line`` into the diary, with the time."""
        self.diary.append(f"{time.monotonic() - self._started:6.1f}  {line}")


async def until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Return as soon as ``true()`` is; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        await asyncio.sleep(_LOOK_EVERY)
