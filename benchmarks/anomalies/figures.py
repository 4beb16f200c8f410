"""The figures of anomalies: what is found of outages, how soon, and how often for nothing."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.anomalies.watching import FALSE_ALARMS, clean, found
from benchmarks.bench import Bench
from benchmarks.figure import Figure, Goal, reckoned

BUSY = 3.0
"""Conversions an hour of the campaigns whose delay counts."""


def _figure(name: str, goal: Goal, about: str, value: Callable[[Bench], float]) -> Figure:
    return reckoned(f"outage_{name}", goal, about, value)


def _found(bench: Bench) -> float:
    """Return the share of outages that is found; say that of other faults, of no promise."""
    for fault in ("spike", "drop", "drift"):
        seen = found(fault)
        after = f"median delay {seen.median_delay(BUSY):.0f} h with {BUSY:.0f} conversions an hour"
        bench.say(f"{fault}: {seen.share:.1f} % found, {after}")
    return found("outage").share


FIGURES = (
    _figure(
        "found",
        (99.0, "%", "higher"),
        "outages of tracking of 48 hours that are found, half a conversion to 50 an hour",
        _found,
    ),
    _figure(
        "delay",
        (3.0, "hours", "lower"),
        "median delay of that, campaigns with three conversions an hour or more",
        lambda _: found("outage").median_delay(BUSY),
    ),
    _figure(
        "false_alarms",
        (FALSE_ALARMS, "per-campaign-week", "lower"),
        "alarms where nothing is wrong, campaigns on which thresholds were not set",
        lambda _: clean().false_alarms,
    ),
)
