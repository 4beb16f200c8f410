"""What is forecast is what follows from what the filter knows, by other ways of reckoning."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from engine import pacer, response
from engine.forecast import EXHAUSTED, forecast
from engine.passing import hour_passed
from tests.engine.forecasts import (
    TUESDAY,
    Truth,
    decided,
    forecast_of,
    learned,
    seen,
    shapes_for,
    standing_at,
)

NINETIETH = NormalDist().inv_cdf(0.9)


@pytest.mark.parametrize("late", [0, 1, 4])
def test_one_hour_ahead_it_is_the_log_normal_hour_that_the_filter_predicts(late: int) -> None:
    """The hour as the filter steps to it, past those not reported; more is left than it spends."""
    pacing = learned(1, 23 - late)
    standing = standing_at(23, np.array([2_500.0]), np.array([2_000.0]))
    standing = replace(standing, unreported=np.array([late]))
    choice = decided(pacing, standing)
    then, begins = pacing.response, np.zeros(1, dtype=np.bool_)
    for _ in range(1 + late):
        then = hour_passed(then, begins, np.zeros((1, 24)))
    hours = np.array([23])
    deviation = response.uncertainty(then, hours, choice.log_multiplier)[0]
    median = response.expected(then, hours, choice.log_multiplier)[0]

    ends = forecast(pacing, shapes_for(1), standing, choice)

    wanted = median + NINETIETH * deviation * np.array([-1.0, 0.0, 1.0])
    coming = np.concatenate((ends.p10, ends.p50, ends.p90)) - 2_000.0
    assert np.log(coming) == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize("late", [1, 3])
def test_hours_in_flight_are_as_unsure_as_the_hour_ahead(late: int) -> None:
    """Against 20,000 draws of the hours that are not reported and the last one."""
    pacing = learned(1, 23 - late)
    flying = TUESDAY + np.arange(23 - late, 23)[None]
    standing = replace(
        standing_at(23, np.array([3_500.0]), np.array([2_000.0])),
        in_flight=pacer.in_flight(pacing, shapes_for(1), (flying, np.zeros((1, late)))),
        unreported=np.array([late]),
    )
    choice = replace(decided(pacing, standing), log_multiplier=np.zeros(1), cap=np.array([1_500.0]))
    hour_ahead = np.exp(response.expected(pacing.response, np.array([23]), np.zeros(1)))
    ends = forecast(pacing, shapes_for(1), standing, replace(choice, hours=hour_ahead[:, None]))

    truth = Truth(pacing.response, 20_000, 3)
    spent = 2_000.0 + sum(truth.spend(hour, np.zeros(20_000)) for hour in range(23 - late, 24))
    wide = np.quantile(spent, 0.9) - np.quantile(spent, 0.1)
    assert (ends.p90 - ends.p10)[0] == pytest.approx(wide, rel=0.1)
    assert ends.p50[0] == pytest.approx(np.median(spent), rel=0.01)


@pytest.mark.parametrize(
    ("hour", "budget", "end"),
    [(12, 2_400.0, 24), (20, 2_400.0, 24), (12, 3_500.0, 24), (18, 3_000.0, 24), (22, 7_000.0, 48)],
)
def test_days_that_go_as_the_filter_believes_end_within_as_often_as_is_said(
    hour: int, budget: float, end: int
) -> None:
    """Played out hour by hour by the pacer, 1,500 times; the last three budgets are hard to spend.

    The last one is that of two days, at the end of the first.
    """
    count, half = 1_500, 1_200.0 * hour / 12
    pacing, shapes = learned(count, hour), shapes_for(count)
    money, spent = np.full(count, budget), np.full(count, half)
    ends = forecast_of(pacing, standing_at(hour, money, spent, end=end))
    truth, in_force = Truth(pacing.response, count, 5), np.zeros(count)
    for now in range(hour, end):
        choice = decided(pacing, standing_at(now, money, spent, end=end), in_force)
        in_force = choice.log_multiplier
        asked = truth.spend(now % 24, in_force)
        spend = np.minimum(asked, np.minimum(choice.cap, budget - spent))
        hourly = replace(seen(TUESDAY + now, spend, in_force), capped=asked > spend)
        pacing, spent = pacer.learn_hour(pacing, shapes, hourly), spent + spend

    exhausted = float((spent >= EXHAUSTED * budget).mean())
    assert ends.exhaustion[0] == pytest.approx(exhausted, abs=0.1)
    assert (spent < ends.p10).mean() == pytest.approx(0.1, abs=0.05)
