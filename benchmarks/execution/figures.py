"""Figures of the live executor; none of them needs a network."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from benchmarks.execution import many, overhead
from benchmarks.execution.many import Played, Size
from benchmarks.figure import Figure, Goal, reckoned

_played = cache(many.played)
_ALL, _HALF = Size(), Size(actions=5_000, crowded=0)

_MOST: Goal = (5.0, "ms", "lower")
_NONE: Goal = (0.0, "actions", "lower")


def _of_many(name: str, goal: Goal, about: str, value: Callable[[Played], float]) -> Figure:
    return reckoned(name, goal, about, lambda _: value(_played(_ALL)))


FIGURES = (
    reckoned(
        "executor_overhead",
        _MOST,
        "CPU time of the executor for an action while 5,000 orders wait",
        lambda _: overhead.milliseconds(5_000),
    ),
    reckoned(
        "executor_overhead_alone",
        _MOST,
        "the same while nobody waits",
        lambda _: overhead.milliseconds(0),
    ),
    _of_many(
        "executor_unended",
        _NONE,
        "actions without exactly one outcome, of 10,000 over 500 accounts with 5 % of calls faulty",
        Played.unended,
    ),
    _of_many(
        "executor_lost",
        _NONE,
        "actions among these whose outcome does not say what is so",
        Played.lost,
    ),
    _of_many(
        "executor_doubled",
        _NONE,
        "actions among these that take effect more than once",
        Played.doubled,
    ),
    _of_many(
        "executor_above_limits",
        (0.0, "calls", "lower"),
        "calls and changes that are beyond what the platform allows",
        lambda played: len(played.work.platform.above),
    ),
    _of_many(
        "executor_throughput",
        (0.8, "of what limits allow", "higher"),
        "how fast these are carried out",
        Played.share,
    ),
    reckoned(
        "executor_memory",
        (32.0, "bytes per action", "lower"),
        "memory that is kept of each further action",
        lambda _: many.bytes_kept(_HALF),
    ),
)
