"""The figures of lifetime value: how far off it is, and how often its limits hold."""

from __future__ import annotations

from typing import Final

from benchmarks.bench import Bench
from benchmarks.cohorts.scores import (
    LONG,
    SHORT,
    SHORTEST,
    WORLDS,
    farthest,
    score,
    worst_bias,
)
from benchmarks.figure import reckoned

_POINTS: Final = 5.0
"""From 75 to 85 of a hundred."""


def _bias(bench: Bench) -> float:
    for name in WORLDS:
        for lived in (LONG, SHORT, SHORTEST):
            found = score(name, lived)
            bench.say(
                f"{found.bias:+.2%} after {lived} days of {name}; absolute errors "
                f"{found.error:.3f} of the value, {found.naive:.3f} by what was observed, "
                f"{found.unshrunk:.3f} by each campaign's own chain ladder"
            )
    return worst_bias()


def _coverage(bench: Bench) -> float:
    for name in WORLDS:
        for lived in (LONG, SHORT, SHORTEST):
            bench.say(f"{score(name, lived).covered:.1%} after {lived} days of {name}")
    return farthest()


FIGURES = (
    reckoned(
        "cohort_bias",
        (2.0, "%", "lower"),
        "bias of 90-day value predicted for 14-day-old cohorts, worst of three worlds",
        _bias,
    ),
    reckoned(
        "cohort_coverage",
        (_POINTS, "points", "lower"),
        "how far the limits of 90-day value hold more or fewer than the 80 % that they are to",
        _coverage,
    ),
)
