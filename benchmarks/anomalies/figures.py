"""The figures of anomalies: what is found of outages, how soon, and how often for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from benchmarks.anomalies.watching import FALSE_ALARMS, clean, found
from benchmarks.bench import Bench
from benchmarks.figure import Better, Figure

BUSY = 3.0
"""Conversions an hour of the campaigns whose delay counts."""


def _figure(
    name: str, goal: tuple[float, str, Better], about: str, value: Callable[[], float]
) -> Figure:
    async def measure(bench: Bench) -> float:
        measured = await asyncio.to_thread(value)
        if name == "found":
            await asyncio.to_thread(_others, bench)
        return measured

    limit, unit, better = goal
    return Figure(
        name=f"outage_{name}", unit=unit, goal=limit, better=better, about=about, measure=measure
    )


def _others(bench: Bench) -> None:
    """Say what is found of faults that nothing was promised of."""
    for fault in ("spike", "drop", "drift"):
        seen = found(fault)
        after = f"median delay {seen.median_delay(BUSY):.0f} h with {BUSY:.0f} conversions an hour"
        bench.say(f"{fault}: {seen.share:.1f} % found, {after}")


FIGURES = (
    _figure(
        "found",
        (99.0, "%", "higher"),
        "outages of tracking of 48 hours that are found, half a conversion to 50 an hour",
        lambda: found("outage").share,
    ),
    _figure(
        "delay",
        (3.0, "hours", "lower"),
        "median delay of that, campaigns with three conversions an hour or more",
        lambda: found("outage").median_delay(BUSY),
    ),
    _figure(
        "false_alarms",
        (FALSE_ALARMS, "per-campaign-week", "lower"),
        "alarms where nothing is wrong, campaigns on which thresholds were not set",
        lambda: clean().false_alarms,
    ),
)
