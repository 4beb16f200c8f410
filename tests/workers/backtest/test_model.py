"""The market that a log lets one think of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrays import Floats
from engine.day_shapes import no_days, pooled
from tests.workers.backtest.logs import Law, log_of
from workers.backtest.as_logged import AsLogged
from workers.backtest.contest import CONTROLLERS
from workers.backtest.contract import Scores, Task
from workers.backtest.log import by_day
from workers.backtest.logged import market_of
from workers.backtest.model import ASSUMED, LogMarket, draws, elasticities
from workers.backtest.replay import play
from workers.backtest.study import Question, Study, study

DRAWN = draws(6, seed=3)
LAWS = [
    Law(),
    Law(elasticity=4.0, bid_sd=0.08, budget=700.0),
    Law(bid_sd=0.0, noise=0.4),
    Law(budget=500.0),
]


@pytest.fixture(scope="module")
def known() -> Study:
    return study(log_of(LAWS), Question())


@pytest.fixture(scope="module")
def market(known: Study) -> LogMarket:
    return market_of(known, np.arange(len(LAWS)), DRAWN)


def rows_of(known: Study) -> Floats:
    return np.asarray(known.budget[np.repeat(np.arange(len(LAWS)), 6)])


def test_who_bids_and_spends_as_the_log_did_comes_to_the_logs_totals(
    known: Study, market: LogMarket
) -> None:
    rows = np.repeat(np.arange(len(LAWS)), 6)
    u, spend = known.fitted.u[rows], known.log.spend[rows]
    task = Task(budget=rows_of(known), multiplier=np.ones(len(rows)))
    scores = play(market, task, AsLogged(u, spend), stops=False)
    assert scores.spend == pytest.approx(by_day(spend).sum(axis=2), rel=1e-9)


def test_an_hour_that_no_budget_cut_off_answers_its_own_bid_with_what_was_logged(
    known: Study, market: LogMarket
) -> None:
    rows = np.repeat(np.arange(len(LAWS)), 6)
    for hour in range(0, 24 * 14, 5):
        played = market.play(hour, np.exp(known.fitted.u[rows, hour]), np.full(len(rows), np.inf))
        fair = ~known.cut[rows, hour]
        logged = known.log.spend[rows, hour]
        assert played.spend[fair] == pytest.approx(logged[fair], rel=1e-9)
        # Where a budget stood in the way, there was at least what was bought.
        assert (played.spend[~fair] >= logged[~fair] * (1.0 - 1e-9)).all()


def test_hours_that_were_cut_off_have_about_what_they_would_have_had() -> None:
    """The oracle is the same campaign, lived once with a budget and once without."""
    free = log_of([Law(noise=0.2, days=28)] * 4)
    bound = log_of([Law(noise=0.2, days=28, budget=700.0)] * 4)
    known = study(bound, Question())
    assert 0.1 < known.cut.mean() < 0.6
    market = market_of(known, np.arange(4), draws(4, seed=1))
    rows = np.repeat(np.arange(4), 4)
    hours = range(24 * 28)
    bids = np.exp(known.fitted.u[rows])
    spends = [market.play(hour, bids[:, hour], np.full(16, np.inf)).spend for hour in hours]
    total, truth = np.sum(spends, axis=0), free.spend.sum(axis=1)
    # Bids of hours after the end of a budget are not known: the usual one is taken.
    assert total.mean() == pytest.approx(truth.mean(), rel=0.1)
    assert total.mean() > 1.1 * bound.spend.sum(axis=1).mean()


@pytest.mark.parametrize("name", sorted(CONTROLLERS))
@pytest.mark.parametrize("share", [0.3, 1.0, 3.0])
def test_nobody_beats_hindsight_and_nobody_overspends(
    known: Study, market: LogMarket, name: str, share: float
) -> None:
    budget = share * rows_of(known)
    task = Task(budget=budget, multiplier=np.ones(len(budget)))
    shapes = pooled(no_days()).of(np.zeros(len(budget), dtype=np.int64))
    scores = play(market, task, CONTROLLERS[name](task, shapes))
    best = market.best(budget)
    assert (scores.value <= best * (1.0 + 1e-4)).all()
    assert (scores.value > 0.0).all()
    assert (scores.spend <= budget[:, None] * (1.0 + 1e-9)).all()


class Constant:
    """Bids the same all day, whatever happens."""

    def __init__(self, multiplier: Floats) -> None:
        self._multiplier = multiplier

    def decide(self, _: int) -> tuple[Floats, Floats]:
        return self._multiplier, np.full(len(self._multiplier), 1e18)

    def learn(self, *_: object) -> None: ...


def tried(market: LogMarket, budget: Floats, multiplier: float) -> Scores:
    task = Task(budget=budget, multiplier=np.full(len(budget), multiplier))
    return play(market, task, Constant(task.multiplier))


def test_the_best_purchase_is_that_of_the_best_constant_multiplier(
    known: Study, market: LogMarket
) -> None:
    """The oracle tries them all, day by day."""
    budget = 0.6 * rows_of(known)
    values = [tried(market, budget, m).value for m in np.exp(np.linspace(-2.0, 1.0, 121))]
    best = market.best(budget)
    found = np.max(values, axis=0)
    assert (found <= best * (1.0 + 1e-4)).all()
    assert found == pytest.approx(best, rel=0.02)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.1, 2.0))
def test_no_way_of_spreading_bids_and_caps_over_a_day_beats_hindsight(
    known: Study, market: LogMarket, seed: int, share: float
) -> None:
    chance = np.random.default_rng(seed)
    budget = share * rows_of(known)
    value, spent = np.zeros((2, len(budget)))
    for hour in range(24):
        multiplier = np.exp(chance.normal(0.0, 0.7, len(budget)))
        cap = np.minimum(chance.exponential(budget / 8.0), budget - spent)
        played = market.play(hour, multiplier, cap)
        value, spent = value + played.value, spent + played.spend
    assert (value <= market.best(budget)[:, 0] * (1.0 + 1e-4)).all()


def test_more_budget_never_buys_less(known: Study, market: LogMarket) -> None:
    bests = [market.best(share * rows_of(known)) for share in np.geomspace(0.01, 30.0, 40)]
    assert (np.diff(bests, axis=0) >= -1e-6 * np.array(bests[:-1])).all()
    assert (bests[20] > 1.5 * bests[0]).all()


def test_what_a_log_does_not_tell_is_drawn_over_the_whole_range(known: Study) -> None:
    drawn = draws(50, seed=1)
    found = elasticities(known.fitted, drawn)
    low, high = ASSUMED
    assert low < found[2].min() < 1.1 * low
    assert 0.9 * high < found[2].max() < high
    # Where bids varied, the range is that of the standard error.
    assert found[0].std() == pytest.approx(known.fitted.error[0], rel=0.15)
    assert np.median(found[0]) == pytest.approx(known.fitted.elasticity[0], rel=0.01)


def test_the_same_seed_draws_the_same_and_neighbours_have_no_say(known: Study) -> None:
    chosen = np.array([1, 3])
    alone = market_of(known, chosen, DRAWN)
    everyone = market_of(known, np.arange(len(LAWS)), DRAWN)
    rows = (chosen[:, None] * 6 + np.arange(6)).ravel()
    for hour in range(24 * 14):
        one = alone.play(hour, np.ones(12), np.full(12, np.inf))
        all_ = everyone.play(hour, np.ones(24), np.full(24, np.inf))
        assert one.spend.tolist() == all_.spend[rows].tolist()
    other = market_of(known, chosen, draws(6, seed=4))
    assert (other.best(np.full(12, 300.0)) != alone.best(np.full(12, 300.0))).any()


def test_what_a_budget_cut_off_is_drawn_by_the_seed() -> None:
    # Bids never varied: nothing else of an hour at the usual bid depends on a draw.
    known = study(log_of([Law(bid_sd=0.0, budget=600.0)]), Question())

    def spends(seed: int) -> Floats:
        market = market_of(known, np.array([0]), draws(5, seed=seed))
        hours = range(24 * 14)
        ones, free = np.ones(5), np.full(5, np.inf)
        return np.array([market.play(hour, ones, free).spend for hour in hours])

    one, other = spends(1), spends(2)
    assert (one == spends(1)).all()
    assert ((one != other).any(axis=1) == known.cut[0]).mean() > 0.99
    assert (one[~known.cut[0]] == other[~known.cut[0]]).all()


def test_an_hour_that_bought_nothing_has_nothing_at_its_bid_and_something_at_a_higher() -> None:
    log = log_of([Law(bid_sd=0.05)])
    quiet = replace(log, spend=np.where(np.arange(24 * 14) == 50, 0.0, log.spend))
    known = study(quiet, Question())
    market = market_of(known, np.array([0]), DRAWN)
    bid = np.exp(known.fitted.u[0, 50])
    own = market.play(50, np.full(6, bid), np.full(6, np.inf)).spend
    higher = market.play(50, np.full(6, 4.0 * bid), np.full(6, np.inf)).spend
    assert not known.cut[0, 50]
    assert (own == 0.0).all()
    assert (higher > 0.0).all()
    assert (higher < quiet.spend.max()).all()


def test_a_bid_far_from_the_usual_one_blows_an_hour_up_to_a_limit_only() -> None:
    log = log_of([Law(bid_sd=0.05, elasticity=1.0)])
    odd = replace(log, bid=log.bid.copy())
    odd.bid[0, 30] = 1e-4
    known = study(odd, Question())
    market = market_of(known, np.array([0]), draws(8, seed=1))
    spend = market.play(30, np.ones(8), np.full(8, np.inf)).spend
    assert (spend <= 20.0 * known.fitted.usual[0, 30] * (1.0 + 1e-9)).all()
