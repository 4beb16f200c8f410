"""What another bid brings, against clicks that are sold one by one at the second price."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bid_gains import ANSWER, LEAST_MOVE, Move, gains, price_between, worthwhile
from engine.intervals import LIKELY

bids = st.floats(0.01, 100.0)


def move(old: float, new: float, **given_: float) -> Move:
    numbers = {"allowed": 50.0, "rate": 0.02, "deviation": 0.1, "clicks": 100.0, "spend": 40.0}
    numbers |= {"old": old, "new": new} | given_
    return Move(**{name: np.array([value]) for name, value in numbers.items()})


def auctions(bid: float, answer: float, steps: int = 200_000) -> tuple[float, float]:
    """Return clicks and their cost where each is sold at its own price, all below the bid.

    Clicks that cost up to a price are that price to the power of the answer.
    """
    edges = np.linspace(0.0, bid, steps + 1)
    sold = np.diff(edges**answer)
    return float(sold.sum()), float((sold * 0.5 * (edges[1:] + edges[:-1])).sum())


@pytest.mark.parametrize("answer", [0.2, 0.5, 1.2])
@pytest.mark.parametrize(("old", "new"), [(1.0, 1.5), (1.0, 0.6), (3.0, 3.3)])
def test_the_price_is_what_the_clicks_between_two_bids_cost_one_by_one(
    old: float, new: float, answer: float
) -> None:
    (few, cheap), (many, dear) = auctions(old, answer), auctions(new, answer)
    price = price_between(np.array([old]), np.array([new]), answer)[0]
    assert price == pytest.approx((dear - cheap) / (many - few), rel=1e-3)


@given(bids, bids)
def test_the_price_lies_between_the_bids_and_there_and_back_cost_the_same(
    old: float, new: float
) -> None:
    there = float(price_between(np.array([old]), np.array([new]), ANSWER)[0])
    back = float(price_between(np.array([new]), np.array([old]), ANSWER)[0])
    assert min(old, new) * (1 - 1e-6) <= there <= max(old, new) * (1 + 1e-6)
    assert there == pytest.approx(back, rel=1e-5)


@given(bids, st.floats(1.05, 3.0), st.floats(0.02, 0.8))
def test_a_move_to_what_a_click_is_worth_rather_gains_and_one_away_from_it_rather_loses(
    worth: float, times: float, deviation: float
) -> None:
    rate = 0.02
    there = move(worth / times, worth, allowed=worth / rate, rate=rate, deviation=deviation)
    away = move(worth, worth * times, allowed=worth / rate, rate=rate, deviation=deviation)
    assert gains(there).confidence[0] > 0.5 > gains(away).confidence[0]
    assert gains(there).gain.middle[0] > 0.0 > gains(away).gain.middle[0]


def test_the_confidence_is_how_often_a_draw_of_worth_and_answer_gains() -> None:
    chance = np.random.default_rng(1)
    worth = 1.0 * np.exp(0.3 * chance.standard_normal(400_000))
    answer = 0.5 * np.exp(0.7 * chance.standard_normal(400_000))
    price = price_between(np.full(400_000, 0.8), np.full(400_000, 1.1), answer)
    told = gains(move(0.8, 1.1, deviation=0.3)).confidence[0]
    assert told == pytest.approx(float((worth > price).mean()), abs=0.003)


def test_impact_is_in_units_of_money_and_in_proportion_to_clicks() -> None:
    one = gains(move(1.0, 1.4))
    cents = gains(move(100.0, 140.0, allowed=5_000.0, spend=4_000.0))
    twice = gains(move(1.0, 1.4, clicks=200.0, spend=80.0))
    for name in ("low", "middle", "high"):
        gain = getattr(one.gain, name)[0]
        assert getattr(cents.gain, name)[0] == pytest.approx(100.0 * gain)
        assert getattr(twice.gain, name)[0] == pytest.approx(2.0 * gain)
        assert getattr(cents.conversions, name)[0] == pytest.approx(
            getattr(one.conversions, name)[0]
        )
    assert cents.confidence[0] == pytest.approx(one.confidence[0])


def test_without_clicks_nothing_is_gained_and_what_is_worth_more_is_still_known() -> None:
    nothing = gains(move(1.0, 1.4, clicks=0.0, spend=0.0))
    assert [float(each[0]) for each in (nothing.gain.low, nothing.gain.high)] == [0.0, 0.0]
    assert nothing.cost.middle[0] == 0.0
    assert nothing.confidence[0] == gains(move(1.0, 1.4)).confidence[0]


def test_a_bid_within_the_noise_of_what_a_click_is_worth_is_left_alone() -> None:
    old = np.ones(5)
    limit = math.exp(LIKELY * 0.2)
    wanted = np.array([limit * 1.001, limit * 0.999, 1.0 / limit, 0.999 + LEAST_MOVE, 1.05])
    deviation = np.array([0.2, 0.2, 0.2001, 0.0001, 0.0001])
    assert worthwhile(old, wanted, deviation).tolist() == [True, False, False, False, True]
