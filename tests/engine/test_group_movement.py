"""A group moves no more than it may in a day, and makes the most of that."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.group_budgets import Members, share
from engine.group_exploring import COINS, Chances
from engine.group_movement import explored_within, moved_within, raised
from engine.group_nesting import Nested
from engine.group_split import Shared
from tests.engine.test_group_budgets import free, members

COUNT = 6


def split(given_: Members, total: int, limit: int | None, nested: Nested | None = None) -> Shared:
    splitting = partial(share, given_, total, 0.5, nested)
    return moved_within(given_.budget, splitting, limit)


def chances(seed: int) -> Chances:
    coins = np.random.default_rng(seed).random((COUNT, COINS))
    return Chances(
        share=np.full(COUNT, 0.3),
        change=np.full(COUNT, 0.5),
        coins=coins,
        of=np.zeros(COUNT, dtype=np.int64),
    )


seeds = st.integers(0, 10_000)
parts = st.floats(0.7, 1.3)
limits = st.floats(0.0, 1.2)


@given(seeds, parts, limits)
@settings(max_examples=50, deadline=None)
def test_no_more_is_raised_than_the_limit_and_the_total_and_maximums_hold(
    seed: int, part: float, share_of: float
) -> None:
    given_ = members(seed)
    total = int(given_.budget.sum() * part)
    wanted = raised(given_.budget, split(given_, total, None).budget)
    limit = int(wanted * share_of)
    made = split(given_, total, limit)
    assert raised(given_.budget, made.budget) <= limit
    assert made.wanted == (wanted if wanted > limit else 0)
    moved = made.budget != given_.budget
    assert np.all(made.budget[moved] <= given_.most[moved])
    if moved.any():
        assert int(made.budget.sum()) <= max(total, int(given_.budget[~moved].sum()))


@given(seeds, parts)
@settings(max_examples=20, deadline=None)
def test_a_limit_that_is_not_reached_changes_nothing(seed: int, part: float) -> None:
    given_ = members(seed)
    total = int(given_.budget.sum() * part)
    plain = split(given_, total, None)
    bounded = split(given_, total, raised(given_.budget, plain.budget))
    np.testing.assert_array_equal(plain.budget, bounded.budget)
    assert bounded.wanted == 0


@given(seeds, st.floats(0.1, 0.9))
@settings(max_examples=20, deadline=None)
def test_where_the_total_stays_who_pays_gives_no_more_than_is_raised(
    seed: int, share_of: float
) -> None:
    given_ = free(seed)
    total = int(given_.budget.sum())
    limit = int(raised(given_.budget, split(given_, total, None).budget) * share_of)
    made = split(given_, total, limit)
    assert made.budget.sum() + made.unplaced == total
    assert made.unplaced == 0


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_the_limit_goes_to_the_raises_that_bring_most(seed: int) -> None:
    given_ = free(seed)
    total = int(given_.budget.sum())
    limit = raised(given_.budget, split(given_, total, None).budget) // 2
    made = split(given_, total, limit)
    curves, present = made.fit.curves(), given_.budget.astype(np.float64)

    def gain(budget: np.ndarray) -> float:
        return float((curves.value(budget) - curves.value(present)).sum())

    best = split(given_, total, None)
    half = present + (best.budget - present) * limit / max(raised(given_.budget, best.budget), 1)
    # A step to the best of half the length moves as much; ours is a whole number of units.
    assert gain(made.budget.astype(np.float64)) >= gain(half) * (1 - 1e-3) - 1e-6


@given(seeds, st.floats(0.0, 1.5))
@settings(max_examples=20, deadline=None)
def test_learning_moves_no_more_than_the_limit_either(seed: int, share_of: float) -> None:
    given_ = free(seed)
    total = int(given_.budget.sum())
    limit = int(raised(given_.budget, split(given_, total, None).budget) * share_of)
    made = explored_within(given_, split(given_, total, limit), chances(seed), limit)
    assert raised(given_.budget, made.shared.budget) <= limit


@given(seeds, limits)
@settings(max_examples=20, deadline=None)
def test_ceilings_of_groups_inside_hold_beside_the_limit(seed: int, share_of: float) -> None:
    given_ = free(seed)
    total, of = int(given_.budget.sum()), np.array([1, 1, 1, 2, 2, 2])
    has = int(given_.budget[:3].sum())
    nested = Nested(
        parent=np.array([-1, 0, 0]),
        floor=np.array([0, 0, 0]),
        ceiling=np.array([total, int(has * 0.9), total]),
        of=of,
    )
    plain = split(given_, total, None, nested)
    limit = int(raised(given_.budget, plain.budget) * share_of)
    made = split(given_, total, limit, nested)
    assert raised(given_.budget, made.budget) <= limit
    assert int(made.budget[:3].sum()) <= int(has * 0.9)


def test_a_minimum_above_what_is_in_force_is_reached_no_faster_than_the_limit_allows() -> None:
    given_ = free(3)
    given_ = replace(given_, least=np.array([given_.budget[0] + 900, 0, 0, 0, 0, 0]))
    total = int(given_.budget.sum())
    assert raised(given_.budget, split(given_, total, None).budget) >= 900
    assert raised(given_.budget, split(given_, total, 100).budget) <= 100
