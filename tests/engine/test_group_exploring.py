"""What a group does to learn: laws that hold whatever the days say and the coins show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrays import Floats, Ints
from engine.balanced import balanced, by_chance
from engine.exploration import coin
from engine.group_budgets import GO, KEPT, Members, share
from engine.group_exploring import COINS, FARTHEST, Chances, Explored, explored
from tests.engine.test_group_budgets import free, members, of

LEARNS = st.floats(0.01, 1.0)


def coins_of(seed: int, count: int) -> Floats:
    at, day = np.arange(count), np.full(count, seed)
    return np.stack([coin(at, day, draw=draw) for draw in range(COINS)], axis=1)


def chances(
    seed: int, count: int, learns: float, change: float = 0.2, groups: Ints | None = None
) -> Chances:
    return Chances(
        share=np.full(count, learns),
        change=np.full(count, change),
        coins=coins_of(seed, count),
        of=np.zeros(count, dtype=np.int64) if groups is None else groups,
    )


def learnt(given_: Members, learns: float, seed: int = 1, change: float = 0.2) -> Explored:
    """Return a group's present total shared out, and what is moved to learn."""
    settled = share(given_, int(given_.budget.sum()), change)
    return explored(given_, settled, chances(seed, len(given_.budget), learns, change))


@given(st.integers(0, 10_000), LEARNS, st.floats(0.5, 1.6), st.floats(0.01, 2.0))
@settings(max_examples=80, deadline=None)
def test_the_total_stays_to_the_unit_and_every_bound_is_kept(
    seed: int, learns: float, part: float, change: float
) -> None:
    given_ = members(seed)
    settled = share(given_, int(given_.budget.sum() * part), change)
    made = explored(given_, settled, chances(seed, 6, learns, change)).shared
    assert made.budget.sum() == settled.budget.sum()
    moved = made.budget != settled.budget
    assert np.all((settled.low <= made.budget)[moved] & (made.budget <= settled.high)[moved])
    assert np.all((given_.least <= made.budget)[moved] & (made.budget <= given_.most)[moved])
    held = ~np.isin(settled.hold, (GO, KEPT))
    np.testing.assert_array_equal(made.budget[held], given_.budget[held])
    np.testing.assert_array_equal(made.hold[held], settled.hold[held])
    np.testing.assert_array_equal(made.hold == GO, ~held & (made.budget != given_.budget))


@given(st.integers(0, 10_000), LEARNS, st.floats(0.01, 2.0))
@settings(max_examples=80, deadline=None)
def test_no_more_lies_elsewhere_than_the_learning_share(
    seed: int, learns: float, change: float
) -> None:
    made = learnt(free(seed), learns, seed, change)
    settled, budget = made.settled.budget, made.shared.budget
    elsewhere = np.maximum(budget - settled, 0).sum()
    assert elsewhere == made.elsewhere[0] <= made.reserve[0] <= learns * settled.sum()
    assert made.cost[0] >= 0.0
    farthest = min(FARTHEST, learns, change / 2.0)
    by_coins = np.abs(budget - made.without_jitter)
    assert np.all(by_coins <= farthest * made.without_jitter)


def test_a_share_of_nothing_moves_nothing() -> None:
    for seed in range(20):
        given_ = members(seed)
        made = learnt(given_, 0.0, seed)
        for name in ("budget", "hold", "low", "high", "log_price"):
            ours, theirs = (getattr(each, name) for each in (made.shared, made.settled))
            np.testing.assert_array_equal(ours, theirs)
        assert made.shared.total == made.settled.total
        np.testing.assert_array_equal(made.without_jitter, made.settled.budget)
        assert not made.cost.any()


@given(st.integers(0, 2_000), st.permutations(range(6)))
@settings(max_examples=40, deadline=None)
def test_the_order_of_members_makes_no_difference(seed: int, order: list[int]) -> None:
    given_, at = free(seed), np.array(order)
    settled = share(given_, int(given_.budget.sum()), 0.3)
    one = chances(seed, 6, 0.2)
    plain = explored(given_, settled, one)
    parts = ("budget", "hold", "low", "high", "log_price")
    names = [name for name in vars(type(settled.fit))["__slots__"] if "pool" not in name]
    fit = replace(
        settled.fit,
        **{name: getattr(settled.fit, name)[at] for name in names if name != "by_chance"},
    )
    turned = replace(settled, fit=fit, **{name: getattr(settled, name)[at] for name in parts})
    other = explored(of(given_, at), turned, replace(one, coins=one.coins[at]))
    assert np.all(np.abs(other.shared.budget - plain.shared.budget[at]) <= 1)
    np.testing.assert_array_equal(by_chance_of(other), by_chance_of(plain)[at])


def by_chance_of(made: Explored) -> Ints:
    return np.asarray(np.sign(made.shared.budget - made.without_jitter))


@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 2)), min_size=1, max_size=12),
    st.integers(0, 10**6),
)
@settings(max_examples=100, deadline=None)
def test_coins_move_no_more_than_may_be_and_sum_to_nothing_in_each_group(
    said: list[tuple[int, int]], seed: int
) -> None:
    most, groups = (np.array(each) for each in zip(*said, strict=True))
    coins = coins_of(seed, len(most))[:, :2]
    moves = by_chance(most, groups, coins)
    assert np.all(np.abs(moves) <= most)
    for group in range(3):
        assert moves[groups == group].sum() == 0


@given(st.permutations(range(7)), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_of_equals_it_is_coins_that_say_who_is_opposed_to_whom(order: list[int], seed: int) -> None:
    most, at = np.array([50, 50, 50, 50, 7, 7, 7]), np.array(order)
    coins, groups = coins_of(seed, 7)[:, :2], np.zeros(7, dtype=np.int64)
    np.testing.assert_array_equal(
        by_chance(most[at], groups, coins[at]), by_chance(most, groups, coins)[at]
    )


def test_turned_coins_turn_every_move_so_that_on_average_there_is_none() -> None:
    most = np.array([700, 30, 400, 55, 90])
    for seed in range(20):
        coins = coins_of(seed, 5)[:, :2]
        turned = np.stack([1.0 - coins[:, 0], coins[:, 1]], axis=1)
        groups = np.zeros(5, dtype=np.int64)
        np.testing.assert_array_equal(
            by_chance(most, groups, turned), -by_chance(most, groups, coins)
        )


def test_two_that_may_move_alike_far_are_always_opposed_and_one_alone_never_moves() -> None:
    for seed in range(20):
        coins = coins_of(seed, 3)[:, :2]
        moves = by_chance(np.array([50, 50, 60]), np.array([0, 0, 1]), coins)
        assert sorted(moves.tolist()) == [-50, 0, 50]
        assert moves[2] == 0


def test_the_larger_side_is_cut_in_proportion() -> None:
    found = balanced(np.array([30, 60, -30, 7]), np.array([0, 0, 0, 1]))
    assert found.tolist() == [10, 20, -30, 0]


def test_whose_exponent_is_known_is_tried_less_than_whose_is_not() -> None:
    """Draws depart by what is not known: with nothing unknown only coins move money."""
    tried = {}
    for deviation in (1e-6, 0.15):
        away = []
        for seed in range(10):
            given_ = free(seed)
            settled = share(given_, int(given_.budget.sum()), 0.5)
            fit = replace(
                settled.fit,
                exponent_deviation=np.full(6, deviation),
                level_precision=np.full(6, 1e9),
            )
            made = explored(given_, replace(settled, fit=fit), chances(seed, 6, 0.5, 0.5))
            away.append(np.abs(made.without_jitter - settled.budget).sum() / settled.total)
        tried[deviation] = np.mean(away)
    assert tried[1e-6] == pytest.approx(0.0, abs=1e-3)
    assert tried[0.15] > 0.01


def test_what_a_coin_did_is_taken_back_before_the_next_is_thrown() -> None:
    """A day's budgets do not wander from those of the day before, which only a coin had moved."""
    given_ = free(4)
    total = int(given_.budget.sum())
    best = share(given_, total, 10.0).budget
    moved = explored(
        replace(given_, budget=best),
        share(replace(given_, budget=best), total, 0.5),
        chances(1, 6, 0.1, 0.5),
    )
    assert (moved.shared.budget != moved.without_jitter).any()
    again = replace(given_, budget=moved.shared.budget, base=best)
    settled = share(again, total, 0.5)
    np.testing.assert_array_equal(settled.budget, best)
    back = explored(again, settled, chances(2, 6, 0.0, 0.5))
    np.testing.assert_array_equal(back.shared.budget, best)
    np.testing.assert_array_equal(back.shared.hold == GO, moved.shared.budget != best)


def test_while_a_total_is_cut_or_finds_no_place_nothing_is_explored() -> None:
    given_ = free(8)
    total = int(given_.budget.sum())
    for part in (0.5, 2.0):
        settled = share(given_, int(total * part), 0.1)
        assert settled.forced or settled.unplaced
        made = explored(given_, settled, chances(1, 6, 0.5))
        np.testing.assert_array_equal(made.shared.budget, settled.budget)


def test_what_learning_costs_is_what_the_curves_say_the_moves_lose() -> None:
    given_ = free(3)
    total = int(given_.budget.sum())
    settled = share(given_, total, 10.0)
    made = explored(given_, settled, chances(5, 6, 0.1, 10.0))
    value = settled.fit.curves().value
    lost = value(settled.budget.astype(float)).sum() - value(made.shared.budget.astype(float)).sum()
    # At equal marginal returns what is moved loses what the curves bend by, and nothing else.
    assert made.cost[0] == pytest.approx(lost, rel=0.02)
    assert made.cost[0] > 0.0


def test_groups_keep_what_they_have_whatever_is_moved_inside() -> None:
    given_, groups = free(9), np.array([0, 1, 1, 2, 2, 2])
    settled = share(given_, int(given_.budget.sum()), 10.0)
    some = chances(3, 6, 0.3, 10.0, groups)
    made = explored(given_, settled, replace(some, share=np.where(groups == 2, 0.0, 0.3)))
    for group in range(3):
        inside = groups == group
        assert made.shared.budget[inside].sum() == settled.budget[inside].sum()
    np.testing.assert_array_equal(made.shared.budget[groups == 2], settled.budget[groups == 2])
    assert (made.shared.budget != settled.budget).any()


def test_who_does_not_spend_what_it_has_is_not_moved_by_coins() -> None:
    given_ = free(7)
    total = int(given_.budget.sum())
    # Of those that are cut there would be room to move up again.
    idle = share(given_, total, 10.0).budget < given_.budget
    assert idle.any()
    for seed in range(5):
        spending = learnt(given_, 0.2, seed, 10.0)
        made = learnt(replace(given_, used=np.where(idle, 0.5, 1.0)), 0.2, seed, 10.0)
        assert (spending.shared.budget != spending.without_jitter)[idle].any()
        np.testing.assert_array_equal(made.shared.budget[idle], made.without_jitter[idle])
