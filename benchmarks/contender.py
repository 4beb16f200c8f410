"""One run of one program over a topic that is already full: events handled per CPU second."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from benchmarks.bench import Bench
from benchmarks.cluster import Cluster
from benchmarks.process import Run, Sample, Started, cpu_seconds, started, watch

ROOT = Path(__file__).parents[1]
PYTHON = (sys.executable, "-m")


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

    command: tuple[str, ...]
    source: str
    window: Window
    partitions: int = 4


async def run(contender: Contender, bench: Bench, name: str) -> Run:
    """Run ``contender`` from nothing until its window is full; remove what it wrote.

    ``name`` is its application id, new for each run: its topics begin with it.
    """
    output = f"{name}-output"
    cluster, place = bench.cluster, bench.scratch / name
    place.mkdir(parents=True)
    await cluster.create([output], partitions=contender.partitions)
    command = (
        *contender.command,
        *("--bootstrap", cluster.bootstrap, "--run", name, "--source", contender.source),
        *("--output", output, "--partitions", str(contender.partitions)),
        *("--scratch", str(place)),
    )
    try:
        async with started(command, bench.scratch / f"{name}.log", cwd=ROOT) as process:
            return await _window(contender, cluster, process, output)
    finally:
        await cluster.remove(name)
        shutil.rmtree(place)


async def _window(contender: Contender, cluster: Cluster, process: Started, output: str) -> Run:
    async def sample() -> Sample:
        cpu, at = cpu_seconds(process.process), monotonic()
        handled = sum(await cluster.ends(output, contender.partitions))
        return Sample(handled=handled, cpu=cpu, at=at)

    window = contender.window
    first = await watch([process], sample, lambda seen: seen.handled >= window.warm_up)

    def full(seen: Sample) -> bool:
        enough = seen.handled - first.handled >= window.events
        return enough or seen.cpu - first.cpu >= window.cpu_seconds

    return Run(first=first, last=await watch([process], sample, full))
