"""Programs over the same work, turn by turn in one run, so that the machine's moods cancel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from statistics import median

from benchmarks.bench import Bench
from benchmarks.process import Run

ROUNDS = 3

Racer = Callable[[str], Awaitable[Run]]
"""Runs once under a name that no run had before."""


async def race(bench: Bench, racers: Mapping[str, Racer], rounds: int = ROUNDS) -> dict[str, float]:
    """Run A B A B …; return each one's median events per CPU second, by name."""
    runs: dict[str, list[Run]] = {name: [] for name in racers}
    for number in range(1, rounds + 1):
        for name, racer in racers.items():
            done = await racer(f"{name}-{number}")
            runs[name].append(done)
            bench.say(
                f"{name}-{number}: {done.rate:,.0f} events per CPU second, "
                f"{done.pace:,.0f} per second"
            )
    return {name: median(run.rate for run in done) for name, done in runs.items()}
