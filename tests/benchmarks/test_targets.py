"""What hindsight calls the best purchase under a target is one that nothing else exceeds."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.pacing.conversions import Market, best, expected, price_above
from benchmarks.pacing.world import Setting, World
from engine.arrays import Floats

DAYS = 2
COUNT = 6
ANY = np.full(COUNT, 1e18)


@pytest.fixture(scope="module")
def market() -> Market:
    setting = Setting(campaigns=COUNT, days=DAYS, auctions_a_day=20_000.0)
    return Market(World(setting, np.ones((2, 168)), 3), 3)


def bought(market: Market, multipliers: Floats, budget: Floats) -> tuple[Floats, Floats]:
    """Return value and cost (B,) at multipliers (B, H), stopped at each day's budget."""
    value, cost = np.zeros((2, COUNT, DAYS))
    for hour in range(24 * DAYS):
        left = budget - cost[:, hour // 24]
        played = market.play(hour, multipliers[:, hour], left).played
        value[:, hour // 24] += played.value
        cost[:, hour // 24] += played.spend
    return value.sum(axis=1), cost.sum(axis=1)


def test_without_a_target_it_is_what_the_budget_alone_allows(market: Market) -> None:
    budget = market.world.everything() / 8

    value, cost, _ = best(market.days, budget, ANY)

    days = [market.world.hindsight(budget, 24 * day, 24 * day + 24)[0] for day in range(DAYS)]
    assert value == pytest.approx(np.sum(days, axis=0), rel=1e-3)
    assert cost == pytest.approx(DAYS * budget, rel=1e-3)


@pytest.mark.parametrize("tight", [0.6, 0.9, 1.1])
def test_no_purchase_counts_for_more_and_a_miss_counts_for_less(
    market: Market, tight: float
) -> None:
    budget = market.world.everything() / 8
    free, paid, _ = best(market.days, budget, ANY)
    target = tight * paid / expected(free)
    value, cost, multiplier = best(market.days, budget, target)
    price = price_above(multiplier, target)
    chance = np.random.default_rng(7)

    assert (cost <= 1.001 * target * expected(value)).all()
    for moved in np.linspace(-0.6, 0.6, 13):
        swing = chance.normal(moved, 0.1 * (moved > 0.0), (COUNT, 24 * DAYS))
        other, spent = bought(market, multiplier[:, None] * np.exp(swing), budget)
        above = np.maximum(spent - target * expected(other), 0.0)
        assert (other - price * above <= 1.002 * value).all()
        if tight < 1.0:
            assert (other - 2.0 * price * above <= (1.002 - 0.1 * abs(moved)) * value).all()


def test_of_what_is_won_as_many_convert_as_expected_and_the_last_count_is_final(
    market: Market,
) -> None:
    everything = np.full(COUNT, 1e9)
    hours = [market.play(hour, everything, everything) for hour in range(24 * DAYS)]
    final = np.sum([hour.final for hour in hours])
    likely = np.sum([expected(hour.played.value) for hour in hours])

    assert final == pytest.approx(likely, abs=4.0 * np.sqrt(likely))
    # Of the first hour, two days are known: most conversions are reported, few withdrawn yet.
    assert hours[0].counts[:, -1].sum() == pytest.approx(hours[0].final.sum(), rel=0.15)
    assert hours[0].counts.shape == (COUNT, 24 * DAYS)
