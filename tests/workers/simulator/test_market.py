from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.simulator.clearing import AGES, UNCAPPED, Policy, clear
from workers.simulator.market import Auctions, Market, draw, expected_spend
from workers.simulator.population import make_world
from workers.simulator.shapes import Floats, Integers, hour_of_week

HOUR = 495_000
SMALL = make_world(6, seed=11, auctions_per_day=6_000).market


def subset(market: Market, rows: list[int]) -> Market:
    arrays = {
        name: getattr(market, name)[rows]
        for name in market.__slots__
        if isinstance(getattr(market, name), np.ndarray)
    }
    return replace(
        market,
        keys=tuple(market.keys[row] for row in rows),
        timezones=tuple(market.timezones[row] for row in rows),
        **arrays,
    )


def play_one_by_one(auctions: Auctions, policy: Policy, row: int) -> tuple[int, int, list[int]]:
    """Play one campaign's hour as a person with pen and paper would."""
    spend, clicks, served = 0, 0, []
    for i in np.flatnonzero(auctions.owner == row):
        bid = policy.multiplier[row] * auctions.value[i]
        if auctions.lot[i] >= policy.participation[row] or bid <= auctions.price[i]:
            continue
        if spend + int(auctions.price[i]) > policy.budget[row]:
            break
        spend += int(auctions.price[i])
        clicks += 1
        served.append(int(i))
    return spend, clicks, served


budgets = st.lists(st.integers(0, 2_000_000), min_size=6, max_size=6).map(np.array)
shares = st.lists(st.floats(0, 1), min_size=6, max_size=6).map(np.array)
multipliers = st.lists(st.floats(0, 4), min_size=6, max_size=6).map(np.array)


@settings(max_examples=30, deadline=None)
@given(hour=st.integers(HOUR, HOUR + 1000), budget=budgets, share=shares, multiplier=multipliers)
def test_an_hour_never_costs_more_than_its_budget(
    hour: int, budget: Integers, share: Floats, multiplier: Floats
) -> None:
    policy = Policy(budget=budget, multiplier=multiplier, participation=share)
    assert (clear(draw(SMALL, hour), policy).spend <= budget).all()


@settings(max_examples=15, deadline=None)
@given(hour=st.integers(HOUR, HOUR + 1000), budget=budgets, share=shares, multiplier=multipliers)
def test_the_batch_plays_as_one_campaign_after_another_would(
    hour: int, budget: Integers, share: Floats, multiplier: Floats
) -> None:
    policy = Policy(budget=budget, multiplier=multiplier, participation=share)
    auctions = draw(SMALL, hour)
    outcome = clear(auctions, policy)
    for row in range(6):
        spend, clicks, served = play_one_by_one(auctions, policy, row)
        assert (outcome.spend[row], outcome.clicks[row]) == (spend, clicks)
        assert outcome.impressions[row] == auctions.showings[served].sum()
        sold = np.isin(auctions.buyers, served)
        for column, age in enumerate(AGES):
            counted = sold & (auctions.wait <= age)
            assert outcome.conversions[row, column] == counted.sum()
            assert outcome.revenue[row, column] == auctions.revenue[counted].sum()


@settings(max_examples=30, deadline=None)
@given(hour=st.integers(HOUR, HOUR + 1000), budget=budgets, more=budgets)
def test_a_larger_budget_never_wins_less_of_anything(
    hour: int, budget: Integers, more: Integers
) -> None:
    auctions = draw(SMALL, hour)
    less, larger = (clear(auctions, Policy.capped(b)) for b in (budget, budget + more))
    for name in ("impressions", "clicks", "spend", "conversions", "revenue"):
        assert (getattr(larger, name) >= getattr(less, name)).all()


def test_a_winner_never_pays_more_than_it_bid() -> None:
    auctions = draw(SMALL, HOUR)
    for multiplier in (0.3, 1.0, 3.0):
        ones = np.ones(6)
        policy = Policy(
            budget=np.full(6, UNCAPPED), multiplier=multiplier * ones, participation=ones
        )
        for row in range(6):
            _, _, served = play_one_by_one(auctions, policy, row)
            assert (auctions.price[served] < multiplier * auctions.value[served]).all()
        assert clear(auctions, policy).impressions.sum() > 0


def test_the_same_seed_draws_the_same_hour_and_another_seed_another() -> None:
    first, again = draw(SMALL, HOUR), draw(SMALL, HOUR)
    other = draw(replace(SMALL, seed=12), HOUR)
    for name in Auctions.__slots__:
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.price[:100], other.price[:100])


def test_neighbours_and_their_order_change_nothing_for_a_campaign() -> None:
    rows = [4, 1]
    budget = np.array([90_000, 150_000])
    alone = clear(draw(subset(SMALL, rows), HOUR), Policy.capped(budget))
    everyone = np.full(6, 10_000)
    everyone[rows] = budget
    together = clear(draw(SMALL, HOUR), Policy.capped(everyone))
    for name in ("impressions", "clicks", "spend", "conversions", "revenue"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(together, name)[rows])


def test_policies_share_their_random_numbers() -> None:
    """Where two policies do the same, they get the same, whatever they did in other hours."""
    budget = np.full(6, 200_000)
    wide = clear(draw(SMALL, HOUR), Policy.capped(budget))
    clear(draw(SMALL, HOUR - 1), Policy.capped(budget // 7))
    again = clear(draw(SMALL, HOUR), Policy.capped(budget))
    np.testing.assert_array_equal(wide.conversions, again.conversions)


def test_mean_spend_agrees_with_the_closed_form() -> None:
    market = make_world(10, seed=3, auctions_per_day=60_000).market
    expected = expected_spend(market)
    seen, wanted = np.zeros(10), np.zeros(10)
    for hour in range(HOUR, HOUR + 168):
        week = [hour_of_week(hour, name) for name in market.timezones]
        seen += clear(draw(market, hour), Policy.capped(np.full(10, UNCAPPED))).spend
        wanted += expected[np.arange(10), week]
    # Half a million auctions each: a hundredth is more than three standard errors.
    np.testing.assert_allclose(seen, wanted, rtol=0.025)


def test_conversions_are_clicks_times_their_rate_and_clicks_impressions_times_theirs() -> None:
    market = make_world(10, seed=3, auctions_per_day=60_000).market
    market = replace(market, delay=np.full(10, 1.0))
    seen, wanted = 0, 0.0
    impressions, clicks = np.zeros(10), np.zeros(10)
    for hour in range(HOUR, HOUR + 24):
        week = [hour_of_week(hour, name) for name in market.timezones]
        outcome = clear(draw(market, hour), Policy.capped(np.full(10, UNCAPPED)))
        seen += int(outcome.conversions[:, -1].sum())
        wanted += float(outcome.clicks @ market.conversion_rate[np.arange(10), week])
        impressions += outcome.impressions
        clicks += outcome.clicks
    assert seen == pytest.approx(wanted, abs=4 * wanted**0.5)
    np.testing.assert_allclose(clicks / impressions, market.click_rate, rtol=0.01)


def test_conversions_wait_as_long_as_their_mean_says() -> None:
    """Of exponential waits with mean m, exp(-a / m) are still open a hours after the click."""
    market = replace(SMALL, delay=np.full(6, 10.0), demand=SMALL.demand * 4)
    waits = np.concatenate([draw(market, HOUR + i).wait for i in range(24)])
    # Clicks lie evenly in their hour: the share open `a` hours after its end is a mean over it.
    for age in (1, 6, 24):
        open_share = 10.0 * (np.exp(-age / 10.0) - np.exp(-(age + 1) / 10.0))
        margin = 4 * (open_share * (1 - open_share) / len(waits)) ** 0.5
        assert (waits > age).mean() == pytest.approx(open_share, abs=margin)


def test_taking_part_in_a_share_of_auctions_costs_that_share() -> None:
    auctions = [draw(SMALL, HOUR + i) for i in range(48)]
    full = sum(clear(a, Policy.throttled(np.ones(6))).spend.sum() for a in auctions)
    third = sum(clear(a, Policy.throttled(np.full(6, 1 / 3))).spend.sum() for a in auctions)
    assert third / full == pytest.approx(1 / 3, rel=0.05)


def test_revenue_is_payable_in_the_currency() -> None:
    world = make_world(20, seed=5)
    outcome = clear(draw(world.market, HOUR), Policy.throttled(np.ones(20)))
    decimals = {"JPY": 0, "KWD": 3}
    for row, campaign in enumerate(world.campaigns):
        step = 10 ** (4 - decimals.get(campaign.currency, 2))
        assert (outcome.revenue[row] % step == 0).all()


def test_a_day_with_a_skipped_hour_has_no_gap_and_no_hour_of_its_own() -> None:
    """On 2026-03-29 Berlin goes from 01:59 to 03:00; hour 2 of that Sunday does not come up."""
    midnight = 1_774_738_800 // 3600
    hours = [hour_of_week(midnight + i, "Europe/Berlin") for i in range(24)]
    sunday = [24 * 6 + hour for hour in range(24) if hour != 2]
    assert hours == [*sunday, 0]


def test_demand_of_a_week_averages_what_it_was_asked_to() -> None:
    world = make_world(40, seed=1, auctions_per_day=24_000)
    daily = world.market.demand.sum(axis=1) / 7
    assert 0.7 < np.median(daily) / 24_000 < 1.4


def test_a_campaign_stays_itself_in_a_larger_world() -> None:
    small, large = make_world(7, seed=9), make_world(30, seed=9)
    assert large.campaigns[:7] == small.campaigns
    np.testing.assert_array_equal(large.market.demand[:7], small.market.demand)


def test_the_same_money_buys_more_when_it_is_spent_when_people_buy() -> None:
    market = make_world(20, seed=1).market
    budget = expected_spend(market).sum(axis=1) / 7 * 0.4
    worth = (market.demand * market.conversion_rate).reshape(20, 7, 24)
    even, shaped = 0, 0
    for hour in range(HOUR, HOUR + 48):
        week = np.array([hour_of_week(hour, name) for name in market.timezones])
        day = worth[np.arange(20), week // 24]
        share = day[np.arange(20), week % 24] / day.sum(axis=1)
        auctions = draw(market, hour)
        even += int(
            clear(auctions, Policy.capped((budget / 24).astype(int))).conversions[:, -1].sum()
        )
        shaped += int(
            clear(auctions, Policy.capped((budget * share).astype(int))).conversions[:, -1].sum()
        )
    assert shaped > 1.1 * even
