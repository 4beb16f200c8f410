"""Laws of designs and of their comparison: fair coins, replay, and no side that is favoured."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.confidence_sequences import Mixture, sequence
from engine.experiment_power import MOST, NEVER, POWER, detectable, needed
from engine.experiments import Side, coin, log_ratios, together, treated


def side(amount: np.ndarray, cost: np.ndarray | None = None) -> Side:
    return Side(amount=amount, conversions=amount, cost=cost)


def test_coins_are_thrown_alike_in_every_process() -> None:
    thrown = [coin("cpa-12", b"google:7:42", pair) for pair in range(12)]

    assert "".join(str(int(each)) for each in thrown) == "101011111100"


def test_the_sides_go_first_equally_often_by_campaign_by_pair_and_by_experiment() -> None:
    campaigns = [f"google:7:{number}".encode() for number in range(200)]
    coins = np.array(
        [
            [[coin(name, campaign, pair) for pair in range(50)] for campaign in campaigns]
            for name in ("a", "b", "c")
        ]
    )
    whole = coins.size
    assert abs(coins.mean() - 0.5) < 4.0 * 0.5 / np.sqrt(whole)
    for axes in ((0, 1), (0, 2), (1, 2)):
        shares = coins.mean(axis=axes)
        assert np.abs(shares - 0.5).max() < 4.5 * 0.5 / np.sqrt(whole / shares.size)
    # One experiment's coins say nothing of another's.
    assert abs((coins[0] == coins[1]).mean() - 0.5) < 4.0 * 0.5 / np.sqrt(coins[0].size)


@given(block=st.integers(1, 9), first=st.integers(0, 40), name=st.text(min_size=1))
def test_of_two_blocks_in_a_row_one_is_treated_and_a_block_is_not_cut(
    block: int, first: int, name: str
) -> None:
    days = np.arange(first * 2 * block, (first + 3) * 2 * block)
    turns = treated(name, [b"google:7:42"] * len(days), days, block).reshape(3, 2, block)

    assert (turns.all(axis=2) | ~turns.any(axis=2)).all()
    assert (turns[:, 0, 0] != turns[:, 1, 0]).all()


positive = arrays(np.float64, (2, 3), elements=st.floats(0.0, 1e4))


@given(one=positive, other=positive)
def test_to_exchange_the_sides_turns_the_sign(one: np.ndarray, other: np.ndarray) -> None:
    there, back = log_ratios(side(one), side(other)), log_ratios(side(other), side(one))

    assert there == pytest.approx(-back, nan_ok=True)
    assert (np.isnan(there) == (one + other == 0.0)).all()


def test_whatever_the_days_are_like_no_order_of_sides_is_favoured() -> None:
    days = np.random.default_rng(3).gamma(0.4, 9.0, (6, 2)).round()
    means = []
    for orders in product((0, 1), repeat=6):
        first = np.array(orders)
        mine, theirs = (days[np.arange(6), at][None] for at in (first, 1 - first))
        one = together(log_ratios(side(mine), side(theirs)), mine + theirs)
        means.append(np.nanmean(one))

    assert np.mean(means) == pytest.approx(0.0, abs=1e-12)


def test_ratios_are_those_reckoned_by_hand() -> None:
    mine = Side(
        amount=np.array([[30.0, 0.0]]),
        conversions=np.array([[3.0, 0.0]]),
        cost=np.array([[5.0, 2.0]]),
    )
    theirs = Side(
        amount=np.array([[10.0, 8.0]]),
        conversions=np.array([[1.0, 2.0]]),
        cost=np.array([[10.0, 2.0]]),
    )
    # Half a conversion is worth 5 in the first pair and 2 in the second.
    expected = [np.log(35.0 / 15.0 / 0.5), np.log(2.0 / 10.0)]

    assert log_ratios(mine, theirs)[0] == pytest.approx(expected)
    unpaid = Side(amount=mine.amount, conversions=mine.conversions, cost=np.zeros((1, 2)))
    assert np.isnan(log_ratios(unpaid, theirs)).all()


def test_large_campaigns_weigh_more_but_not_for_all_the_others_together() -> None:
    ratios = np.array([[0.1], [0.5], [np.nan]])
    small, large = (together(ratios, np.array([[a], [b], [9.0]]))[0] for a, b in ((1, 4), (1, 1e9)))

    # Weights of 1 and 4 conversions: 1 / 4.045 and 4 / 4.18; without end at most 1 / 0.045.
    assert small == pytest.approx((0.1 / 4.045 + 0.5 * 4 / 4.18) / (1 / 4.045 + 4 / 4.18))
    assert large == pytest.approx((0.1 / 4.045 + 0.5 / 0.045) / (1 / 4.045 + 1 / 0.045), rel=1e-6)
    assert np.isnan(together(np.full((2, 1), np.nan), np.ones((2, 1)))).all()


@pytest.mark.parametrize("effect", [0.1, -0.25])
def test_the_number_of_observations_that_is_asked_for_tells_the_effect_as_often_as_said(
    effect: float,
) -> None:
    mixture, deviation = Mixture(tuned=40.0), 0.3
    (days,) = needed(np.array([deviation]), np.array([effect]), mixture).tolist()
    draws = np.random.default_rng(4).normal(effect, deviation, (6_000, days))
    known = sequence(draws, mixture)
    at_the_end = known.differs[:, -1]

    assert at_the_end.mean() == pytest.approx(POWER, abs=0.03)
    assert (known.p_value[:, -1] <= mixture.alpha).mean() >= at_the_end.mean()


def test_smaller_effects_and_noisier_days_take_longer_and_none_at_all_for_ever() -> None:
    mixture = Mixture()
    by_effect = needed(np.full(4, 0.3), np.array([0.2, 0.1, 0.05, 0.0]), mixture)
    by_noise = needed(np.array([0.0, 0.1, 0.3, 9.0]), np.full(4, 0.1), mixture)

    assert by_effect[:3].tolist() == sorted(by_effect[:3].tolist())
    assert by_effect[3] == by_noise[3] == NEVER
    assert by_noise[:3].tolist() == sorted(by_noise[:3].tolist())
    assert by_noise[0] == mixture.burn_in
    assert by_effect[2] < MOST
    least = detectable(np.ones(2), np.array([3, mixture.burn_in]), mixture)
    assert least[0] == least[1]
