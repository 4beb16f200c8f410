"""The figures of sharing out: CPU time, by us and against peers, and what every answer keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

from benchmarks.allocation import proofs, small
from benchmarks.allocation.speed import flat_milliseconds, times_of_ours, tree_milliseconds
from benchmarks.bench import Bench
from benchmarks.figure import Figure, Goal, NotMeasurable, reckoned

MANY = 10_000


def _against_slsqp() -> float:
    if find_spec("scipy") is None:
        raise NotMeasurable("needs scipy, which `make bench` installs")
    return times_of_ours("slsqp", 100)


def _against_ascent() -> float:
    """Return by how many times the ascent is slower, with the number where it comes closer."""
    return min(times_of_ours("ascent", count) for count in (100, MANY))


def _figure(name: str, goal: Goal, about: str, value: Callable[[], float]) -> Figure:
    return reckoned(f"allocation_{name}", goal, about, lambda _: value())


def _timing(name: str, goal: Goal, about: str, value: Callable[[], float]) -> Figure:
    """Return a figure of CPU time, taken where workers decide: on the main thread.

    Other threads give large arrays back to the system each time, which costs up to a half more.
    """

    async def measure(_: Bench) -> float:
        return value()

    return replace(_figure(name, goal, about, value), measure=measure)


def _speed(name: str, count: int, goal: float) -> Figure:
    about = f"{count:,} campaigns, no groups, CPU time"
    return _timing(name, (goal, "ms", "lower"), about, partial(flat_milliseconds, count))


FIGURES = (
    _speed("100", 100, 0.15),
    _speed("10k", MANY, 1.2),
    _speed("100k", 100_000, 8.0),
    _speed("1m", 1_000_000, 120.0),
    _timing(
        "tree_1m",
        (300.0, "ms", "lower"),
        "1,000,000 campaigns in 8 platforms and 200 portfolios whose bounds bind, CPU time",
        partial(tree_milliseconds, 1_000_000),
    ),
    _timing(
        "vs_slsqp",
        (20.0, "times", "higher"),
        "CPU time of scipy's SLSQP over ours, 100 campaigns",
        _against_slsqp,
    ),
    _timing(
        "vs_ascent",
        (20.0, "times", "higher"),
        "CPU time of 50 steps of gradient ascent in plain Python over ours, where it is closer",
        _against_ascent,
    ),
    _figure(
        "gap",
        (1e-9, "of-value", "lower"),
        "how far above an answer the best can be, worst of all sizes, trees and families",
        lambda: proofs.worst().gap,
    ),
    _figure(
        "exchange",
        (0.0, "of-mean-return", "lower"),
        "what moving one unit still gains, worst of all with concave curves",
        lambda: proofs.worst().exchange,
    ),
    _figure(
        "off",
        (0.0, "minor-units", "lower"),
        "by which sums differ from totals, worst",
        lambda: proofs.worst().off,
    ),
    _figure(
        "broken",
        (0.0, "minor-units", "lower"),
        "outside bounds, worst",
        lambda: proofs.worst().broken,
    ),
    _figure(
        "wrong",
        (0.0, "answers", "lower"),
        f"of {4 * small.EACH:,} small problems that dynamic programming answers better or not so",
        small.wrong,
    ),
)
