"""The full optimizer, events per CPU second, against a stock Faust agent."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figure import Figure
from benchmarks.optimizer_race import FAUST, OPTIMIZER, optimizer_race


async def measure(bench: Bench) -> float:
    """Return our events per CPU second as a multiple of the stock Faust agent's."""
    rates = await optimizer_race(bench)
    return rates[OPTIMIZER] / rates[FAUST]


FIGURE = Figure(
    name="optimizer_vs_stock_faust",
    unit="times",
    goal=10.0,
    better="higher",
    about="the full optimizer, events per CPU second, against a stock Faust agent",
    measure=measure,
)
