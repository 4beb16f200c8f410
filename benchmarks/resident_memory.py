"""Memory of a worker that holds 100,000 campaigns."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.figure import Figure
from benchmarks.full_house import full_house

GIGABYTE = 1e9


async def measure(bench: Bench) -> float:
    """Return the most memory that was resident while the worker learned plans and three hours."""
    return (await full_house(bench)).resident_bytes / GIGABYTE


FIGURE = Figure(
    name="resident_memory",
    unit="GB",
    goal=1.2,
    better="lower",
    about="memory of one worker with 100,000 campaigns",
    measure=measure,
)
