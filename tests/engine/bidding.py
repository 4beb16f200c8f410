"""A small life of bids: every public function of theirs is called."""

from __future__ import annotations

import numpy as np

from engine import (
    bid_bandit,
    bid_emergency,
    bid_gains,
    bid_multipliers,
    bids,
    conversion_rates,
    delay,
    hour_blocks,
    mean_rates,
    order_values,
    rate_cells,
    usual_hours,
)
from engine.calibration import calibration
from engine.exploration import Reserve
from engine.rate_cells import Cells, Kinds

KINDS = Kinds(campaigns=2, devices=2, placements=1)


def live() -> None:
    """Learn rates of two campaigns, bid by them, answer an emergency, and try levels of bids."""
    cells = evidence()
    conversion_rates.untaught(KINDS)
    learned = conversion_rates.learn(cells, conversion_rates.teach(cells))
    found = conversion_rates.rates(learned, cells.keys).middle
    calibration(found, cells.exposure, cells.conversions, 3).kept.any()
    set_bids(found)
    ask_about_ad_sets(learned, cells)
    split_by_kind()
    react()
    try_levels()


def try_levels() -> None:
    """Try levels of bids of two campaigns, of which the first has nothing to learn with."""
    bandit = bid_bandit.tried(bid_bandit.new_bandit(2), np.zeros(2), np.ones(2), np.ones(2))
    reserve = Reserve(total=np.array([0.0, 9.0]), used=np.zeros(2))
    reach = bid_bandit.affordable(reserve, np.full(2, 5.0), np.full(2, 2.0))
    hours = np.array([3600, 3600])
    at = bid_bandit.chosen(bandit, np.array([0.0, 1.0]), reach, np.array([1, 2]), hours)
    noise = np.hypot(1.0, bid_bandit.left_out(bandit, at))
    bid_bandit.best(bid_bandit.tried(bandit, at, np.ones(2), noise))


def evidence() -> Cells:
    """Return cells of two campaigns, of old evidence and of new, some of it young."""
    share = delay.maturity(delay.no_delays(2), delay.no_delays(1))
    keys = np.array([[0, 1, 0, 0, 7], [1, 2, 1, -1, 8], [0, 9, 9, 9, 7], [1, 9, 9, 9, 8]])
    counts = np.array([90.0, 40.0]), np.array([3.0, 1.0])
    totals = np.array([100.0, 39.0]), np.array([3.0, 1.0])
    fresh = rate_cells.reconciled(keys, np.array([0, 1]), counts, totals)
    ages = np.full(len(fresh.keys), 5.0)
    clicks = rate_cells.matured(share, fresh.keys[:, 0], fresh.clicks, ages)
    new = rate_cells.gathered(KINDS, fresh.keys, clicks, fresh.conversions)
    return rate_cells.together(rate_cells.faded(new, np.array([24.0, 0.0])), new)


def set_bids(rates: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    """Bid for two ad sets, one of which has no goal and no value."""
    sums = np.array([500.0, 0.0]), np.array([5.0, 0.0])
    taught = order_values.teach_value(*sums)
    value = order_values.value_per_conversion(*sums, np.zeros(2), taught)
    goals = bids.Goals(
        target_cpa=np.zeros(2), target_roas=np.array([4.0, 0.0]), margin=np.array([0.5, 0.0])
    )
    limits = bids.Limits(
        low=np.ones(2),
        high=np.full(2, 900.0),
        change=np.full(2, 0.2),
        cooldown=np.full(2, 4.0),
        step=np.ones(2),
    )
    now = bids.InForce(
        bid=np.array([20.0, 0.0]), since=np.array([9.0, 0.0]), learning=np.array([False, True])
    )
    better = bids.performance(np.array([4.0, 0.0]), np.array([3.0, 0.0]))
    bids.bids(bids.worth(value, goals) * rates[:2] * better, limits, now, np.ones(2))


def ask_about_ad_sets(learned: conversion_rates.Learned, cells: Cells) -> None:
    """Ask for the mean rates of two ad sets, and what other bids would bring them."""
    asked = np.array([[0, 1], [1, 7]])
    mean_rates.rows_of(asked, cells.keys)
    counts = cells.exposure, cells.exposure
    known = mean_rates.mean_rates(learned, mean_rates.mix(KINDS, asked, cells.keys, counts))
    mean_rates.expected_of(learned, cells)
    old, worth = np.array([0.4, 0.5]), 20.0 * known.mean
    bid_gains.worthwhile(old, worth, known.deviation)
    bid_gains.price_between(old, worth, bid_gains.ANSWER)
    move = bid_gains.Move(
        old=old,
        new=worth,
        allowed=np.full(2, 20.0),
        rate=known.mean,
        deviation=known.deviation,
        clicks=np.array([50.0, 0.0]),
        spend=np.array([15.0, 0.0]),
    )
    bid_gains.gains(move)
    hour_blocks.blocks(known.hour, np.zeros((2, 24)), 3)


def split_by_kind() -> None:
    """Split bids by device, placement and hour, and round the first as a platform takes it."""
    clicks = np.arange(24.0).reshape(2, 3, 2, 2)
    device, _, _ = bid_multipliers.products(0.01 + 0.001 * clicks, clicks)
    bid_multipliers.multipliers(device, clicks.sum(axis=(2, 3)), bid_multipliers.Taken())


def react() -> None:
    """Answer a rise of the cost in one of two campaigns."""
    rose = bid_emergency.rise(
        np.array([[10.0, 90.0], [10.0, 9.0]]), np.full((2, 2), 10.0), np.ones(2)
    )
    answer = bid_emergency.answered(bid_emergency.calm(2), rose)
    fell = bid_emergency.fall(np.zeros((2, 2)), np.full((2, 2), 10.0), np.ones(2))
    answer = bid_emergency.answered(answer, fell)
    bid_emergency.an_hour_later(answer).now.min()
    clicks = 10.0 + np.arange(2 * 8 * 24.0).reshape(2, 8, 24) % 7.0
    known = usual_hours.usual(
        usual_hours.Sold(
            clicks=clicks,
            spend=0.5 * clicks,
            conversions=0.1 * clicks,
            share=np.ones_like(clicks),
            known=np.ones_like(clicks, dtype=np.bool_),
        )
    )
    hours = clicks[:, 0, :3]
    beyond = usual_hours.changes(
        known,
        usual_hours.Newest(
            clicks=hours,
            spend=2.0 * hours,
            conversions=0.1 * hours,
            share=np.ones_like(hours),
            hour=np.tile(np.arange(3), (2, 1)),
            part=np.ones_like(hours),
            lift=np.ones_like(hours),
            raised=np.ones(2),
            daily=np.array([0.0, 500.0]),
        ),
    )
    beyond.sure.any()
    beyond.cost.of(1)
