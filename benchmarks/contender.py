"""One run of one program over a topic that is already full: events handled per CPU second."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psutil

from benchmarks.cluster import Cluster

SAMPLE_SECONDS = 0.02
START_SECONDS = 120.0
STOP_SECONDS = 15.0
PYTHON = (sys.executable, "-m")


class BenchError(Exception):
    """A figure could not be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which part of a run counts."""

    warm_up: int
    """Events handled before the clock starts."""
    events: int
    """Events that count."""
    cpu_seconds: float = 60.0
    """The window ends early when it has cost this much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A program that reads a source topic and writes one record per event to an output topic."""

    name: str
    command: tuple[str, ...]
    source: str
    window: Window
    partitions: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a process had done, and what it had cost, at one moment."""

    handled: int
    cpu: float
    """User and system time of the process and its children, seconds."""
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A window of one run."""

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
    times = [
        process.cpu_times(),
        *(child.cpu_times() for child in process.children(recursive=True)),
    ]
    return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))


@asynccontextmanager
async def started(command: tuple[str, ...], log: Path) -> AsyncIterator[psutil.Popen]:
    """Run ``command`` with its output in ``log``; end it on the way out."""
    with log.open("wb") as output:
        process = psutil.Popen(command, stdout=output, stderr=output)
        try:
            yield process
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


async def run(contender: Contender, cluster: Cluster, *, name: str, scratch: Path) -> Run:
    """Run ``contender`` from nothing until its window is full; remove what it wrote.

    ``name`` is its application id, new for each run: its topics begin with it.
    """
    output = f"{name}-output"
    place = scratch / name
    place.mkdir(parents=True)
    await cluster.create([output], partitions=contender.partitions)
    command = (
        *contender.command,
        *("--bootstrap", cluster.bootstrap, "--run", name, "--source", contender.source),
        *("--output", output, "--partitions", str(contender.partitions)),
        *("--scratch", str(place)),
    )
    try:
        async with started(command, scratch / f"{name}.log") as process:
            probe = Probe(process, cluster, output, contender.partitions)
            return await _window(contender, probe, scratch / f"{name}.log")
    finally:
        await cluster.remove(name)


@dataclass(frozen=True, slots=True)
class Probe:
    """Takes samples of a running contender, from outside."""

    process: psutil.Popen
    cluster: Cluster
    output: str
    partitions: int

    async def sample(self) -> Sample:
        """Return what the process has written by now, and what that cost."""
        cpu, at = cpu_seconds(self.process), monotonic()
        handled = sum(await self.cluster.ends(self.output, self.partitions))
        return Sample(handled=handled, cpu=cpu, at=at)


async def _window(contender: Contender, probe: Probe, log: Path) -> Run:
    window = contender.window
    first = await _until(probe, log, lambda s: s.handled >= window.warm_up)

    def full(sample: Sample) -> bool:
        enough = sample.handled - first.handled >= window.events
        return enough or sample.cpu - first.cpu >= window.cpu_seconds

    return Run(first=first, last=await _until(probe, log, full))


async def _until(probe: Probe, log: Path, done: Callable[[Sample], bool]) -> Sample:
    """Sample until ``done``; a contender that ends or stands still fails the figure."""
    best, moved = -1, monotonic()
    while True:
        if probe.process.poll() is not None:
            raise BenchError(f"the process ended early, see {log}:\n{_tail(log)}")
        sample = await probe.sample()
        if done(sample):
            return sample
        if sample.handled > best:
            best, moved = sample.handled, sample.at
        elif sample.at - moved > START_SECONDS:
            raise BenchError(
                f"nothing was handled for {START_SECONDS:.0f} s, see {log}:\n{_tail(log)}"
            )
        await asyncio.sleep(SAMPLE_SECONDS)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
