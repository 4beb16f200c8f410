"""The world in which bids are judged: what is best there is what nothing else beats."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.bidding.calibrated import FEEDS, drawn, kept, slope
from benchmarks.bidding.profit import PRICE, VALUE, bids_of, profit
from benchmarks.bidding.rates import by_campaign, excess, hard_coded
from benchmarks.bidding.world import CAMPAIGNS, OWN_SD, World, world


@pytest.fixture(scope="module")
def cells() -> World:
    return world(OWN_SD)


def test_it_is_as_big_as_it_says(cells: World) -> None:
    clicks = np.bincount(cells.campaign, cells.clicks, CAMPAIGNS)
    assert clicks.sum() == pytest.approx(2.4e6, rel=0.05)
    assert np.median(clicks) == pytest.approx(200.0, rel=0.1)


def test_no_rates_foretell_the_second_sample_better_than_the_true_ones(cells: World) -> None:
    assert excess(cells, cells.rate) == 0.0
    for rate in (0.8 * cells.rate, 1.2 * cells.rate, hard_coded(cells) + 1e-3):
        assert excess(cells, rate) > 0.0


def test_no_bid_earns_more_than_what_a_click_is_truly_worth(cells: World) -> None:
    best = profit(VALUE * cells.rate, PRICE)
    for factor in (0.5, 0.9, 1.1, 2.0):
        assert profit(factor * VALUE * cells.rate, PRICE) < best
    assert profit(VALUE * by_campaign(cells), PRICE) < best
    assert profit(bids_of(cells.rate), PRICE) == pytest.approx(best, rel=1e-6)


def test_the_profit_is_that_of_auctions_played_one_by_one(cells: World) -> None:
    """Every cell bids for clicks whose price is drawn, by the law that the page states."""
    chance = np.random.default_rng(5)
    worth = VALUE * cells.rate
    clicks = cells.unseen_clicks
    sums = np.bincount(cells.campaign, worth * clicks, CAMPAIGNS)
    mean = sums / np.maximum(np.bincount(cells.campaign, clicks, CAMPAIGNS), 1)
    rows = np.repeat(np.arange(len(clicks)), clicks)
    price = mean[cells.campaign[rows]] * np.exp(PRICE + chance.standard_normal(len(rows)))
    bid = 1.3 * worth
    won = bid[rows] > price
    earned = float((worth[rows] - price)[won].sum())
    assert profit(bid, PRICE) == pytest.approx(earned, rel=5e-3)


def test_a_slope_is_the_power_by_which_true_rates_grow_with_those_foretold() -> None:
    foretold = np.linspace(0.01, 0.2, 50)
    clicks = np.linspace(10.0, 90.0, 50)
    for power in (0.7, 1.0, 1.4):
        assert slope(clicks, foretold, 0.5 * foretold**power) == pytest.approx(power, rel=1e-6)


def test_a_feed_sells_as_often_as_its_rates_say() -> None:
    one = drawn(FEEDS["many, sparse"], 1)
    expected = float(one.clicks @ one.rate)
    assert float(one.cells.conversions.sum()) == pytest.approx(expected, abs=4 * expected**0.5)


@pytest.mark.parametrize("name", ["few, unlike ad sets", "device x hour, sparse"])
def test_rates_are_foretold_nearly_as_well_as_by_who_knows_how_far_factors_depart(
    name: str,
) -> None:
    found, best = kept(name), kept(name, knowing=True)
    assert found.error < 1.15 * best.error
    assert found.slope == pytest.approx(best.slope, abs=0.05)
