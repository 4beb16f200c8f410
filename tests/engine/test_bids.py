"""Bids follow value and rate, keep their limits, and know no unit of money."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import bids as engine
from engine.arrays import Floats
from engine.bids import REASONS, Goals, InForce, Limits, bids, performance, worth
from engine.order_values import TaughtValue, teach_value, value_per_conversion

quick = settings(max_examples=150, deadline=None)
wants = st.integers(1, 10_000)


def goals(cpa: float = 0.0, roas: float = 0.0, margin: float = 0.0) -> Goals:
    return Goals(
        target_cpa=np.array([cpa]), target_roas=np.array([roas]), margin=np.array([margin])
    )


LIMITS = Limits(
    low=np.array([10.0]),
    high=np.array([5_000.0]),
    change=np.array([0.25]),
    cooldown=np.array([6.0]),
    step=np.array([1.0]),
)


def bid(
    wanted: float,
    now: tuple[float, float] = (0.0, 99.0),
    emergency: float = 1.0,
    *,
    learning: bool = False,
    limits: Limits = LIMITS,
) -> tuple[float, str]:
    """Return a bid and what held it; ``now`` is the bid in force and the hours since its change."""
    force = InForce(bid=np.array(now[:1]), since=np.array(now[1:]), learning=np.array([learning]))
    found = bids(np.array([wanted]), limits, force, np.array([emergency]))
    return float(found.bid[0]), REASONS[found.reason[0]]


@pytest.mark.parametrize(
    ("goal", "pays"),
    [
        (goals(cpa=30.0), 30.0),
        (goals(roas=4.0), 25.0),
        (goals(), 100.0),
        (goals(margin=0.4), 40.0),
        (goals(cpa=30.0, margin=0.2), 20.0),
        (goals(roas=4.0, margin=0.4), 25.0),
    ],
)
def test_a_conversion_worth_100_may_cost(goal: Goals, pays: float) -> None:
    assert worth(np.array([100.0]), goal) == pytest.approx([pays])


def test_a_conversion_of_unknown_value_may_cost_its_target_and_without_one_nothing() -> None:
    assert worth(np.zeros(1), goals(cpa=30.0, margin=0.2)).tolist() == [30.0]
    assert worth(np.zeros(1), goals(roas=4.0)).tolist() == [0.0]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (bid(200.0), (200.0, "free")),
        (bid(200.7), (200.0, "free")),
        (bid(3.0), (10.0, "minimum")),
        (bid(9_000.0), (5_000.0, "maximum")),
        (bid(200.0, now=(100.0, 99.0)), (125.0, "max_change")),
        (bid(20.0, now=(100.0, 99.0)), (75.0, "max_change")),
        (bid(110.0, now=(100.0, 99.0)), (110.0, "free")),
        (bid(110.0, now=(100.0, 5.0)), (100.0, "cooldown")),
        (bid(110.0, now=(100.0, 99.0), learning=True), (100.0, "learning_phase")),
        (bid(110.0, now=(100.0, 1.0), emergency=0.5), (50.0, "emergency")),
        (bid(110.0, now=(100.0, 99.0), learning=True, emergency=0.5), (50.0, "emergency")),
        (bid(30.0, now=(100.0, 99.0), emergency=0.9), (67.0, "emergency")),
        (bid(8.0, now=(100.0, 99.0), emergency=0.05), (10.0, "minimum")),
        (bid(0.0, now=(100.0, 99.0)), (100.0, "nothing_known")),
        (bid(0.0), (0.0, "nothing_known")),
    ],
)
def test_what_is_wanted_is_held_and_says_by_what(
    found: tuple[float, str], said: tuple[float, str]
) -> None:
    assert found == said


@given(wants, wants, st.integers(0, 6_000), st.floats(0.0, 20.0), st.integers(0, 1))
@quick
def test_whoever_wants_more_never_bids_less_and_all_keep_their_limits(
    one: int, other: int, now: int, since: float, learning: int
) -> None:
    less, more = (
        bid(float(each), (float(now), since), learning=learning > 0)[0]
        for each in sorted((one, other))
    )
    assert less <= more
    for each in (less, more):
        assert 10.0 <= each <= 5_000.0
        assert each == round(each)
        inside = 10.0 <= now <= 5_000.0
        assert not now or not inside or 0.75 * now - 1.0 <= each <= 1.25 * now


@given(wants, st.integers(0, 6_000), st.sampled_from([2.0, 64.0, 1_024.0]))
@quick
def test_the_unit_of_money_changes_nothing_but_the_unit(want: int, now: int, unit: float) -> None:
    money = {"low", "high", "step"}
    scaled = replace(LIMITS, **{name: unit * getattr(LIMITS, name) for name in sorted(money)})
    amount, reason = bid(float(want), (float(now), 99.0))
    assert bid(unit * want, (unit * now, 99.0), limits=scaled) == (unit * amount, reason)


def test_an_emergency_of_many_hours_cuts_once_and_all_comes_back_when_it_ends() -> None:
    force, since = np.array([101.0]), 1.0
    made = []
    for emergency in (0.5, 0.5, 0.5, 0.8, 1.0):
        now = InForce(bid=force, since=np.array([since]), learning=np.array([False]))
        found = bids(np.array([300.0]), LIMITS, now, np.array([emergency]))
        made.append(float(found.bid[0]))
        force, since = found.usual, since + 1.0
    assert made == [50.0, 50.0, 50.0, 80.0, 101.0]


@given(st.floats(0.1, 1e4), st.floats(0.0, 1e4), st.sampled_from(["cpa", "roas", "margin", ""]))
@quick
def test_what_is_worth_more_may_never_cost_less(value: float, more: float, goal: str) -> None:
    aim = goals(**{goal: 0.5}) if goal else goals()
    less, greater = (float(worth(np.array([each]), aim)[0]) for each in (value, value + more))
    assert 0.0 < less <= greater


def test_a_bid_does_not_depend_on_who_shares_its_batch() -> None:
    chance = np.random.default_rng(1)
    wanted = chance.uniform(0.0, 300.0, 50)
    limits = Limits(**{f.name: np.repeat(getattr(LIMITS, f.name), 50) for f in fields(Limits)})
    now = InForce(
        bid=np.round(chance.uniform(0.0, 300.0, 50)),
        since=chance.uniform(0.0, 12.0, 50),
        learning=chance.random(50) < 0.2,
    )
    together = bids(wanted, limits, now, np.ones(50))
    for row in range(50):
        force = float(now.bid[row]), float(now.since[row])
        alone = bid(float(wanted[row]), force, learning=bool(now.learning[row]))
        assert alone == (together.bid[row], REASONS[together.reason[row]])
    none = np.zeros(0)
    no_limits = Limits(low=none, high=none, change=none, cooldown=none, step=none)
    nothing = InForce(bid=none, since=none, learning=none > 0.0)
    assert bids(none, no_limits, nothing, none).bid.shape == (0,)
    assert len(REASONS) == engine.NOTHING_KNOWN + 1


@given(st.floats(0.0, 1e4), st.floats(0.0, 1e4), st.floats(0.0, 1e3))
@quick
def test_performance_is_one_without_evidence_bounded_and_rises_with_conversions(
    counted: float, expected: float, more: float
) -> None:
    def of(count: float, due: float) -> float:
        return float(performance(np.array([count]), np.array([due]))[0])

    assert of(0.0, 0.0) == of(expected, expected) == 1.0
    assert 0.5 <= of(counted, expected) <= of(counted + more, expected) <= 2.0


def test_what_a_conversion_is_worth_goes_from_what_was_taught_to_what_is_seen() -> None:
    taught = TaughtValue(mean=50.0, strength=10.0)
    orders = np.array([0.0, 10.0, 1e9])
    value = value_per_conversion(100.0 * orders, orders, np.zeros(3), taught)
    assert value == pytest.approx([50.0, 75.0, 100.0])
    stated = value_per_conversion(100.0 * orders, orders, np.full(3, 20.0), taught)
    assert stated == pytest.approx([20.0, 60.0, 100.0])


def test_a_value_nobody_knows_is_zero_and_its_unit_is_that_of_the_revenue() -> None:
    nobody = teach_value(np.zeros(2), np.array([0.0, 4.0]))
    assert value_per_conversion(np.zeros(2), np.zeros(2), np.zeros(2), nobody).tolist() == [0, 0]
    revenue, orders = np.array([300.0, 90.0, 0.0]), np.array([3.0, 2.0, 0.0])
    one, other = teach_value(revenue, orders), teach_value(64.0 * revenue, orders)
    assert other.mean == pytest.approx(64.0 * one.mean)
    assert other.strength == pytest.approx(one.strength)


def orders_of(spread: float, seed: int) -> tuple[Floats, Floats]:
    """Return revenue and orders of campaigns whose mean values differ; an order's varies by 1."""
    chance = np.random.default_rng(seed)
    orders = chance.integers(1, 60, 4_000)
    mean = 40.0 * chance.gamma(1.0 / spread**2, spread**2, 4_000)
    return mean * chance.gamma(orders.astype(float)), orders.astype(float)


@pytest.mark.parametrize("spread", [0.2, 0.5])
def test_how_much_campaigns_differ_in_value_is_found(spread: float) -> None:
    """Orders are exponential around means that vary by ``spread``: 1 / spread^2 orders tell."""
    taught = teach_value(*orders_of(spread, 3))
    assert taught.mean == pytest.approx(40.0, rel=0.03)
    assert taught.strength == pytest.approx(1.0 / spread**2, rel=0.25)
