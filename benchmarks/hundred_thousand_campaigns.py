"""One hour of 100,000 campaigns through one worker."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figure import Figure
from benchmarks.full_house import full_house


async def measure(bench: Bench) -> float:
    """Return the seconds from the hour's first record published to its last decision committed."""
    return (await full_house(bench)).hour_seconds


FIGURE = Figure(
    name="hundred_thousand_campaigns",
    unit="s",
    goal=15.0,
    better="lower",
    about="an hour of 100,000 campaigns through one worker",
    measure=measure,
)
