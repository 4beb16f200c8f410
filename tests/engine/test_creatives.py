"""Weak and tired ads: against binomials of known rates, and against what places explain."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from engine.arrays import Floats
from engine.creatives import (
    WEAK,
    Compared,
    Shown,
    against_peers,
    fatigue,
    spread,
    weak,
)
from engine.normal import below

NONE = np.zeros(0)


def shown(impressions: Floats, clicks: Floats) -> Shown:
    return Shown(impressions=impressions, clicks=clicks, spread=np.ones(len(impressions)))


def test_chances_are_those_of_the_normal_distribution() -> None:
    scores = np.linspace(-8.0, 8.0, 33).reshape(3, 11)

    assert below(scores) == pytest.approx(stats.norm.cdf(scores), rel=1e-12)


def test_a_unit_is_held_against_the_rate_of_all_the_others() -> None:
    impressions = np.array([[10_000.0], [20_000.0], [30_000.0]])
    clicks = np.array([[100.0], [400.0], [600.0]])

    found = against_peers(shown(impressions, clicks))

    assert found.expected == pytest.approx([10_000 / 50, 20_000 * 700 / 40_000, 500.0])
    assert found.middle == pytest.approx((clicks[:, 0] + 0.5) / (found.expected + 0.5))
    assert weak(found, NONE).tolist() == [True, False, False]


def test_being_shown_where_nobody_clicks_is_not_held_against_the_ad() -> None:
    # All ads are alike; the first is mostly shown in the second place, which is clicked on less.
    impressions = np.array([[1_000.0, 90_000.0], [50_000.0, 50_000.0], [50_000.0, 50_000.0]])
    clicks = impressions * np.array([0.03, 0.003])

    found = against_peers(shown(impressions, clicks))

    assert found.middle == pytest.approx(np.ones(3), rel=1e-3)
    assert not weak(found, NONE).any()


def test_where_no_peer_was_shown_nothing_is_compared() -> None:
    impressions = np.array([[1_000.0, 0.0], [0.0, 1_000.0], [0.0, 9_000.0]])
    clicks = impressions * 0.05

    found = against_peers(shown(impressions, clicks))

    assert found.expected[0] == found.chance[0] == found.high[0] == 0.0
    assert not found.tested[0]


def test_one_peer_alone_is_no_average() -> None:
    impressions = np.full((2, 1), 1e6)

    assert not against_peers(shown(impressions, impressions * [[0.01], [0.05]])).tested.any()


def test_the_more_peers_differ_the_less_their_average_says() -> None:
    impressions = np.full((5, 1), 50_000.0)
    alike = impressions * np.array([[0.014], [0.02], [0.02], [0.02], [0.02]])
    unlike = impressions * np.array([[0.014], [0.008], [0.04], [0.012], [0.02]])

    one, two = (against_peers(shown(impressions, each)) for each in (alike, unlike))

    assert one.chance[0] > 0.95 > two.chance[0]


def test_days_that_vary_more_than_the_binomial_count_for_less() -> None:
    chance = np.random.default_rng(3)
    impressions = np.full((2, 28), 5_000.0)
    rates = np.stack((np.full(28, 0.02), 0.02 * chance.gamma(10.0, 0.1, 28)))
    clicks = chance.binomial(5_000, rates).astype(np.float64)

    found = spread(impressions, clicks)

    rate = clicks[1].mean() / 5_000.0
    square = ((clicks[1] - 5_000 * rate) ** 2 / (5_000 * rate * (1 - rate))).sum()
    assert found[1] == pytest.approx((square + 5.0) / (27.0 + 5.0))
    assert 1.0 <= found[0] < 1.6 < found[1]


def test_alike_ads_are_hardly_ever_called_weak() -> None:
    chance = np.random.default_rng(11)
    said = 0
    for _ in range(300):
        impressions = chance.uniform(2_000.0, 90_000.0, (8, 3)).round()
        clicks = chance.binomial(impressions.astype(np.int64), [0.01, 0.02, 0.04])
        said += int(weak(against_peers(shown(impressions, clicks.astype(float))), NONE).any())

    assert said <= 3


def test_an_ad_that_is_clicked_on_half_as_often_at_the_end_is_tired() -> None:
    impressions = np.full((3, 28), 4_000.0)
    rates = np.full((3, 28), 0.02)
    rates[1] = np.linspace(0.02, 0.008, 28)
    clicks = impressions * rates

    found = fatigue(impressions, clicks)

    ratio = (clicks[1, -7:].sum() + 0.5) / (clicks[1, :7].sum() + 0.5)
    assert found.middle == pytest.approx([1.0, ratio, 1.0], rel=1e-6)
    assert weak(found, NONE).tolist() == [False, True, False]


def test_an_ad_that_is_shown_to_many_more_people_is_another_case() -> None:
    impressions = np.full((1, 28), 4_000.0)
    impressions[0, -7:] *= 2.5
    rates = np.where(np.arange(28) < 21, 0.02, 0.01)

    assert not fatigue(impressions, impressions * rates).tested.any()


def test_fatigue_needs_two_whole_weeks() -> None:
    impressions = np.zeros((2, 28))
    impressions[0, -13:], impressions[1, -14:] = 4_000.0, 4_000.0
    rates = np.where(np.arange(28) < 21, 0.02, 0.01)

    assert fatigue(impressions, impressions * rates).tested.tolist() == [False, True]


def test_nothing_at_all_is_no_evidence() -> None:
    for found in (
        fatigue(np.zeros((2, 28)), np.zeros((2, 28))),
        fatigue(np.zeros((0, 28)), np.zeros((0, 28))),
    ):
        assert not found.tested.any()
        assert not weak(found, NONE).any()
    assert not against_peers(shown(np.zeros((3, 2)), np.zeros((3, 2)))).tested.any()


def test_all_that_was_compared_counts_for_what_is_a_discovery() -> None:
    found = Compared(
        low=np.array([0.5]),
        middle=np.array([0.6]),
        high=np.array([0.7]),
        expected=np.array([400.0]),
        chance=np.array([0.96]),
        tested=np.array([True]),
    )

    assert weak(found, NONE).tolist() == [True]
    assert weak(found, np.full(50, 0.2)).tolist() == [False]
    assert WEAK < 1.0
