"""Groups inside a group: every bound is kept, and no split within them brings more."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import group_split
from engine.arrays import Ints
from engine.errors import EngineError
from engine.group_budgets import GO, KEPT, LATE, TOO_SMALL, Members, Shared, share
from engine.group_nesting import Nested, room
from engine.plans import UNLIMITED
from engine.response_days import Days

PARENT = np.array([-1, 0, 0, 1])
"""The whole, two groups in it, and one more in the first of these."""

OF = np.array([1, 3, 3, 2, 2])


def members(seed: int, scale: int = 10_000) -> Members:
    """Draw five members whose curves and budgets are their own, nothing but change bounds them."""
    rng = np.random.default_rng(seed)
    budget = rng.integers(scale // 2, scale * 2, 5)
    log_spend = rng.normal(0.0, 0.3, (5, 40))
    exponent = rng.uniform(0.3, 0.8, 5)[:, None]
    mean = rng.uniform(5.0, 60.0, 5)[:, None] * np.exp(exponent * log_spend)
    return Members(
        days=Days(
            spend=np.asarray(budget[:, None] * np.exp(log_spend), dtype=np.float64),
            value=rng.poisson(mean).astype(np.float64),
            weight=np.ones((5, 40)),
            pool=np.zeros(5, dtype=np.int64),
        ),
        budget=budget,
        least=np.zeros(5, dtype=np.int64),
        most=np.full(5, UNLIMITED),
        used=np.ones(5),
        late=np.zeros(5, dtype=np.bool_),
    )


def nested(floor: Ints, ceiling: Ints) -> Nested:
    return Nested(parent=PARENT, floor=floor, ceiling=ceiling, of=OF)


def sums(budget: Ints) -> Ints:
    """Return what each group has, the groups inside it included; added up by hand."""
    inner, other = int(budget[1] + budget[2]), int(budget[3] + budget[4])
    return np.array([budget.sum(), budget[0] + inner, other, inner])


def drawn(given_: Members, seed: int) -> Nested:
    """Draw floors and ceilings around what the groups have now."""
    rng = np.random.default_rng(seed)
    has = sums(given_.budget)
    floor = (has * rng.uniform(0.0, 1.3, 4)).astype(np.int64)
    ceiling = np.maximum((has * rng.uniform(0.7, 1.5, 4)).astype(np.int64), floor)
    return nested(floor, ceiling)


@given(st.integers(0, 10_000), st.floats(0.6, 1.5), st.floats(0.05, 1.0))
@settings(max_examples=80, deadline=None)
def test_every_bound_of_a_group_is_kept_as_far_as_one_change_reaches_or_nobody_is_moved(
    seed: int, part: float, change: float
) -> None:
    given_ = replace(members(seed), late=np.arange(5) == seed % 7)
    total, tree = int(given_.budget.sum() * part), drawn(given_, seed)
    made = share(given_, total, change, tree)
    moved = np.isin(made.hold, (GO, KEPT))
    np.testing.assert_array_equal(made.budget[~moved], given_.budget[~moved])
    if not moved.any():
        return
    has = sums(made.budget)
    assert np.all(has[1:] <= tree.ceiling[1:])
    assert made.budget.sum() + made.unplaced == total
    assert made.unplaced >= 0
    assert np.all(made.budget[moved] <= made.high[moved])
    assert np.all(made.low[moved] <= made.budget[moved])
    # A floor is missed only where all that lie inside are as high as they may go today.
    highest = sums(np.where(moved, made.high, given_.budget))
    reach = np.minimum(highest, tree.ceiling)
    reach[1] = min(reach[1], int(np.where(moved, made.high, given_.budget)[0]) + reach[3])
    assert np.all(has[1:] >= np.minimum(tree.floor, reach)[1:])


def small(seed: int) -> tuple[Members, Nested, int]:
    """Return members with a few units each, so that all splits can be tried."""
    given_ = members(seed, scale=6)
    rng = np.random.default_rng(seed)
    total = int(given_.budget.sum())
    has = sums(given_.budget)
    floor = np.maximum(has - rng.integers(-2, 4, 4), 0)
    return given_, nested(floor, np.maximum(has + rng.integers(-3, 3, 4), floor)), total


def best_by_hand(made: Shared, tree: Nested, total: int) -> float:
    """Try all splits within the bounds; return what the best brings."""
    curves, best = made.fit.curves(), -np.inf
    ranges = [range(low, high + 1) for low, high in zip(made.low, made.high, strict=True)]
    for head in product(*ranges[:-1]):
        budget = np.array([*head, total - sum(head)])
        if budget[-1] not in ranges[-1]:
            continue
        has = sums(budget)
        if np.all((tree.floor <= has)[1:] & (has <= tree.ceiling)[1:]):
            best = max(best, float(curves.value(budget.astype(np.float64)).sum()))
    return best


def test_no_split_within_the_bounds_of_all_groups_brings_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A unit is much of such budgets: nobody is to stay because it is near enough.
    monkeypatch.setattr(group_split, "BAND", -1.0)
    tried = 0
    for seed in range(60):
        given_, tree, total = small(seed)
        made = share(given_, total, 0.5, tree)
        best = best_by_hand(made, tree, total)
        if made.unplaced or not (made.hold == GO).any() or best == -np.inf:
            continue
        tried += 1
        brought = made.fit.curves().value(made.budget.astype(np.float64)).sum()
        assert brought == pytest.approx(best, rel=1e-12)
    assert tried >= 15


def test_bounds_that_bind_are_met_to_the_unit_and_money_is_dearer_under_a_ceiling() -> None:
    given_ = members(3)
    total = int(given_.budget.sum())
    wide = np.zeros(4, dtype=np.int64), np.full(4, 10 * total)
    free = sums(share(given_, total, 5.0, nested(*wide)).budget)
    floor, ceiling = wide[0].copy(), wide[1].copy()
    ceiling[3] = free[3] // 2
    floor[2] = ceiling[2] = free[2] + 100
    made = share(given_, total, 5.0, nested(floor, ceiling))
    assert sums(made.budget)[[0, 2, 3]].tolist() == [total, free[2] + 100, free[3] // 2]
    # What the ceiling keeps out of one group is left to the member that lies in neither.
    price = made.log_price
    assert price[1] == price[2] > price[3] == price[4] > price[0]


def test_without_bounds_that_bind_a_tree_is_as_good_as_none() -> None:
    given_ = members(4)
    total = int(given_.budget.sum())
    tree = nested(np.zeros(4, dtype=np.int64), np.full(4, total))
    flat, treed = share(given_, total, 0.3), share(given_, total, 0.3, tree)
    assert np.all(np.abs(flat.budget - treed.budget) <= 1)
    assert treed.budget.sum() == total


def test_a_ceiling_is_kept_at_once_and_a_floor_step_by_step() -> None:
    given_ = members(5)
    total, has = int(given_.budget.sum()), sums(given_.budget)
    none, much = np.zeros(4, dtype=np.int64), np.full(4, 10 * total)
    low = much.copy()
    low[3] = has[3] // 3
    cut = share(given_, total, 0.1, nested(none, low))
    assert cut.forced
    assert sums(cut.budget)[3] == has[3] // 3
    high = none.copy()
    high[2] = 2 * has[2]
    raised = share(given_, total, 0.1, nested(high, np.maximum(high, much)))
    np.testing.assert_array_equal(raised.budget[3:], raised.high[3:])
    assert not raised.forced


def test_floors_above_the_total_and_ceilings_below_what_cannot_move_move_nobody() -> None:
    given_ = replace(members(6), late=OF == 2)
    total, has = int(given_.budget.sum()), sums(given_.budget)
    none, much = np.zeros(4, dtype=np.int64), np.full(4, 10 * total)
    crowded = none.copy()
    crowded[1] = total
    tight = much.copy()
    tight[2] = has[2] - 1
    for tree in (nested(crowded, much), nested(none, tight)):
        made = share(given_, total, 9.0, tree)
        assert set(made.hold.tolist()) == {LATE, TOO_SMALL}
        np.testing.assert_array_equal(made.budget, given_.budget)


def test_ceilings_that_take_less_than_the_total_leave_the_rest_unplaced() -> None:
    given_ = members(7)
    total, has = int(given_.budget.sum()), sums(given_.budget)
    ceiling = has.copy()
    ceiling[1] -= 3
    made = share(given_, total, 1.0, nested(np.zeros(4, dtype=np.int64), ceiling))
    assert made.unplaced == 3


def test_each_has_its_own_largest_change() -> None:
    given_ = members(8)
    change = np.array([0.1, 0.5, 0.5, 0.0001, 0.5])
    made = share(given_, int(given_.budget.sum()), change, None)
    step = np.maximum(np.floor(given_.budget * change), 0.05 * given_.budget.sum() / 5)
    assert np.all(np.abs(made.budget - given_.budget) <= step)


def test_a_floor_above_its_ceiling_is_refused() -> None:
    with pytest.raises(EngineError, match="group 2 has a floor of 5 above its ceiling of 4"):
        nested(np.array([9, 0, 5, 0]), np.array([0, 9, 4, 9]))


def test_room_is_none_where_minimums_need_more() -> None:
    five = np.full(5, 10)
    tree = nested(np.zeros(4, dtype=np.int64), np.array([99, 25, 99, 99]))
    assert room(tree, (five, five), five, 50) is None
    found = room(tree, (five, five), five - 2, 50)
    assert found is not None
    assert found.low.tolist() == [8, 8, 8, 10, 10]
    assert found.nested.ceiling.tolist()[:2] == [45, 25]
