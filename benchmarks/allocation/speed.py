"""How long a total takes to be shared out, by us and by peers, turn by turn in one process."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from time import process_time

from benchmarks.allocation.problems import Problem, flat, tree
from benchmarks.peers import gradient_ascent
from benchmarks.peers.slsqp import slsqp
from engine.allocation import Allocation, allocate

_WORK = 400_000
"""Campaigns in all that one timing shares out, about."""
_LEAST, _MOST = 3, 400
_ROUNDS = 5


def ours(problem: Problem) -> Allocation:
    """Share out."""
    return allocate(problem.curves, problem.low, problem.high, problem.total, problem.groups)


def milliseconds(act: Callable[[], object], times: int) -> float:
    """Return the least CPU time of several runs: what else the machine does only adds to it.

    An answer is kept until the next is there, as by who asks: with the last of the memory let go
    of, all of it goes back to the system, and to be given it anew takes half as long again.
    """
    best, kept = float("inf"), act()
    for _ in range(times):
        began = process_time()
        kept = act()
        best = min(best, process_time() - began)
    del kept
    return 1e3 * best


def flat_milliseconds(count: int) -> float:
    """Return the CPU time of a total without groups."""
    problem = flat(count)
    return milliseconds(lambda: ours(problem), _times(count))


def tree_milliseconds(count: int) -> float:
    """Return the CPU time in a tree whose bounds bind."""
    problem = tree(count)
    return milliseconds(lambda: ours(problem), 2 * _times(count))


@cache
def times_of_ours(peer: str, count: int) -> float:
    """Return a peer's CPU time over ours, the median of rounds of both."""
    problem = flat(count)
    act: dict[str, Callable[[Problem], object]] = {
        "slsqp": slsqp,
        "ascent": gradient_ascent.plain,
        "numpy ascent": gradient_ascent.vectorised,
    }
    ratios = sorted(
        milliseconds(lambda: act[peer](problem), 1 if peer == "slsqp" else 3)
        / milliseconds(lambda: ours(problem), _times(count) // _ROUNDS + 1)
        for _ in range(1 if peer == "slsqp" else _ROUNDS)
    )
    return ratios[len(ratios) // 2]


def _times(count: int) -> int:
    return min(max(_WORK // count, _LEAST), _MOST)
