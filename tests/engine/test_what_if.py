"""What an answer about another budget promises: more is never less, and it is right as said."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import pacer
from engine.arrays import Floats
from engine.futures import futures
from engine.response import LEVEL, USUAL, Observed
from engine.what_if import Outcome, what_if
from tests.engine.what_ifs import (
    CELLS,
    Market,
    asked,
    bought,
    certain,
    chance_of,
    flat,
    known,
    no_chance,
)

CHANCE = chance_of(1, draws=60)
DRAWS = 160
"""Futures that percentiles are taken of: enough for them to be off by less than markets differ."""


def learned(seed: int) -> pacer.Pacing:
    """Return a campaign that has lived two days of hours by chance."""
    chance = np.random.default_rng(seed)
    pacing = pacer.start(flat(1), np.array([100.0]), np.zeros(1))
    for cell in range(48):
        seen = Observed(
            cells=np.array([cell]),
            log_multiplier=chance.normal(0.0, 0.3, 1),
            spend=100.0 * np.exp(chance.normal(0.0, 0.5, 1)),
            impressions=np.array([1_000.0]),
            capped=np.array([False]),
            usable=np.array([True]),
        )
        pacing = pacer.learn_hour(pacing, flat(1), seen)
    return pacing


def exact(
    budget: float, *, paced: bool, target: float = np.inf, elasticity: float = 1.5
) -> Outcome:
    """Ask of a campaign that is known, in a world without chance."""
    question = asked(budget, paced=paced, target=target)
    future = certain(known(elasticity))
    return what_if(future, bought(), question, CELLS, no_chance())


@settings(deadline=None, max_examples=40)
@given(
    st.tuples(st.integers(0, 50), st.booleans()),
    st.tuples(st.floats(1.0, 1e5), st.floats(1.0, 3.0)),
    st.sampled_from([5.0, 9.0, 20.0, np.inf]),
    st.sampled_from([0.0, 40.0]),
)
def test_more_budget_never_gives_less(
    campaign: tuple[int, bool], money: tuple[float, float], target: float, spread: float
) -> None:
    (seed, paced), (budget, times) = campaign, money
    future = futures(learned(seed), flat(1), CELLS, CHANCE)
    worth = replace(
        bought(2e-6, 100e-6, 30.0), value_sd=np.array([spread]), dispersion=np.array([1.7])
    )
    weights = np.random.default_rng(seed).exponential(size=72)
    less, more = (
        what_if(
            future, worth, asked(some, paced=paced, target=target, weights=weights), CELLS, CHANCE
        )
        for some in (budget, times * budget)
    )
    for field in fields(Outcome):
        if field.name != "exhausted":
            low, high = getattr(less, field.name), getattr(more, field.name)
            assert (high >= low * (1 - 1e-9)).all(), field.name


@pytest.mark.parametrize("way", ["spread", "paced"])
def test_no_more_is_spent_than_the_budget_nor_than_there_is(way: str) -> None:
    future = futures(learned(3), flat(1), CELLS, CHANCE)
    for budget in (0.0, 10.0, 1e3, 1e9):
        found = what_if(future, bought(), asked(budget, paced=way == "paced"), CELLS, CHANCE)
        assert (found.spend <= 3 * budget + 1e-6).all()
        assert (np.diff(found.spend, axis=0) >= 0).all()
        assert np.isfinite(found.conversions).all()


def test_draws_scatter_as_the_filter_says_it_is_unsure_and_days_and_hours_add_theirs() -> None:
    pacing, chance = learned(2), chance_of(8, draws=20_000, hours=24)
    future = futures(pacing, flat(1), CELLS[:24] + 48, chance)
    mean, covariance = pacing.response.mean[0], pacing.response.covariance[0]
    of_size = np.zeros(29)
    of_size[[LEVEL, USUAL, 2]] = 0.5, 0.5, 1.0
    drawn = np.log(future.size[0, :, 0])
    assert drawn.mean() == pytest.approx(of_size @ mean, abs=0.01)
    # What the filter knows of the first hour of a day, then what day, usual level, unrest and
    # noise add to it.
    variance = (
        of_size @ covariance @ of_size + 0.12**2 + 0.02**2 + 0.10**2 / (1 - 0.75**2) + 0.08**2
    )
    assert drawn.var() == pytest.approx(variance, rel=0.04)
    assert future.elasticity.std() == pytest.approx(covariance[26, 26] ** 0.5, rel=0.04)


def test_hourly_budgets_buy_what_there_is_at_the_price_of_now() -> None:
    # 100 an hour for 10 conversions each: half of it buys half, twice as much buys no more.
    half, twice = exact(1_200.0, paced=False), exact(4_800.0, paced=False)
    assert half.mean_spend[0] == pytest.approx(3_600.0)
    assert half.mean_conversions[0] == pytest.approx(360.0, rel=1e-3)
    assert twice.mean_spend[0] == pytest.approx(7_200.0)
    assert twice.mean_conversions[0] == pytest.approx(720.0, rel=1e-3)
    assert (half.exhausted[0], twice.exhausted[0]) == (1.0, 0.0)


def test_hours_that_convert_better_are_worth_the_weight_they_are_given() -> None:
    worth, hours = bought(), CELLS % 24
    better = np.where(np.arange(24) < 12, 15e6, 5e6)[None]
    worth = replace(worth, conversions=better)
    mornings = np.where(hours < 12, 1.0, 0.0)
    found = [
        what_if(
            certain(known()), worth, asked(1_200.0, paced=False, weights=given), CELLS, no_chance()
        )
        for given in (np.ones(72), mornings)
    ]
    assert found[0].mean_conversions[0] == pytest.approx(360.0, rel=1e-3)
    assert found[1].mean_conversions[0] == pytest.approx(540.0, rel=1e-3)


def closed_form(elasticity: float, curvature: float, spend: float) -> tuple[float, float]:
    """Return multiplier and conversions for a spend, of 7,200 and 720 at a multiplier of 1.

    By a fine sum over the bids, from spend alone: each step of spend buys at its own bid.
    """
    logs = np.linspace(-4.2, 3.0, 400_001)
    curve = 7_200.0 * np.exp(elasticity * logs - 0.5 * curvature * logs**2)
    steps = np.diff(curve, prepend=0.0) * np.exp(-logs)
    won = np.cumsum(steps)
    won *= 720.0 / np.interp(0.0, logs, won)
    rising = logs < (elasticity - 0.2) / curvature
    at = float(np.interp(spend, curve[rising], logs[rising]))
    return at, float(np.interp(at, logs, won))


@pytest.mark.parametrize("elasticity", [1.2, 1.5, 3.0])
@pytest.mark.parametrize("share", [0.4, 1.0, 1.5])
def test_a_multiplier_buys_each_further_conversion_at_its_own_bid(
    elasticity: float, share: float
) -> None:
    found = exact(share * 2_400.0, paced=True, elasticity=elasticity)
    _, conversions = closed_form(elasticity, 0.6, share * 7_200.0)
    assert found.mean_spend[0] == pytest.approx(share * 7_200.0, rel=1e-6)
    assert found.mean_conversions[0] == pytest.approx(conversions, rel=5e-3)


@pytest.mark.parametrize("target", [7.0, 9.0, 11.0])
def test_a_target_is_met_and_no_budget_goes_beyond_it(target: float) -> None:
    found = exact(1e6, paced=True, target=target)
    assert found.mean_spend[0] / found.mean_conversions[0] == pytest.approx(target, rel=1e-3)


def test_the_unit_of_money_changes_nothing_but_money() -> None:
    unit = 1_000.0
    asking = asked(3_000.0, paced=True, target=11.0)
    inflated = replace(
        asking, budget=unit * asking.budget, cost_per_conversion=unit * asking.cost_per_conversion
    )
    plain = what_if(certain(known()), bought(), asking, CELLS, CHANCE)
    future = certain(known(hourly=100.0 * unit))
    other = what_if(future, bought(cost=100.0 * unit), inflated, CELLS, CHANCE)
    assert np.allclose(other.spend, unit * plain.spend, rtol=1e-9)
    assert np.allclose(other.conversions, plain.conversions, rtol=1e-9)


def test_counts_scatter_as_overdispersed_ones_do() -> None:
    chance = chance_of(5, draws=4_000)
    worth = replace(bought(), dispersion=np.array([4.0]))
    found = what_if(certain(known()), worth, asked(1e3, paced=False), CELLS, chance)
    # 300 conversions of variance 4 * 300, and a gamma distribution's own percentiles.
    drawn = 4.0 * np.random.default_rng(6).gamma(300 / 4.0, size=400_000)
    assert np.allclose(found.conversions[:, 0], np.percentile(drawn, [10, 50, 90]), rtol=0.01)


def covered(found: Floats, truth: Floats) -> float:
    """Return how often the truth lies between the 10th and the 90th percentile."""
    return float(((found[0] <= truth * 1.001) & (truth <= found[2] * 1.001)).mean())


def test_in_a_real_auction_the_truth_lies_within_as_often_as_said() -> None:
    spends, counts, biases = [], [], []
    for seed in range(3):
        market = Market(seed)
        pacing, worth = market.lived(0.25)
        cells = np.arange(24 * market.past, 24 * market.days) % 168
        chance = chance_of(seed, draws=DRAWS)
        future = futures(pacing, flat(40), cells, chance)
        for share in (0.5, 1.0, 1.6):
            budget = share * worth.cost.sum(axis=1) / market.past
            question = replace(
                asked(0.0, paced=True),
                paced=np.ones(40, dtype=np.bool_),
                budget=budget,
                weights=np.ones((40, 72)),
                cost_per_conversion=np.full(40, np.inf),
            )
            found = what_if(future, worth, question, cells, chance)
            spend, conversions = market.to_come(3 * budget)
            spends.append(covered(found.spend, spend))
            counts.append(covered(found.conversions, conversions))
            biases.append(np.log(found.conversions[1].sum() / conversions.sum()))
    assert np.mean(spends) >= 0.8
    assert np.mean(counts) >= 0.8
    assert np.abs(biases).max() < 0.1


def test_hourly_budgets_come_to_what_they_do_in_a_real_auction() -> None:
    spends, counts = [], []
    for seed in range(3):
        market = Market(seed)
        pacing, worth = market.lived(0.0)
        cells = np.arange(24 * market.past, 24 * market.days) % 168
        chance = chance_of(seed, draws=DRAWS)
        future = futures(pacing, flat(40), cells, chance)
        for share in (0.6, 1.0):
            budget = share * worth.cost.sum(axis=1) / market.past
            question = replace(
                asked(0.0, paced=False),
                paced=np.zeros(40, dtype=np.bool_),
                budget=budget,
                weights=np.ones((40, 72)),
                cost_per_conversion=np.full(40, np.inf),
            )
            found = what_if(future, worth, question, cells, chance)
            spend, conversions = market.spread(budget)
            spends.append(covered(found.spend, spend))
            counts.append(covered(found.conversions, conversions))
    assert np.mean(spends) >= 0.8
    assert np.mean(counts) >= 0.8
