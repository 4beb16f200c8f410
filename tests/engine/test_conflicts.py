"""A minimum of spend conflicts where the market, or the target, is known to be too small for it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conflicts import full_power, most_bought, unreachable
from engine.response import CURVATURE, ELASTICITY, NOISE, Response, expected
from tests.engine.test_pacer import lived

NOON = np.array([12])
FREE = np.array([np.inf])


@cache
def known(seed: int = 7) -> Response:
    """Return a campaign whose answer is learned: 100 an hour, elasticity 2, two weeks."""
    chance = np.random.default_rng(seed)
    tried = chance.normal(0.0, 0.3, 24 * 14)
    noise = chance.normal(0.0, 0.05, 24 * 14)
    return lived(100.0 * np.exp(2.0 * tried - 0.4 * tried**2 + noise), tried).response


@given(st.floats(-3.0, 3.0), st.floats(0.0, 3.0))
@settings(max_examples=40, deadline=None)
def test_a_lower_ceiling_never_lets_an_hour_buy_more_for_sure(low: float, more: float) -> None:
    response = known()
    there, higher = np.array([low]), np.array([low + more])
    reach = [
        float(expected(response, NOON, np.minimum(each, full_power(response)))[0])
        for each in (there, higher)
    ]
    assert reach[0] <= reach[1] + 1e-12


def test_full_power_is_where_one_per_cent_more_bid_buys_a_seventh_of_a_per_cent_more() -> None:
    response = known()
    top = full_power(response)
    more = expected(response, NOON, top + 0.005) - expected(response, NOON, top - 0.005)
    assert float(more[0]) / 0.01 == pytest.approx(0.15, abs=1e-6)


def test_nineteen_of_twenty_hours_stay_below_what_is_likely() -> None:
    response, at = known(), np.array([0.1])
    limit = float(np.log(most_bought(response, NOON, at))[0])
    middle = float(expected(response, NOON, at)[0])
    assert limit - middle > 1.64 * NOISE
    chance = np.random.default_rng(1)
    numbers = chance.multivariate_normal(response.mean[0], response.covariance[0], 20_000)
    u = 0.1 - response.anchor[0]
    spends = numbers[:, 0] + numbers[:, 1] + numbers[:, 2 + 12]
    spends = spends + numbers[:, ELASTICITY] * u - 0.5 * numbers[:, CURVATURE] * u * u
    spends = spends + chance.normal(0.0, NOISE, 20_000)
    assert float((spends < limit).mean()) == pytest.approx(0.95, abs=0.01)


def test_a_minimum_that_the_market_takes_may_still_be_too_much_for_a_target() -> None:
    response = known()
    minimum = np.array([150.0])
    assert not unreachable(response, NOON, minimum, FREE)[0]
    # At half the bid the campaign buys a quarter: 25 an hour.
    assert unreachable(response, NOON, minimum, np.array([np.log(0.5)]))[0]
    assert unreachable(response, NOON, np.array([1e9]), FREE)[0]


def test_of_a_campaign_that_nobody_knows_nothing_is_said_to_be_out_of_reach() -> None:
    fresh = lived(np.zeros(0), np.zeros(0)).response
    assert not unreachable(fresh, NOON, np.array([1_000.0]), FREE)[0]
