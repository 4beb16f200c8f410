"""The full optimizer, events per CPU second, against Quix Streams."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figure import Figure
from benchmarks.optimizer_race import OPTIMIZER, QUIX, optimizer_race


async def measure(bench: Bench) -> float:
    """Return our events per CPU second as a multiple of the Quix Streams application's."""
    rates = await optimizer_race(bench)
    return rates[OPTIMIZER] / rates[QUIX]


FIGURE = Figure(
    name="optimizer_vs_quix_streams",
    unit="times",
    goal=2.5,
    better="higher",
    about="the full optimizer, events per CPU second, against Quix Streams",
    measure=measure,
)
