"""Answers without a log of events: they agree with the parts that they come from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import pacer
from engine.patterns import Estimate
from engine.plans import UNLIMITED
from engine.questions import multiplier_of, split_of_day, what_was_learned, will_it_last
from engine.standing import Standing
from tests.engine.test_pacer import lived, shapes_for

quick = settings(max_examples=60, deadline=None)


@given(st.integers(0, 10**9), st.integers(1, 25), st.integers(0, 160), st.integers(0, 99))
@quick
def test_a_day_is_split_by_the_weights_of_its_hours_to_the_last_unit(
    left: int, hours: int, first: int, seed: int
) -> None:
    weights = np.random.default_rng(seed).lognormal(0.0, 1.0, (1, 168))
    cells = (first + np.arange(hours)[None, :]) % 168
    bounds = np.array([0]), np.array([UNLIMITED])
    plan = split_of_day(np.array([left]), weights, cells, bounds).amounts[0]
    wanted = left * weights[0, cells[0]] / weights[0, cells[0]].sum()
    assert plan.sum() == left
    assert np.abs(plan[:hours] - wanted).max() <= 1.0 + 1e-6 * left
    ended = np.concatenate([cells, np.full((1, 25 - hours), -1)], axis=1)
    again = split_of_day(np.array([left]), weights, ended, bounds).amounts[0]
    assert again.tolist() == plan.tolist()


def standing(budget: float, spent: float, ahead: int) -> Standing:
    return Standing(
        budget=np.array([budget]),
        spent=np.array([spent]),
        in_flight=np.zeros(1),
        unreported=np.zeros(1, dtype=np.int64),
        price=np.array([0.1]),
        lived=np.arange(24 - ahead)[None, :],
        ahead=np.arange(24 - ahead, 24)[None, :],
    )


def test_whoever_keeps_the_cap_of_every_hour_never_runs_out_before_the_end() -> None:
    pacing, spent = lived(np.full(24 * 7, 100.0), np.zeros(24 * 7)), 0.0
    now = np.zeros(1), np.zeros(1, dtype=np.int64)
    for ahead in range(24, 0, -1):
        where = standing(1_200.0, spent, ahead)
        cells, left = where.ahead, np.array([1_200.0 - spent])
        # The market would spend twice the budget at the multiplier that is in force.
        made = pacer.decide(pacing, shapes_for(1), cells, left, now)
        answer = will_it_last(pacing, shapes_for(1), where, made)
        assert answer.cap[0] <= made.cap[0]
        assert spent < 1_200.0
        spent += float(answer.cap[0])
    assert spent == pytest.approx(1_200.0)


def test_a_budget_that_the_market_cannot_spend_lasts_and_its_multiplier_says_so() -> None:
    pacing = lived(np.full(24 * 7, 100.0), np.zeros(24 * 7))
    now = np.zeros(1), np.zeros(1, dtype=np.int64)
    rich, poor = standing(1e9, 0.0, 24), standing(2_400.0, 0.0, 24)
    chances, multipliers = [], []
    for where in (rich, poor):
        made = pacer.decide(pacing, shapes_for(1), where.ahead, where.budget, now)
        chances.append(float(will_it_last(pacing, shapes_for(1), where, made).chance[0]))
        multipliers.append(float(multiplier_of(made)[0]))
    assert chances[0] < 0.01
    assert chances[1] > 0.4
    assert multipliers[0] == pytest.approx(3.0)
    assert multipliers[1] == pytest.approx(1.0, abs=0.05)


def test_the_best_hours_are_those_whose_clicks_convert_best() -> None:
    clicks, conversions = np.ones((1, 168)), np.ones((1, 168))
    clicks[0, 9], conversions[0, 9] = 4.0, 12.0
    conversions[0, 100] = 2.0
    week = Estimate(
        clicks=clicks,
        conversions=conversions,
        confidence=np.full((1, 168), 0.5),
        trust=np.array([0.25]),
    )
    found = what_was_learned(week, 2)
    assert found.best.tolist() == [[9, 100]]
    usual = conversions.sum() / clicks.sum()
    assert found.times[0].tolist() == pytest.approx([3.0 / usual, 2.0 / usual])
    assert found.trust.tolist() == [0.25]
