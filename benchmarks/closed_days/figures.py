"""What is found of closed days while bids and budgets move, and how often for nothing."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.closed_days.ceiling import ceiling
from benchmarks.closed_days.watching import KINDS, clean, found
from benchmarks.figure import reckoned
from engine.funnel import SIGNALS
from engine.funnel_alarms import TESTS

BUSY = 3.0
"""Conversions an hour of the campaigns whose delay is told."""


def _outages(bench: Bench) -> float:
    """Return the share of outages that is found, of all signals; say that of other faults."""
    for signal in SIGNALS:
        for name in KINDS:
            seen = found(signal, name)
            delay, since = seen.median(seen.delay, BUSY), seen.median(seen.since, BUSY)
            bench.say(
                f"{signal} {name}: {seen.share:.1f} % found, median {delay:.0f} h after its first "
                f"hour, which is named {since:+.0f} h off, with {BUSY:.0f} conversions an hour"
            )
    for tests in (len(SIGNALS), TESTS):
        bench.say(
            f"who knows each mean and fault finds {ceiling(clean().world, tests):.1f} % of outages "
            f"of conversions by what is told, at {tests} tests that share .05 false alarms a week"
        )
    return min(found(signal, "outage").share for signal in SIGNALS)


FIGURES = (
    reckoned(
        "closed_days_found",
        (99.0, "%", "higher"),
        "outages of 48 hours found by the end of their last day, of the signal where fewest are",
        _outages,
    ),
    reckoned(
        "closed_days_false_alarms",
        (0.05, "per-campaign-week", "lower"),
        "changes told of where nothing but bids and budgets moves",
        lambda _: clean().false_alarms,
    ),
)
