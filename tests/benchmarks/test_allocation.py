"""What allocation is measured by: the oracle, the drawn problems and the peers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from benchmarks.allocation.problems import CONCAVE, flat, mixed, tree
from benchmarks.allocation.small import DEFINITIONS, Small, best, drawn
from benchmarks.allocation.speed import ours
from benchmarks.peers import gradient_ascent
from engine.curve_families import HILL
from engine.curves import Curves


def by_trying(problem: Small) -> float:
    """Return the best value of all splits, each looked at."""
    curves, groups = problem.curves, problem.groups
    found = -np.inf
    ranges = [range(low, high + 1) for low, high in zip(problem.low, problem.high, strict=True)]
    for units in product(*ranges):
        sums = groups.sums(np.array(units))
        if sums[0] != problem.total or np.any((sums < groups.low) | (sums > groups.high)):
            continue
        own = zip(curves.family, units, curves.scale, curves.half, curves.exponent, strict=True)
        value = sum(DEFINITIONS[kind](float(spend), *rest) for kind, spend, *rest in own)
        found = max(found, value)
    return found


@pytest.mark.parametrize("tree", [False, True], ids=["flat", "tree"])
def test_the_oracle_finds_what_trying_every_split_finds(*, tree: bool) -> None:
    chance = np.random.default_rng(3)
    problems = [drawn(chance, (*CONCAVE, HILL), tree=tree) for _ in range(60)]
    few = [each for each in problems if np.prod(each.high - each.low + 1) <= 3_000]

    assert len(few) >= 15
    for problem in few:
        assert best(problem) == pytest.approx(by_trying(problem))


def test_the_engines_curves_are_those_that_are_defined() -> None:
    spend = np.array([0.0, 1.0, 7.0, 40.0])
    for kind, definition in enumerate(DEFINITIONS):
        curves = Curves(np.full(4, kind), np.full(4, 3.0), np.full(4, 9.0), np.full(4, 0.7))
        expected = [definition(each, 3.0, 9.0, 0.7) for each in spend.tolist()]
        np.testing.assert_allclose(curves.value(spend), expected)


def test_bounds_of_groups_bind_in_the_tree_that_is_timed() -> None:
    problem = tree(4_000)
    assert problem.groups is not None

    sums = problem.groups.sums(ours(problem).units)

    held = (sums == problem.groups.low) | (sums == problem.groups.high)
    assert np.count_nonzero(held) > len(held) // 3


def test_gradient_ascent_comes_near_and_never_above_the_bound() -> None:
    problem = flat(100)
    found = ours(problem)

    for spend in (gradient_ascent.plain(problem), gradient_ascent.vectorised(problem)):
        scaled = np.array(spend) * min(problem.total / float(np.sum(spend)), 1.0)
        assert 0.99 * found.value < float(problem.curves.value(scaled).sum()) <= found.bound


@pytest.mark.parametrize("kinds", [CONCAVE, (*CONCAVE, HILL)], ids=["concave", "mixed"])
def test_todays_budgets_are_within_bounds(kinds: tuple[int, ...]) -> None:
    problem = mixed(200, kinds)

    assert np.all((problem.low <= problem.now) & (problem.now <= problem.high))
