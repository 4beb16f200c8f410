"""Money moves between hours where today departs from what was expected, and its sum stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrays import Floats, Ints
from engine.plans import UNLIMITED
from engine.reallocation import (
    DEPARTS,
    HELD_BACK,
    MOST,
    USUAL_DISPERSION,
    Departure,
    Today,
    because,
    departure,
    dispersion,
    reallocate,
)
from engine.response import FADING, FIRST_ELASTICITY
from engine.strategies import hour_plan

quick = settings(max_examples=80, deadline=None)
ONE = np.ones(1)
hours = st.lists(
    st.tuples(st.floats(0.0, 60.0), st.floats(0.0, 60.0), st.floats(0.0, 1.2)),
    min_size=1,
    max_size=23,
)
splits = st.lists(st.floats(0.1, 9.0), min_size=2, max_size=25)


def today(lived: list[tuple[float, float, float]]) -> Today:
    """Return hours, the oldest first, as counted, expected and mature."""
    counted, expected, maturity = (np.array([part]) for part in zip(*lived, strict=True))
    return Today(
        counted=counted,
        expected=expected,
        maturity=maturity,
        ages=np.arange(len(lived), 0, -1)[None, :],
    )


def ahead(weights: list[float]) -> Floats:
    return np.array([[*weights, *[0.0] * (25 - len(weights))]])


def free(floor: int = 0, cap: int = UNLIMITED) -> tuple[Ints, Ints]:
    return np.array([floor]), np.array([cap])


@given(hours, splits, st.integers(0, 10**9), st.floats(1.0, 4.0), st.integers(0, 50))
@quick
def test_the_sum_and_the_bounds_are_kept_whatever_today_brought(
    lived: list[tuple[float, float, float]],
    weights: list[float],
    total: int,
    dispersed: float,
    floor: int,
) -> None:
    found = departure(today(lived), np.array([dispersed]))
    cap = floor + total // 3
    moved = reallocate(np.array([total]), ahead(weights), free(floor, cap), found)
    assert moved.after.amounts.sum() == moved.before.amounts.sum()
    assert moved.after.unplaced.tolist() == moved.before.unplaced.tolist()
    assert (moved.after.amounts <= cap).all()
    assert moved.after.unmet[0] or (moved.after.amounts[0, : len(weights)] >= floor).all()
    assert abs(found.lift[0]) <= MOST
    assert moved.moved[0] == -np.minimum(moved.after.amounts - moved.before.amounts, 0).sum()


@given(hours, splits, st.integers(0, 10**9))
@quick
def test_a_day_as_expected_is_left_as_it_was_to_the_unit(
    lived: list[tuple[float, float, float]], weights: list[float], total: int
) -> None:
    same = [(expected, expected, maturity) for _, expected, maturity in lived]
    found = departure(today(same), ONE)
    moved = reallocate(np.array([total]), ahead(weights), free(), found)
    usual = hour_plan(np.array([total]), ahead(weights), *free())
    assert moved.after.amounts.tolist() == usual.amounts.tolist()
    assert because(found, int(moved.moved[0]), 0)[0] == "as_expected"


def test_a_good_morning_moves_money_to_the_hours_that_are_near_and_says_so() -> None:
    found = departure(today([(20.0, 10.0, 1.0)] * 6), ONE)
    moved = reallocate(np.array([10_000]), ahead([1.0] * 12), free(), found)
    amounts = moved.after.amounts[0, :12]
    assert (np.diff(amounts) <= 0).all()
    assert amounts[0] > 10_000 // 12 > amounts[-1]
    code, evidence = because(found, int(moved.moved[0]), 0)
    assert code == "better_than_expected"
    weight = sum(FADING**age for age in range(6))
    squares = sum(FADING ** (2 * age) for age in range(6))
    factor = (20 * weight + 10) / (10 * weight + 10)
    assert evidence == {
        "counted": pytest.approx(20 * weight, abs=0.01),
        "expected": pytest.approx(10 * weight, abs=0.01),
        "score": pytest.approx(10 * weight / (10 * squares) ** 0.5, abs=0.01),
        "factor": pytest.approx(factor, abs=0.001),
        "moved": int(np.maximum(amounts - moved.before.amounts[0, :12], 0).sum()),
    }
    worse = departure(today([(2.0, 10.0, 1.0)] * 6), ONE)
    away = reallocate(np.array([10_000]), ahead([1.0] * 12), free(), worse)
    assert (np.diff(away.after.amounts[0, :12]) >= 0).all()
    assert because(worse, int(away.moved[0]), 0)[0] == "worse_than_expected"


def test_an_immature_hour_is_not_judged() -> None:
    assert not departure(today([(0.0, 50.0, 0.05)] * 5), ONE).departs[0]
    assert departure(today([(0.0, 50.0, 0.5)] * 5), ONE).departs[0]


@given(hours, st.floats(0.0, 50.0))
@quick
def test_more_conversions_never_lower_the_score(
    lived: list[tuple[float, float, float]], more: float
) -> None:
    better = [(counted + more, expected, mature) for counted, expected, mature in lived]
    low, high = (departure(today(each), ONE) for each in (lived, better))
    assert low.score[0] <= high.score[0] + 1e-9


def drawn(chance: np.random.Generator, mean: Floats, dispersed: float) -> Floats:
    """Draw counts whose variance is their mean times ``dispersed``."""
    if dispersed == 1.0:
        return chance.poisson(mean).astype(np.float64)
    rate = 1.0 / (dispersed - 1.0)
    return chance.poisson(chance.gamma(mean * rate, 1.0 / rate)).astype(np.float64)


@pytest.mark.parametrize("dispersed", [1.0, 2.0, 4.0])
def test_chance_departs_about_once_in_a_hundred_days_however_dispersed_it_is(
    dispersed: float,
) -> None:
    chance, count = np.random.default_rng(5), 6_000
    expected = np.tile(np.linspace(5.0, 25.0, 24), (count, 14))
    learned = dispersion(drawn(chance, expected, dispersed), expected)
    assert learned.mean() == pytest.approx(dispersed, rel=0.1, abs=0.1)
    now = expected[:, :12]
    found = departure(
        Today(
            counted=drawn(chance, now, dispersed),
            expected=now,
            maturity=np.ones(now.shape),
            ages=np.tile(np.arange(12, 0, -1), (count, 1)),
        ),
        learned,
    )
    assert found.departs.mean() < 0.02
    assert np.abs(found.score).mean() == pytest.approx(0.8, abs=0.06)


def test_a_dispersion_without_hours_is_the_usual_one_and_never_below_counting() -> None:
    assert dispersion(np.zeros((1, 3)), np.zeros((1, 3))).tolist() == [USUAL_DISPERSION]
    flat = np.full((1, 5_000), 9.0)
    assert dispersion(flat, flat).tolist() == [1.0]


def test_where_a_departure_fades_as_it_is_taken_to_the_move_brings_more() -> None:
    """Hours whose worth is the usual one times a factor that fades, money answering as it does."""
    chance, count = np.random.default_rng(6), 4_000
    lift = chance.normal(0.0, 0.6, count)
    ages = np.arange(8, 0, -1)
    expected = np.full((count, 8), 20.0)
    # The deviation is that of the last hour; it was the same before, for as long as is looked at.
    counted = chance.poisson(expected * np.exp(lift)[:, None]).astype(np.float64)
    found = departure(
        Today(
            counted=counted,
            expected=expected,
            maturity=np.ones(expected.shape),
            ages=np.tile(ages, (count, 1)),
        ),
        np.full(count, 1.0),
    )
    weights = np.tile(ahead([1.0] * 12), (count, 1))
    bounds = np.zeros(count, dtype=np.int64), np.full(count, UNLIMITED)
    moved = reallocate(np.full(count, 100_000), weights, bounds, found)
    worth = np.exp(lift[:, None] * FADING ** np.arange(1, 26))
    power = 1.0 - 1.0 / FIRST_ELASTICITY

    def value(amounts: Ints) -> float:
        return float((worth * amounts.astype(np.float64) ** power).sum())

    assert value(moved.after.amounts) > 1.003 * value(moved.before.amounts)


@given(st.lists(st.tuples(hours, splits), min_size=2, max_size=4))
@quick
def test_a_campaign_is_moved_alike_alone_and_in_any_batch(
    several: list[tuple[list[tuple[float, float, float]], list[float]]],
) -> None:
    each = [departure(today(lived), ONE) for lived, _ in several]
    together = Departure(
        counted=np.concatenate([one.counted for one in each]),
        expected=np.concatenate([one.expected for one in each]),
        score=np.concatenate([one.score for one in each]),
        lift=np.concatenate([one.lift for one in each]),
    )
    weights = np.concatenate([ahead(split) for _, split in several])
    count = len(several)
    bounds = np.zeros(count, dtype=np.int64), np.full(count, UNLIMITED)
    moved = reallocate(np.full(count, 777), weights, bounds, together)
    for i, (one, (_, split)) in enumerate(zip(each, several, strict=True)):
        alone = reallocate(np.array([777]), ahead(split), free(), one)
        assert moved.after.amounts[i].tolist() == alone.after.amounts[0].tolist()


def test_the_border_is_that_of_the_normal_distribution() -> None:
    assert pytest.approx(2.5758, abs=1e-3) == DEPARTS


@pytest.mark.parametrize(("left", "held_back"), [(HELD_BACK - 1, False), (HELD_BACK, True)])
def test_late_in_the_day_money_is_put_forward_but_not_held_back(
    left: int, *, held_back: bool
) -> None:
    for counted, moves in ((2.0, held_back), (20.0, True)):
        found = departure(today([(counted, 10.0, 1.0)] * 6), ONE)
        moved = reallocate(np.array([10_000]), ahead([1.0] * left), free(), found)
        assert bool(moved.moved[0]) is moves
