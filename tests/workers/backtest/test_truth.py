"""A back-test of a log against the truth: the market that the log is from, really played again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.arrays import Floats
from workers.backtest.budgets import Wish
from workers.backtest.contest import Case, Part, Terms, compete
from workers.backtest.log import Log
from workers.backtest.logged import case_of
from workers.backtest.model import draws
from workers.backtest.simulated import FIRST_HOUR, SimulatedMarket
from workers.backtest.study import Question, study
from workers.backtest.summary import Standing, standings
from workers.simulator.population import make_world

COUNT, DAYS = 4, 9
WORLD = make_world(COUNT, seed=3, auctions_per_day=6_000.0)
BUDGET = np.array([float(campaign.day_budget) for campaign in WORLD.campaigns])
TERMS = Terms(controllers=("pacekeeper", "weights", "waterlevel", "pid", "linear", "even"))
BID = 0.6
"""The multiplier around which the log's bids lie."""


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return SimulatedMarket(WORLD, DAYS)


def lived(market: SimulatedMarket, bid_sd: float) -> Log:
    """Return the log of bids by chance, until each day's budget is used up."""
    chance = np.random.default_rng(5)
    hours = 24 * DAYS
    spend, bid, wins = np.zeros((3, COUNT, hours))
    for hour in range(hours):
        day = slice(hour - hour % 24, hour)
        bid[:, hour] = BID * np.exp(chance.normal(0.0, bid_sd, COUNT))
        played = market.play(hour, bid[:, hour], BUDGET - spend[:, day].sum(axis=1))
        spend[:, hour], wins[:, hour] = played.spend, played.wins
    return Log(
        campaigns=tuple(f"x:y:{number}" for number in range(COUNT)),
        currencies=("EUR",) * COUNT,
        first_day=np.full(COUNT, FIRST_HOUR // 24),
        reported=np.ones(spend.shape, dtype=np.bool_),
        spend=spend,
        impressions=wins,
        conversions=np.zeros(spend.shape),
        bid=bid,
        day_budget=np.repeat(BUDGET[:, None], hours, axis=1),
    )


def by_name(found: list[Standing]) -> dict[str, Floats]:
    return {each.controller: np.array((each.value.p50, each.use)) for each in found}


@pytest.mark.parametrize("bid_sd", [0.2, 0.0])
def test_the_model_ranks_controllers_as_the_market_itself_does(
    market: SimulatedMarket, bid_sd: float
) -> None:
    """Bids that varied teach the elasticity; of those that did not it is assumed."""
    known = study(lived(market, bid_sd), Question(wish=Wish(as_logged=True)))
    assert np.isnan(known.fitted.elasticity).all() == (bid_sd == 0.0)
    assert 0.02 < known.cut.mean() < 0.4
    case = case_of(known, draws(6, seed=1))
    (part,) = case.parts()
    rows = np.arange(COUNT) * 6
    # The model counts bids from each campaign's usual one.
    fair = ~known.cut & (np.abs(known.fitted.u) < 1.0)
    plain = known.log.bid / np.exp(known.fitted.u)
    usual = [np.median(bids[seen]) for bids, seen in zip(plain, fair, strict=True)]

    def once() -> Part:
        return replace(
            part,
            market=market,
            budget=BUDGET,
            best=market.best(BUDGET),
            first=part.first[rows] * np.array(usual),
            conversions=np.zeros(COUNT),
            repeated=np.ones(COUNT),
            shapes=part.shapes.of(rows),
            draws=slice(0, 1),
        )

    real: Case = replace(case, draws=1, parts=lambda: iter((once(),)))
    told, true = (
        by_name(standings(each, compete(each, TERMS, lambda *_: None))) for each in (case, real)
    )
    for name, (value, use) in told.items():
        assert value == pytest.approx(true[name][0], abs=0.035), name
        assert use == pytest.approx(true[name][1], abs=0.025), name
    for better, worse in (("pacekeeper", "weights"), ("pid", "linear"), ("linear", "even")):
        assert true[better][0] > true[worse][0]
        assert told[better][0] > told[worse][0]
