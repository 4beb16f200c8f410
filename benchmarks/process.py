"""Processes under measurement: started, accounted for by the operating system, ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psutil

SAMPLE_SECONDS = 0.02
STALL_SECONDS = 120.0
STOP_SECONDS = 15.0
TAIL_LINES = 15


class BenchError(Exception):
    """A figure could not be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a process had done, and what it had cost, at one moment."""

    handled: int
    cpu: float
    """User and system time of the process and its children, seconds."""
    at: float
    """Seconds of the monotonic clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A process that was started here."""

    process: psutil.Popen
    log: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What lies between two samples."""

    first: Sample
    last: Sample

    @property
    def rate(self) -> float:
        """Events per CPU second."""
        return (self.last.handled - self.first.handled) / (self.last.cpu - self.first.cpu)

    @property
    def pace(self) -> float:
        """Events per second of the wall clock."""
        return (self.last.handled - self.first.handled) / (self.last.at - self.first.at)


def cpu_seconds(process: psutil.Process) -> float:
    """Return the user and system time of a process and its children, ended ones included."""
    times = []
    for child in process.children(recursive=True):
        # One that ends meanwhile is among the ended ones of its parent, which is asked last.
        with suppress(psutil.NoSuchProcess):
            times.append(child.cpu_times())
    times.append(process.cpu_times())
    return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))


def peak_memory(started: Started) -> int:
    """Return the most bytes that a process has had resident since its start.

    Linux keeps the mark; elsewhere it is what is resident now.
    """
    status = Path("/proc", str(started.process.pid), "status")
    if not status.exists():
        return int(started.process.memory_info().rss)
    (mark,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(mark.split()[1]) * 1024


@asynccontextmanager
async def started(
    command: Sequence[str],
    log: Path,
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Started]:
    """Run ``command`` with its output in ``log``; end it on the way out."""
    with log.open("wb") as output:
        process = psutil.Popen(command, stdout=output, stderr=output, cwd=cwd, env=environment)
        try:
            yield Started(process=process, log=log)
        finally:
            await stop(process)


async def stop(process: psutil.Popen) -> None:
    """Ask a process to end; kill it when it does not."""
    if process.poll() is None:
        process.terminate()
    try:
        await asyncio.to_thread(process.wait, STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
        await asyncio.to_thread(process.wait)


def died(started: Started) -> BenchError:
    """Return the error for a process that ended by itself, with its last words."""
    lines = started.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    return BenchError("a process ended early, its last words:\n" + "\n".join(lines))


async def watch(
    processes: Iterable[Started],
    sample: Callable[[], Awaitable[Sample]],
    done: Callable[[Sample], bool],
) -> Sample:
    """Sample until ``done``; a process that ends, or no progress for two minutes, is an error."""
    best, moved = -1, monotonic()
    while True:
        for one in processes:
            if one.process.poll() is not None:
                raise died(one)
        seen = await sample()
        if done(seen):
            return seen
        if seen.handled > best:
            best, moved = seen.handled, seen.at
        elif seen.at - moved > STALL_SECONDS:
            raise BenchError(f"nothing was handled for {STALL_SECONDS:.0f} s, after {best} records")
        await asyncio.sleep(SAMPLE_SECONDS)
