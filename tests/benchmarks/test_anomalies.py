"""The world that anomalies are measured in, and how it is counted what is found there."""

from __future__ import annotations

import numpy as np

from benchmarks.anomalies.watching import ONE_AGAIN, begins, found
from benchmarks.anomalies.world import LEARNED, world
from engine.thresholds import nominal

LIMITS = nominal((6, 5), 0.05)


def test_what_goes_wrong_changes_nothing_but_what_it_is_about() -> None:
    market, ones = world(3, 50), np.ones(50)
    usual = market.hour(LEARNED, ones, ones)

    assert (market.hour(LEARNED, ones, ones) == usual).all()
    assert (market.hour(LEARNED, ones, 0 * ones)[:, :3] == usual[:, :3]).all()
    assert (market.hour(LEARNED, ones, 0 * ones)[:, 3:] == 0).all()


def test_usual_hours_bring_the_rates_that_the_world_says() -> None:
    market, ones = world(3, 50), np.ones(50)
    week = np.array([market.hour(number, ones, ones)[:, 3] for number in range(168)])
    level = (market.levels * market.worth)[:, :7].mean()

    assert abs(week.sum() / (168 * market.rates.sum()) / level - 1.0) < 0.05


def test_an_alarm_that_pauses_for_less_than_a_day_is_one_alarm() -> None:
    evidence = np.zeros((336, 1, 6, 5))
    evidence[[10, 10 + ONE_AGAIN, 11 + 2 * ONE_AGAIN], 0, 3, 0] = 31.0

    assert begins(evidence, LIMITS) == 1.0


def test_outages_of_some_campaigns_are_found() -> None:
    seen = found("outage", 100)

    assert seen.share > 95.0
    assert seen.median_delay(3.0) <= 4.0
