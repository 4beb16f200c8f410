"""Rates of ad sets: means over their clicks, and how sure they are, in a world that is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from engine.arrays import Floats, Ints
from engine.conversion_rates import learn, rates, teach, untaught
from engine.intervals import LIKELY
from engine.mean_rates import MeanRates, expected_of, mean_rates, mix, rows_of
from engine.rate_cells import UNKNOWN, Kinds, gathered

KINDS = Kinds(campaigns=3, devices=2, placements=1)
KEYS = np.array(
    [
        [campaign, ad_set, device, 0, hour]
        for campaign in range(3)
        for ad_set in range(2)
        for device in range(2)
        for hour in range(24)
    ]
)
ASKED = np.array([[0, 0], [0, 1], [2, 1]])


def counts(seed: int = 1) -> tuple[Floats, Floats]:
    chance = np.random.default_rng(seed)
    clicks = chance.poisson(20.0, len(KEYS)).astype(float)
    return clicks, chance.binomial(clicks.astype(int), 0.05).astype(float)


def found(asked: Ints = ASKED, seed: int = 1) -> MeanRates:
    clicks, sold = counts(seed)
    cells = gathered(KINDS, KEYS, clicks, sold)
    learned = learn(cells, teach(cells))
    return mean_rates(learned, mix(KINDS, asked, KEYS, (clicks, clicks)))


def test_a_mean_is_that_of_the_rates_of_its_cells_by_clicks() -> None:
    clicks, sold = counts()
    cells = gathered(KINDS, KEYS, clicks, sold)
    rate = rates(learn(cells, teach(cells)), KEYS).middle
    for at, (campaign, ad_set) in enumerate(ASKED.tolist()):
        total = paid = 0.0
        for key, count, each in zip(KEYS.tolist(), clicks, rate, strict=True):
            if key[:2] == [campaign, ad_set]:
                total, paid = total + count, paid + count * each
        assert found().mean[at] == pytest.approx(paid / total, rel=1e-12)


def test_what_is_known_of_one_does_not_depend_on_who_is_asked_with_it() -> None:
    together, alone = found(), found(ASKED[1:2])
    assert together.mean[1] == alone.mean[0]
    assert together.deviation[1] == alone.deviation[0]
    assert (together.device[1] == alone.device[0]).all()


def test_rows_belong_to_the_ad_set_that_is_asked_for_or_to_none() -> None:
    asked = np.array([[2, UNKNOWN], [0, 3]])
    keys = np.array([[0, 3, 0, 0, 1], [2, -1, 0, 0, 1], [2, 0, 0, 0, 1], [0, -1, 0, 0, 1]])
    assert rows_of(asked, keys).tolist() == [1, 0, -1, -1]
    assert rows_of(asked[:0], keys).tolist() == [-1] * 4


def test_an_ad_set_without_clicks_has_the_mean_over_all_cells_and_less_is_known_of_it() -> None:
    asked = np.array([[0, 0], [0, 5]])
    known, unseen = found(asked).mean
    assert known != unseen
    assert found(asked).cells[1].mean() == pytest.approx(unseen)
    assert found(asked).deviation[1] > found(asked).deviation[0]


def test_a_thousand_conversions_are_known_to_about_a_thirtieth_and_none_by_what_others_teach() -> (
    None
):
    cells = gathered(
        Kinds(campaigns=1, devices=1, placements=1),
        np.array([[0, 0, 0, 0, 12]]),
        np.array([20_000.0]),
        np.array([1_000.0]),
    )
    taught = untaught(cells.kinds)
    wide = mean_rates(
        learn(cells, taught),
        mix(cells.kinds, np.array([[0, 0], [0, 1]]), cells.keys, (cells.exposure,) * 2),
    )
    assert wide.deviation[0] == pytest.approx(1.0 / math.sqrt(1_000.0), rel=0.1)
    # Its level's own count is of another ad set: what is left is how much ad sets and cells differ.
    spread = taught.spreads
    before = 1.0 / (1_000.0 + taught.strength) + spread.ad_set
    assert before < wide.deviation[1] ** 2 < before + spread.device + spread.placement + spread.hour


def test_conversions_foretold_are_rates_times_exposure_by_campaign() -> None:
    clicks, sold = counts()
    cells = gathered(KINDS, KEYS, clicks, sold)
    learned = learn(cells, teach(cells))
    rate = rates(learned, cells.keys).middle
    told = [0.0, 0.0, 0.0]
    for key, count, each in zip(cells.keys.tolist(), cells.exposure, rate, strict=True):
        told[key[0]] += count * each
    assert_allclose(expected_of(learned, cells), told, rtol=1e-12)


def test_four_of_five_true_means_lie_within_the_limits_and_not_all_of_them() -> None:
    """Campaigns of few clicks and of many, from a world whose rates are known."""
    chance = np.random.default_rng(5)
    count = 400
    kinds = Kinds(campaigns=count, devices=2, placements=1)
    keys = np.array(
        [
            [each, ad, device, 0, hour]
            for each in range(count)
            for ad in (0, 1)
            for device in (0, 1)
            for hour in range(0, 24, 4)
        ]
    )
    log = math.log(0.03) + 0.5 * chance.standard_normal(count)[keys[:, 0]]
    log += 0.3 * chance.standard_normal((count, 2))[keys[:, 0], keys[:, 1]]
    log += np.array([-0.3, 0.3])[keys[:, 2]]
    log += 0.1 * chance.standard_normal((count, 24))[keys[:, 0], keys[:, 4]]
    busy = np.exp(chance.standard_normal(count))[keys[:, 0]]
    clicks = chance.poisson(30.0 * busy).astype(float)
    true = np.exp(log)
    sold = chance.binomial(clicks.astype(int), true).astype(float)
    cells = gathered(kinds, keys, clicks, sold)
    asked = np.array([[each, ad] for each in range(count) for ad in (0, 1)])
    known = mean_rates(learn(cells, teach(cells)), mix(kinds, asked, keys, (clicks, clicks)))
    place = rows_of(asked, keys)
    means = np.bincount(place, clicks * true) / np.maximum(np.bincount(place, clicks), 1e-9)
    some = np.bincount(place, clicks) > 0.0
    off = np.abs(np.log(means[some] / known.mean[some]))
    inside = float((off <= LIKELY * known.deviation[some]).mean())
    assert 0.76 <= inside <= 0.92, inside
