"""Campaign-hours that the full optimizer learns and decides per CPU second."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figure import Figure
from benchmarks.optimizer_race import OPTIMIZER, optimizer_race


async def measure(bench: Bench) -> float:
    """Return campaign-hours per CPU second: user and system time of the worker's process."""
    return (await optimizer_race(bench))[OPTIMIZER]


FIGURE = Figure(
    name="optimizer_speed",
    unit="campaign-hours/CPU-s",
    goal=12_000.0,
    better="higher",
    about="campaign-hours that the full optimizer handles per CPU second",
    measure=measure,
)
