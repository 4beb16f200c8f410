"""The figures of learning how value answers spend."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.figure import Figure, Goal, reckoned
from benchmarks.response import scores


def _figure(name: str, goal: Goal, about: str, value: Callable[[], float]) -> Figure:
    return reckoned(f"response_{name}", goal, about, lambda _: value())


FIGURES = (
    _figure(
        "speed",
        (150_000.0, "campaigns/CPU-s", "higher"),
        "fit of 60 days",
        scores.campaigns_per_second,
    ),
    _figure(
        "coverage_low",
        (0.77, "of-campaigns", "higher"),
        "true exponents inside their 80 % interval, worst stratum of spend variation and seed",
        lambda: float(scores.coverage().min()),
    ),
    _figure(
        "coverage_high",
        (0.83, "of-campaigns", "lower"),
        "the same: more would be intervals that are too wide",
        lambda: float(scores.coverage().max()),
    ),
    _figure(
        "regret",
        (0.6, "of-fixed", "lower"),
        "value that a plan loses, over what one with exponents of .8 loses, mean of seeds",
        lambda: float(scores.regrets().mean()),
    ),
    _figure(
        "bias",
        (0.02, "of-exponent", "lower"),
        "mean error of exponents where spend follows demand and is jittered by 10 %, either way",
        lambda: abs(scores.bias()),
    ),
    _figure(
        "confidence",
        (0.03, "of-probability", "lower"),
        "calibration error of the chance that a unit more is worth its price",
        scores.confidence_error,
    ),
)
