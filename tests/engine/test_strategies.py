"""What strategies make the hours of the week weigh, and the plans that follow."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine import patterns, plans, strategies
from engine.arrays import Floats, Ints, Rows
from engine.patterns import Estimate
from engine.plans import STRATEGIES, UNLIMITED

quick = settings(max_examples=40, deadline=None)
hours = arrays.arrays(np.float64, 25, elements=st.floats(0.0, 10.0).map(lambda w: w * (w > 1e-3)))
codes = st.lists(st.integers(0, len(STRATEGIES) - 1), max_size=6)


def planned(*codes: int) -> Rows:
    rows = plans.no_plans(len(codes))
    rows["strategy"] = codes
    rows["actuator"] = plans.ACTUATORS.index("budget")
    return rows


def learned(count: int) -> Estimate:
    """Return a different week for each campaign."""
    rows = np.resize(patterns.unpack([b""]), count)
    rows["hours"], rows["clicks"] = 9, np.arange(168)[None, :] * (np.arange(count)[:, None] + 1)
    rows["conversions"] = rows["clicks"][:, ::-1] * 10**6
    return patterns.estimate(rows, patterns.flat_prior(count))


def week_of(week: Estimate, row: int) -> Estimate:
    """Return the week of one campaign, alone."""
    return Estimate(**{each.name: getattr(week, each.name)[[row]] for each in fields(week)})


def amounts(total: int, weights: Floats, floor: int = 0, cap: int = UNLIMITED) -> Ints:
    row = np.array([total]), weights[None, :], np.array([floor]), np.array([cap])
    parts: Ints = strategies.hour_plan(*row).amounts[0]
    return parts


@pytest.mark.parametrize("strategy", strategies.REGISTRY.values())
def test_every_strategy_weighs_all_hours_of_the_week_and_none_below_zero(
    strategy: strategies.Strategy,
) -> None:
    weights = strategy.weigh(planned(0, 0, 0), learned(3))
    assert weights.shape == (3, 168)
    assert np.isfinite(weights).all()
    assert (weights >= 0.0).all()
    assert (weights.sum(axis=1) > 0.0).all()


def test_even_weighs_all_hours_alike_and_dayparting_by_their_conversions() -> None:
    week = learned(2)
    assert (strategies.even(planned(0, 0), week) == 1.0).all()
    assert (strategies.dayparting(planned(3, 3), week) == week.conversions).all()


LEARNED = [name for name in STRATEGIES if name != "even"]


@given(codes)
@quick
def test_each_plan_gets_the_week_of_its_strategy_whatever_the_others_have(codes: list[int]) -> None:
    rows = planned(*codes)
    need = strategies.needs_learning(rows)
    assert need.tolist() == [STRATEGIES[code] in LEARNED for code in codes]
    chosen = np.flatnonzero(need)
    week = learned(len(chosen))
    weights = strategies.week_weights(rows, week, chosen)
    for i, code in enumerate(codes):
        wanted = np.ones((1, 168))
        if STRATEGIES[code] in LEARNED:
            alone = week_of(week, chosen.tolist().index(i))
            wanted = strategies.REGISTRY[code].weigh(rows[[i]], alone)
        assert weights[i].tolist() == wanted[0].tolist()


@given(st.integers(0, 10**9), hours, st.integers(0, 24), st.floats(1e-3, 20.0))
@quick
def test_an_hour_that_weighs_more_never_gets_less_and_takes_it_from_the_others(
    total: int, weights: Floats, hour: int, more: float
) -> None:
    heavier = weights.copy()
    heavier[hour] += more
    before, after = amounts(total, weights), amounts(total, heavier)
    # One unit either way is rounding.
    assert after[hour] >= before[hour] - 1
    others = np.arange(25) != hour
    if weights[others].any():
        assert (after[others] <= before[others] + 1).all()


@given(st.integers(0, 10**9), hours)
@quick
def test_of_two_hours_the_heavier_never_gets_less(total: int, weights: Floats) -> None:
    order = np.argsort(weights, kind="stable")
    assert (np.diff(amounts(total, weights)[order]) >= -1).all()
    assert (amounts(total, weights)[weights == 0.0] == 0).all()


@given(st.integers(0, 10**9), hours, st.integers(-20, 20))
@quick
def test_the_unit_of_the_weights_is_irrelevant(total: int, weights: Floats, power: int) -> None:
    assert (amounts(total, weights) == amounts(total, weights * 2.0**power)).all()


def test_a_day_whose_hours_are_all_switched_off_spends_nothing_and_says_so() -> None:
    row = np.array([500]), np.zeros((1, 25)), np.array([3]), np.array([UNLIMITED])
    plan = strategies.hour_plan(*row)
    assert plan.amounts.tolist() == [[0] * 25]
    assert plan.unplaced.tolist() == [500]
    assert not plan.unmet.any()


def test_what_the_hourly_maximum_cuts_off_goes_to_the_other_hours_and_the_rest_is_told() -> None:
    weights = np.array([8.0, 1.0, 1.0])
    row = np.array([100]), weights[None, :], np.array([0])
    assert strategies.hour_plan(*row, np.array([60])).amounts.tolist() == [[60, 20, 20]]
    plan = strategies.hour_plan(*row, np.array([30]))
    assert (plan.amounts.tolist(), plan.unplaced.tolist()) == ([[30, 30, 30]], [10])
