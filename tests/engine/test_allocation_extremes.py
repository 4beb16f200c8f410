"""Totals shared out at the edges of what may be asked: still exact, within bounds, the best."""

from __future__ import annotations

import numpy as np
import pytest

from engine.allocation import Allocation, Groups, allocate
from engine.allocation_exchange import best_exchange
from engine.allocation_targets import until_margin, until_return
from engine.arrays import Floats, Ints
from engine.curve_families import EXPONENTIAL, HILL, LOGARITHM, MICHAELIS_MENTEN, POWER
from engine.curves import Curves, hill, logarithm, power
from tests.engine.allocating import Problem, most_value

FAMILIES = [POWER, LOGARITHM, EXPONENTIAL, MICHAELIS_MENTEN, HILL]
LARGEST = 300_000_000_000_000
"""Three million millions of money in cents: larger than any advertiser's year."""


def none_to(most: int, count: int) -> tuple[Ints, Ints]:
    return np.zeros(count, dtype=np.int64), np.full(count, most)


def of_family(family: int, scale: Floats) -> Curves:
    count = len(scale)
    return Curves(np.full(count, family), scale, np.full(count, 40.0), np.full(count, 0.5))


def check_kept(found: Allocation, bounds: tuple[Ints, Ints], total: int) -> None:
    assert found.units.sum() == total
    assert np.all((bounds[0] <= found.units) & (found.units <= bounds[1]))


@pytest.mark.parametrize("family", FAMILIES)
def test_campaigns_that_all_bring_nothing_share_the_whole_total(family: int) -> None:
    bounds = none_to(100, 30)

    found = allocate(of_family(family, np.zeros(30)), *bounds, 1_234)

    check_kept(found, bounds, 1_234)
    assert (found.value, found.gap) == (0.0, 0.0)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("from_end", [0, 1])
@pytest.mark.parametrize("tree", [False, True], ids=["flat", "tree"])
def test_totals_at_either_end_are_met(family: int, from_end: int, *, tree: bool) -> None:
    curves = of_family(family, np.linspace(0.0, 3.0, 12))
    low, high = np.full(12, 3), np.full(12, 50)
    of = np.arange(12) % 3
    groups = Groups(
        parent=np.array([-1, 0, 0]), low=np.zeros(3, np.int64), high=np.full(3, 600), of=of
    )

    for total in (36 + from_end, 600 - from_end):
        found = allocate(curves, low, high, total, groups if tree else None)

        check_kept(found, (low, high), total)
        assert best_exchange(curves, found.units, (low, high)).gain <= 0.0


def test_money_beyond_what_brings_anything_is_still_spent() -> None:
    curves = logarithm(np.array([4.0, 0.0, 2.0, 0.0]), np.full(4, 3.0))
    low, high = np.array([0, 1, 0, 0]), np.array([5, 11, 6, 13])

    found = allocate(curves, low, high, 22)

    assert found.units[[0, 2]].tolist() == [5, 6]
    check_kept(found, (low, high), 22)


@pytest.mark.parametrize("exponent", [1e-6, 0.001, 0.999, 1.0 - 1e-9])
def test_exponents_at_their_limits_leave_no_exchange_that_gains(exponent: float) -> None:
    curves = power(np.random.default_rng(1).lognormal(0.0, 1.0, 40), np.full(40, exponent))
    bounds = none_to(10**6, 40)

    found = allocate(curves, *bounds, 10**7 + 7)

    check_kept(found, bounds, 10**7 + 7)
    assert best_exchange(curves, found.units, bounds).gain <= 0.0
    assert found.gap <= 1e-9


@pytest.mark.parametrize("family", FAMILIES)
def test_the_largest_totals_are_met_to_the_cent(family: int) -> None:
    rng = np.random.default_rng(2)
    curves = Curves(
        np.full(500, family),
        rng.lognormal(0.0, 1.0, 500),
        rng.lognormal(25.0, 2.0, 500),
        rng.uniform(0.3, 0.9, 500),
    )
    bounds = none_to(LARGEST, 500)

    found = allocate(curves, *bounds, LARGEST)

    check_kept(found, bounds, LARGEST)
    assert found.gap <= 1e-9


def test_a_hill_curve_that_is_nearly_flat_brings_nothing_without_spend() -> None:
    curves = hill(np.ones(2), np.full(2, 50.0), np.array([0.001, 0.5]))

    assert curves.value(np.zeros(2)).tolist() == [0.0, 0.0]
    np.testing.assert_allclose(curves.gain(np.zeros(2), np.ones(2)), curves.value(np.ones(2)))


@pytest.mark.parametrize("tree", [False, True], ids=["flat", "tree"])
def test_maximums_that_are_none_may_sum_to_more_than_a_whole_number_holds(*, tree: bool) -> None:
    count = 50_000
    bounds = none_to(LARGEST, count)
    groups = Groups(
        parent=np.array([-1, 0]),
        low=np.zeros(2, np.int64),
        high=np.full(2, 2**62),
        of=np.ones(count, np.int64),
    )
    curves = power(np.linspace(1.0, 2.0, count), np.full(count, 0.5))

    found = allocate(curves, *bounds, LARGEST, groups if tree else None)

    check_kept(found, bounds, LARGEST)


def test_of_single_units_the_best_are_bought() -> None:
    scale = np.array([5.0, 1.0, 4.0, 3.0, 2.0])
    low = np.array([0, 3, 1, 0, 2])
    worth = scale * (np.sqrt(low + 1.0) - np.sqrt(low))

    found = allocate(power(scale, np.full(5, 0.5)), low, low + 1, int(low.sum()) + 2)

    assert set(np.flatnonzero(found.units > low)) == set(np.argsort(-worth)[:2])


def test_a_hundred_equal_curves_that_bend_upwards_are_nearly_all_filled_or_left_empty() -> None:
    curves = hill(np.ones(100), np.full(100, 1_000.0), np.full(100, 4.0))
    bounds = none_to(5_000, 100)

    found = allocate(curves, *bounds, 70_003)

    check_kept(found, bounds, 70_003)
    # The best spend per value of one: where the line from zero touches, 1,316 units.
    best = curves.value(np.full(100, 1_316.0))[0] * 70_003 / 1_316
    assert found.value > 0.99 * best
    assert found.bound >= found.value


def test_in_a_tree_a_group_whose_curve_bends_at_the_pools_price_is_not_held_at_its_least() -> None:
    # The price of the whole is that of a line in group 2: it may have any part of it.
    curves = Curves(
        np.array([HILL, MICHAELIS_MENTEN, HILL, HILL, HILL, HILL]),
        np.array([1.48551033, 4.38714194, 6.49137299, 10.36596087, 0.63313263, 3.69178979]),
        np.array([6.40153735, 4.18193309, 16.92739457, 5.75813552, 1.88546, 7.3288662]),
        np.array([3.20603761, 0.72549878, 0.87189875, 4.06225781, 1.04352426, 6.94169511]),
    )
    groups = Groups(
        parent=np.array([-1, 0, 1]),
        low=np.array([0, 0, 3]),
        high=np.array([10**6, 18, 26]),
        of=np.array([2, 0, 0, 1, 2, 0]),
    )
    low, high = np.array([0, 0, 3, 0, 0, 1]), np.array([11, 11, 12, 9, 6, 14])
    most = most_value(Problem(curves, low, high, 47, groups))

    found = allocate(curves, low, high, 47, groups)

    assert most is not None
    assert found.value == pytest.approx(most, rel=1e-9)
    assert found.bound >= most * (1.0 - 1e-12)


class TestTargetsInATree:
    """As much as pays, within the bounds of groups."""

    curves = logarithm(np.array([300.0, 500.0, 400.0]), np.full(3, 100.0))
    low, high = np.zeros(3, dtype=np.int64), np.full(3, 10_000)
    groups = Groups(
        parent=np.array([-1, 0, 0]),
        low=np.array([0, 120, 0]),
        high=np.array([10_000, 10_000, 350]),
        of=np.array([1, 2, 2]),
    )

    def bounds_hold(self, found: Allocation) -> bool:
        sums = self.groups.sums(found.units)
        return bool(np.all((self.groups.low <= sums) & (sums <= self.groups.high)))

    @pytest.mark.parametrize("target", [1.2, 1.5, 2.5])
    def test_a_target_return_is_reached_and_one_unit_more_would_miss_it(
        self, target: float
    ) -> None:
        found = until_return(self.curves, self.low, self.high, target, self.groups)

        total = int(found.units.sum())
        more = allocate(self.curves, self.low, self.high, total + 1, self.groups)
        assert self.bounds_hold(found)
        assert found.value >= target * total
        assert more.value < target * (total + 1)

    def test_a_target_cost_is_one_over_a_return(self) -> None:
        # Conversions, of which each may cost 0.8.
        found = until_return(self.curves, self.low, self.high, 1.0 / 0.8, self.groups)

        assert found.units.sum() / found.value <= 0.8

    def test_campaigns_out_of_their_groups_order_are_answered_alike(self) -> None:
        order = np.array([2, 0, 1])
        moved = Groups(
            parent=self.groups.parent,
            low=self.groups.low,
            high=self.groups.high,
            of=self.groups.of[order],
        )

        for act in (until_margin, until_return):
            found = act(self.curves, self.low, self.high, 1.5, self.groups)
            again = act(self.curves.of(order), self.low, self.high, 1.5, moved)

            np.testing.assert_array_equal(again.units, found.units[order])
