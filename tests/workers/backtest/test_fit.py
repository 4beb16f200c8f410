"""What is learned of a log that was made by a known law."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.workers.backtest.logs import DAY, Law, log_of
from workers.backtest.exhaustion import cut_off
from workers.backtest.fit import fit
from workers.backtest.log import Log, by_day

NOBODY = np.array([np.nan])


@pytest.mark.parametrize("elasticity", [0.9, 2.0, 5.0])
def test_the_elasticity_is_found_where_bids_varied_by_chance(elasticity: float) -> None:
    laws = [Law(elasticity=elasticity) for _ in range(8)]
    log = log_of(laws)
    found = fit(log, log.reported)
    assert found.varied.all()
    assert not found.answered.any()
    assert found.elasticity.mean() == pytest.approx(elasticity, rel=0.06)
    away = np.abs(found.elasticity - elasticity)
    assert (away < 4.0 * found.error).all()


def test_bids_that_never_varied_tell_nothing() -> None:
    log = log_of([Law(bid_sd=0.0)])
    found = fit(log, log.reported)
    assert np.isnan(found.elasticity).all()
    assert not found.varied.any()
    unbid = replace(log, bid=np.full(log.bid.shape, np.nan))
    assert (fit(unbid, log.reported).u == 0.0).all()


def test_the_usual_day_is_found_whatever_was_bid() -> None:
    log = log_of([Law(days=21)])
    usual = by_day(fit(log, log.reported).usual)[0].mean(axis=0)
    assert usual / usual.mean() == pytest.approx(DAY / DAY.mean(), rel=0.15)


def test_the_unit_of_money_changes_nothing() -> None:
    log = log_of([Law(), Law(elasticity=4.0)])
    other = replace(log, spend=1_000.0 * log.spend, bid=1_000.0 * log.bid)
    found, again = fit(log, log.reported), fit(other, log.reported)
    assert again.elasticity == pytest.approx(found.elasticity, rel=1e-6)
    assert again.usual == pytest.approx(1_000.0 * found.usual, rel=1e-6)


def controlled(elasticity: float, seed: int) -> Log:
    """Return a log whose bids were lowered after each hour that spent too much."""
    log = log_of([Law(bid_sd=0.0)])
    chance = np.random.default_rng(seed)
    unrest, u = 0.0, 0.0
    spend, bid = np.zeros((2, log.spend.shape[1]))
    for hour in range(len(spend)):
        unrest = 0.8 * unrest + chance.normal(0.0, 0.25)
        bid[hour] = 2.0 * np.exp(u)
        excess = np.exp(unrest + elasticity * u)
        spend[hour] = 40.0 * DAY[hour % 24] * excess
        u -= 0.1 * float(np.clip(excess - 1.0, -1.0, 1.0))
    return replace(log, spend=spend[None], bid=bid[None])


def test_bids_that_followed_spend_are_told_and_hide_less_than_they_would_untreated() -> None:
    """The oracle is the plain slope of log spend on log bids, which such bids bring down."""
    found, plain = [], []
    for seed in range(6):
        log = controlled(3.0, seed)
        known = fit(log, log.reported)
        assert known.answered.all()
        found.append(known.elasticity[0])
        logs = np.log(log.spend[0]) - np.log(np.tile(DAY, 14))
        plain.append(np.polyfit(np.log(log.bid[0]), logs, 1)[0])
    assert 2.0 < np.nanmean(found) < 3.3
    assert np.nanmean(found) > np.mean(plain) + 1.0


def test_an_hour_in_which_the_budget_ran_out_and_those_after_it_are_cut_off() -> None:
    spend = np.array([[*[10.0] * 10, 5.0, *[0.0] * 13]])
    log = replace(log_of([Law(days=1, budget=105.0)]), spend=spend)
    assert np.flatnonzero(cut_off(log, NOBODY)[0]).tolist() == list(range(10, 24))
    roomy = replace(log, day_budget=np.full(spend.shape, 200.0))
    assert not cut_off(roomy, NOBODY).any()


def test_the_plans_budget_stands_in_where_the_log_names_none() -> None:
    spend = np.array([[*[10.0] * 10, 5.0, *[0.0] * 13]])
    log = replace(log_of([Law(days=1)]), spend=spend)
    assert cut_off(log, np.array([105.0])).sum() == 14


def test_a_day_that_falls_silent_in_busy_hours_ran_dry_and_a_quiet_night_did_not() -> None:
    usual = np.array([*[10.0] * 22, 0.0, 0.0])
    dry = np.where(np.arange(24) < 12, 10.0, 0.0)
    log = replace(log_of([Law(days=3)]), spend=np.array([[*usual, *usual, *dry]]))
    assert np.flatnonzero(cut_off(log, NOBODY)[0]).tolist() == list(range(48 + 11, 72))


def test_a_platform_that_spends_on_beyond_the_budget_was_not_stopped_by_it() -> None:
    log = replace(log_of([Law(days=1, budget=100.0)]), spend=np.full((1, 24), 10.0))
    cut = cut_off(log, NOBODY)
    assert np.flatnonzero(cut[0]).tolist() == [23]


def test_an_hour_without_a_bid_is_a_pause() -> None:
    log = log_of([Law(days=1)])
    bid = log.bid.copy()
    bid[0, 7] = 0.0
    assert cut_off(replace(log, bid=bid), NOBODY)[0, 7]
