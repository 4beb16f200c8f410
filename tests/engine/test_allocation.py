"""Totals shared out: exact, best, within every bound, or refused with the place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import allocation_tree
from engine.allocation import Allocation, Groups, InfeasibleAllocation, allocate
from engine.allocation_exchange import best_exchange
from engine.allocation_targets import until_margin, until_return
from engine.arrays import Ints
from engine.curve_families import EXPONENTIAL, HILL, LOGARITHM, MICHAELIS_MENTEN, POWER
from engine.curves import Curves, exponential, hill, joined, logarithm, michaelis_menten, power
from engine.errors import EngineError
from tests.engine.allocating import Problem, most_value, some_curves, some_problem

CONCAVE = [POWER, LOGARITHM, EXPONENTIAL, MICHAELIS_MENTEN]
ANY = [*CONCAVE, HILL]
PROBLEMS = 150

seeds = st.integers(0, 2**32 - 1)


def answer(problem: Problem) -> Allocation:
    return allocate(problem.curves, problem.low, problem.high, problem.total, problem.groups)


def check_best(problem: Problem) -> bool:
    """Hold an answer against dynamic programming; say whether there was one."""
    most = most_value(problem)
    if most is None:
        with pytest.raises(InfeasibleAllocation):
            answer(problem)
        return False
    found = answer(problem)
    assert found.units.sum() == problem.total
    assert np.all((problem.low <= found.units) & (found.units <= problem.high))
    assert found.value == pytest.approx(most, rel=1e-9)
    assert found.bound >= most * (1.0 - 1e-12)
    return True


@pytest.mark.parametrize("kinds", [CONCAVE, ANY], ids=["concave", "some bend upwards"])
@pytest.mark.parametrize("tree", [False, True], ids=["flat", "tree"])
def test_no_split_in_whole_units_brings_more(kinds: list[int], *, tree: bool) -> None:
    rng = np.random.default_rng(7 + len(kinds) + tree)
    answered = sum(check_best(some_problem(rng, kinds, tree=tree)) for _ in range(PROBLEMS))

    assert answered > PROBLEMS // 4


@pytest.mark.parametrize("kinds", [CONCAVE, ANY], ids=["concave", "some bend upwards"])
def test_prices_that_only_tell_whose_bounds_bind_split_as_well(
    kinds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allocation_tree, "_LARGE", 0)  # As of pools of thousands.
    rng = np.random.default_rng(17 + len(kinds))
    answered = sum(check_best(some_problem(rng, kinds, tree=True)) for _ in range(2 * PROBLEMS))

    assert answered > PROBLEMS // 2


def large(count: int, seed: int) -> tuple[Curves, Ints, Ints, int]:
    rng = np.random.default_rng(seed)
    now = np.round(rng.lognormal(9.0, 1.0, count)).astype(np.int64)
    curves = some_curves(rng, count, CONCAVE)
    wide = Curves(curves.family, curves.scale, curves.half * 1_000.0, curves.exponent)
    return wide, now // 5, now * 4, int(now.sum())


@pytest.mark.parametrize("count", [1, 2, 100, 30_000])
def test_moving_one_unit_never_gains_and_the_certificate_is_tight(count: int) -> None:
    curves, low, high, total = large(count, 3)

    found = allocate(curves, low, high, total)

    assert found.units.sum() == total
    assert np.all((low <= found.units) & (found.units <= high))
    if count > 1:
        assert best_exchange(curves, found.units, (low, high)).gain <= 0.0
    assert found.gap <= 1e-9


def a_tree(rng: np.random.Generator, now: Ints, groups: int) -> Groups:
    parent = np.concatenate(([-1], np.zeros(3, dtype=np.int64), 1 + rng.integers(0, 3, groups)))
    of = 4 + rng.integers(0, groups, len(now))
    free = Groups(parent=parent, low=parent * 0, high=parent * 0 + 2**60, of=of)
    sums = free.sums(now)
    tight = rng.uniform(0.9, 1.1, len(sums))
    low = np.floor(sums * np.minimum(tight, 1.0) * 0.98).astype(np.int64)
    high = np.ceil(sums * np.maximum(tight, 1.0) * 1.02).astype(np.int64)
    low[0], high[0] = 0, 2**60
    return Groups(parent=parent, low=low, high=high, of=of)


@pytest.mark.parametrize("count", [50, 3_000])
def test_in_a_tree_whose_bounds_bind_no_move_that_keeps_them_gains(count: int) -> None:
    curves, _, high, total = large(count, 5)
    now = high // 4
    low, high = now // 2, now * 2
    groups = a_tree(np.random.default_rng(5), now, 12)

    found = allocate(curves, low, high, total, groups)

    sums = groups.sums(found.units)
    assert sums[0] == total
    assert np.all((groups.low <= sums) & (sums <= groups.high))
    assert np.count_nonzero((sums == groups.low) | (sums == groups.high)) >= 3
    assert best_exchange(curves, found.units, (low, high), groups).gain <= 0.0
    assert found.gap <= 1e-9


@settings(max_examples=50, deadline=None)
@given(seeds)
def test_the_order_of_campaigns_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    curves, low, high, total = large(40, seed)
    order = rng.permutation(40)

    found = allocate(curves, low, high, total)
    again = allocate(curves.of(order), low[order], high[order], total)

    np.testing.assert_array_equal(again.units, found.units[order])


@settings(max_examples=50, deadline=None)
@given(seeds, st.sampled_from([1e-6, 1e-2, 100.0, 1e6]))
def test_the_unit_of_value_changes_nothing(seed: int, unit: float) -> None:
    curves, low, high, total = large(40, seed)
    scaled = Curves(curves.family, curves.scale * unit, curves.half, curves.exponent)

    found, again = allocate(curves, low, high, total), allocate(scaled, low, high, total)

    np.testing.assert_array_equal(again.units, found.units)
    assert again.value == pytest.approx(found.value * unit)


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(1, 10**6))
def test_more_money_never_brings_less(seed: int, more: int) -> None:
    curves, low, high, total = large(40, seed)
    larger = min(total + more, int(high.sum()))

    assert allocate(curves, low, high, larger).value >= allocate(curves, low, high, total).value


def test_equal_campaigns_get_equal_money_but_for_single_units() -> None:
    curves = power(np.full(7, 3.0), np.full(7, 0.5))

    found = allocate(curves, np.zeros(7, dtype=np.int64), np.full(7, 1_000), 1_003)

    assert sorted(found.units.tolist()) == [143] * 5 + [144] * 2


def test_two_power_curves_split_as_calculus_says() -> None:
    # scale * sqrt(x): the split is in proportion to the squares of the scales.
    curves = power(np.array([1.0, 2.0]), np.array([0.5, 0.5]))

    found = allocate(curves, np.zeros(2, dtype=np.int64), np.full(2, 10_000), 10_000)

    assert found.units.tolist() == [2_000, 8_000]


def test_an_s_gets_nothing_until_there_is_enough_for_its_upper_part() -> None:
    an_s = hill(np.array([100.0]), np.array([50.0]), np.array([4.0]))
    curves = joined([an_s, logarithm(np.array([10.0]), np.array([5.0]))])
    none, all_of_it = np.zeros(2, dtype=np.int64), np.full(2, 1_000)

    assert allocate(curves, none, all_of_it, 20).units.tolist() == [0, 20]
    assert allocate(curves, none, all_of_it, 200).units[0] > 50


def test_money_that_brings_nothing_is_still_spent_to_the_last_unit() -> None:
    curves = exponential(np.array([0.0, 5.0, 0.0]), np.array([1.0, 1.0, 1.0]))

    found = allocate(curves, np.zeros(3, dtype=np.int64), np.full(3, 10**6), 2_000_001)

    assert found.units.sum() == 2_000_001
    assert found.value == pytest.approx(5.0)


def test_fixed_campaigns_keep_their_money() -> None:
    curves = michaelis_menten(np.array([1.0, 9.0, 9.0]), np.array([5.0, 50.0, 50.0]))
    low, high = np.array([40, 0, 0]), np.array([40, 100, 100])

    assert allocate(curves, low, high, 140).units.tolist() == [40, 50, 50]


def test_no_campaigns_share_nothing() -> None:
    none = np.zeros(0, dtype=np.int64)
    curves = power(np.zeros(0), np.zeros(0))

    assert allocate(curves, none, none, 0).units.tolist() == []
    with pytest.raises(InfeasibleAllocation, match="must have 5 at least"):
        allocate(curves, none, none, 5)


@pytest.mark.parametrize(
    ("low", "high", "total", "says"),
    [
        ([5, 5], [9, 9], 9, "the total may have 9 at most, but the minimums inside need 10"),
        ([0, 0], [4, 4], 9, "the total must have 9 at least, but the maximums inside take 8"),
        ([0, 6], [4, 5], 9, "campaign 1 has a minimum of 6 and a maximum of 5"),
        ([-1, 0], [4, 5], 4, "campaign 0 has a minimum of -1 and a maximum of 4"),
    ],
)
def test_bounds_that_cannot_hold_are_named(
    low: list[int], high: list[int], total: int, says: str
) -> None:
    curves = power(np.ones(2), np.full(2, 0.5))

    with pytest.raises(InfeasibleAllocation, match=says):
        allocate(curves, np.array(low), np.array(high), total)


def test_a_group_that_needs_more_than_it_may_have_is_named() -> None:
    groups = Groups(
        parent=np.array([-1, 0, 0]),
        low=np.array([0, 0, 0]),
        high=np.array([100, 10, 100]),
        of=np.array([1, 1, 2]),
    )
    curves = power(np.ones(3), np.full(3, 0.5))

    with pytest.raises(InfeasibleAllocation, match=r"group 1 may have 10 at most.* need 12"):
        allocate(curves, np.array([6, 6, 0]), np.array([9, 9, 100]), 50, groups)


def test_a_tree_out_of_order_is_refused() -> None:
    none = np.zeros(3, dtype=np.int64)

    with pytest.raises(EngineError, match="group 1 must come after its parent 2"):
        Groups(parent=np.array([-1, 2, 0]), low=none, high=none + 1, of=none[:1])


@pytest.mark.parametrize(
    ("curves", "says"),
    [
        ((POWER, 1.0, 1.0, 1.0), "exponent of a power curve must lie in"),
        ((POWER, -1.0, 1.0, 0.5), "scale must be >= 0"),
        ((POWER, np.nan, 1.0, 0.5), "scale must be >= 0"),
        ((LOGARITHM, 1.0, 0.0, 0.5), "half must be > 0"),
        ((HILL, 1.0, 1.0, 0.0), "exponent of a Hill curve"),
        ((9, 1.0, 1.0, 0.5), "family is not known"),
    ],
)
def test_a_curve_that_is_none_is_refused_with_its_place(
    curves: tuple[int, float, float, float], says: str
) -> None:
    family, *rest = curves
    first = (LOGARITHM, 1.0, 1.0, 1.0)

    with pytest.raises(EngineError, match=f"{says}.*campaign 1 has"):
        Curves(
            np.array([first[0], family]),
            *(np.array([a, b]) for a, b in zip(first[1:], rest, strict=True)),
        )


class TestTotalsThatAreNotGiven:
    """As much as pays."""

    curves = logarithm(np.array([300.0, 500.0]), np.array([100.0, 100.0]))
    none, most = np.zeros(2, dtype=np.int64), np.full(2, 10_000)

    def test_spend_goes_on_until_the_next_unit_is_not_worth_it(self) -> None:
        # scale / (half + x) = 1 at x = scale - half.
        found = until_margin(self.curves, self.none, self.most, 1.0)

        assert found.units.tolist() == [200, 400]

    def test_a_target_return_is_reached_and_one_unit_more_would_miss_it(self) -> None:
        found = until_return(self.curves, self.none, self.most, 1.5)

        total = int(found.units.sum())
        more = allocate(self.curves, self.none, self.most, total + 1)
        assert found.value >= 1.5 * total
        assert more.value < 1.5 * (total + 1)

    def test_a_target_that_no_total_reaches_is_refused(self) -> None:
        with pytest.raises(InfeasibleAllocation, match="no total within the bounds brings 4"):
            until_return(self.curves, np.full(2, 300), self.most, 4.0)

    def test_a_margin_keeps_the_bounds_of_groups(self) -> None:
        groups = Groups(
            parent=np.array([-1, 0]),
            low=np.array([0, 0]),
            high=np.array([10_000, 250]),
            of=np.array([0, 1]),
        )

        found = until_margin(self.curves, self.none, self.most, 1.0, groups)

        assert found.units.tolist() == [200, 250]

    @pytest.mark.parametrize("marginal", [0.0, -1.0, np.nan, np.inf])
    def test_a_margin_must_be_a_number_above_zero(self, marginal: float) -> None:
        with pytest.raises(EngineError, match="marginal return must be above 0"):
            until_margin(self.curves, self.none, self.most, marginal)
