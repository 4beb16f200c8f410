"""What is explored stays within its reserve, and is worth less the more is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine import pacer
from engine.arrays import Floats
from engine.exploration import (
    FARTHEST,
    Explored,
    Reserve,
    charged,
    coin,
    explore,
    towards_the_unknown,
    worth,
)
from engine.multiplier import Spending
from engine.response import ELASTICITY, Observed, Response
from tests.engine.test_pacer import decided, lived, shapes_for, started

quick = settings(max_examples=60, deadline=None)
OPEN = np.array([True])
# Below this a share of a few units of money is no number that can be told from 0.
fractions = st.just(0.0) | st.floats(1e-9, 1.0)


def reserve(total: float, used: float = 0.0) -> Reserve:
    return Reserve(total=np.array([total]), used=np.array([used]))


def known(sd: float) -> Response:
    response = lived(np.full(30, 100.0), np.zeros(30)).response
    covariance = response.covariance.copy()
    covariance[:, ELASTICITY, ELASTICITY] = sd**2
    return replace(response, covariance=covariance)


def usual(left: float = 1_000.0) -> Spending:
    return decided(lived(np.full(30, 100.0), np.zeros(30)), np.array([left]))


def tried(response: Response, money: Reserve, toss: float, spending: Spending) -> Explored:
    return explore(response, spending, money, np.array([toss]), open_=OPEN)


@given(
    st.floats(1.0, 1e6), st.floats(0.0, 1e5), st.floats(0.0, 1e5), fractions, st.floats(0.0, 1.0)
)
@quick
def test_whatever_an_hour_spends_its_move_costs_no_more_than_is_left_of_the_reserve(
    left: float, total: float, used: float, toss: float, part: float
) -> None:
    response, before = known(0.7), reserve(total, used)
    made = tried(response, before, toss * 0.999, usual(left))
    spend = made.spending.cap * part
    after, spent = charged(response, before, made, spend)
    assert after.used[0] - used <= before.left[0] * (1.0 + 1e-9) + 1e-6
    assert 0.0 <= spent[0] <= spend[0] + 1e-9
    assert made.spending.cap.tolist() == usual(left).cap.tolist()
    assert abs(made.moved[0]) <= FARTHEST


@given(st.floats(0.0, 3.0), st.floats(0.0, 1.0), fractions)
@quick
def test_the_less_is_sure_of_the_elasticity_the_farther_the_move_and_none_where_it_is_known(
    sd: float, more: float, toss: float
) -> None:
    assert worth(known(sd))[0] <= worth(known(sd + more))[0] < FARTHEST
    made = tried(known(0.0), reserve(1e9), toss * 0.999, usual())
    assert made.moved.tolist() == [0.0]
    assert made.spending.log_multiplier.tolist() == usual().log_multiplier.tolist()


def test_without_a_reserve_or_leave_nothing_is_moved() -> None:
    for money, open_ in ((reserve(0.0), True), (reserve(5.0, 5.0), True), (reserve(1e9), False)):
        made = explore(known(0.7), usual(), money, np.array([0.9]), open_=np.array([open_]))
        assert made.moved.tolist() == [0.0]


def test_a_coin_is_fair_and_the_same_for_a_campaign_and_its_hour_wherever_it_is_thrown() -> None:
    campaigns, hours = np.meshgrid(np.arange(400), 3_600 * np.arange(250))
    thrown = coin(campaigns.ravel(), hours.ravel())
    assert thrown.min() >= 0.0
    assert thrown.max() < 1.0
    assert (thrown < 0.5).mean() == pytest.approx(0.5, abs=0.005)
    by_hour = thrown.reshape(250, 400)
    assert abs(np.corrcoef(by_hour[:-1].ravel(), by_hour[1:].ravel())[0, 1]) < 0.01
    alone = coin(np.array([7]), np.array([3_600 * 9]))
    assert alone[0] == by_hour[9, 7]
    assert coin(np.array([7]), np.array([3_600 * 9]), draw=1)[0] != alone[0]


def a_market(share: float, count: int = 60) -> tuple[Floats, Floats, float]:
    """Live five days of campaigns that differ in elasticity; return errors, costs and spend."""
    chance = np.random.default_rng(4)
    truth, budget = chance.uniform(0.8, 3.5, count), 2_400.0
    shapes, pacing = shapes_for(count), started(count)
    in_force, late = np.zeros(count), np.zeros(count, dtype=np.int64)
    paid, total = np.zeros(count), 0.0
    for day in range(5):
        money = Reserve(total=np.full(count, share * budget), used=np.zeros(count))
        spent = np.zeros(count)
        for hour in range(24):
            cells = np.tile(24 * day + np.arange(hour, 24), (count, 1)) % 168
            made = pacer.decide(pacing, shapes, cells, budget - spent, (in_force, late))
            at = np.full(count, 3_600 * (24 * day + hour))
            coins = coin(np.arange(count), at)
            moved = explore(pacing.response, made, money, coins, open_=np.full(count, share > 0.0))
            in_force, cap = moved.spending.log_multiplier, moved.spending.cap
            asked = 100.0 * np.exp(truth * in_force + chance.normal(0.0, 0.08, count))
            spend = np.minimum(asked, cap)
            money, _ = charged(pacing.response, money, moved, spend)
            spent = spent + spend
            seen = Observed(
                cells=cells[:, 0],
                log_multiplier=in_force,
                spend=spend,
                impressions=np.full(count, 1_000.0),
                capped=asked > cap,
                usable=np.ones(count, dtype=np.bool_),
            )
            pacing = pacer.learn_hour(pacing, shapes, seen)
        paid = np.maximum(paid, money.used / budget)
        total += float(spent.sum())
    return np.abs(pacing.response.mean[:, ELASTICITY] - truth), paid, total / (5 * count * budget)


def test_a_reserve_of_a_twentieth_buys_a_better_elasticity_and_nothing_else() -> None:
    errors, _, without = a_market(0.0)
    better, paid, within = a_market(0.05)
    assert better.mean() < 0.6 * errors.mean()
    assert (paid <= 0.05 + 1e-9).all()
    assert paid.mean() > 0.001
    assert within == pytest.approx(without, abs=0.01)


weights = arrays.arrays(np.float64, (1, 25), elements=st.floats(0.0, 10.0))
shares = arrays.arrays(np.float64, (1, 25), elements=fractions)


@given(weights, shares, fractions)
@quick
def test_a_split_keeps_its_sum_and_explores_no_more_than_its_share_nor_hours_that_are_off(
    split: Floats, sure: Floats, share: float
) -> None:
    after, of_reserve = towards_the_unknown(split, sure, np.array([share]))
    assert after.sum() == pytest.approx(split.sum())
    assert (after[split == 0.0] == 0.0).all()
    assert (of_reserve >= 0.0).all()
    assert of_reserve.sum() <= share * split.sum() * (1.0 + 1e-9)
    assert (of_reserve[sure == 1.0] == 0.0).all()
    same, none = towards_the_unknown(split, np.ones((1, 25)), np.array([share]))
    assert same.tolist() == split.tolist()
    assert not none.any()
