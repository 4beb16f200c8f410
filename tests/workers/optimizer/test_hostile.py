"""Whatever plans, reports and entries say, decisions go on, can be read, and keep the caps."""

from __future__ import annotations

import warnings
from decimal import Decimal

import pytest

from schemas import Action, Kind, Recommendation, decode
from schemas.levers import BID_MULTIPLIER, LEAST_MULTIPLIER, MOST_MULTIPLIER
from tests.workers.optimizer.hostile import Hostile

HOURS = 60


@pytest.mark.parametrize("seed", range(6))
def test_no_input_stops_the_optimizer_or_lets_it_say_what_nobody_can_read_or_spend_too_much(
    seed: int,
) -> None:
    hostile = Hostile(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        for _ in hostile.run(HOURS):
            for output in hostile.world.outputs:
                if output.topic.endswith("recommendations.v1"):
                    assert_sound(decode(output.value or b"", Recommendation))
                elif output.topic.endswith("actions.v1"):
                    decode(output.value or b"", Action)
            hostile.world.outputs.clear()
    assert hostile.world.counts["decisions", "pacing"] > HOURS
    assert hostile.statuses["simulated"] > HOURS // 2


@pytest.mark.parametrize("seed", [7, 21, 22])
def test_what_becomes_of_a_campaign_does_not_depend_on_the_others_of_its_steps(seed: int) -> None:
    together, apart = (Hostile(seed, apart=each) for each in (False, True))
    for hostile in (together, apart):
        for _ in hostile.run(HOURS // 2):
            hostile.world.outputs.clear()
    assert together.statuses == apart.statuses
    assert together.world.tables == apart.world.tables


def assert_sound(advice: Recommendation) -> None:
    if advice.kind is Kind.HOLD:
        return
    values = advice.hourly_cap, advice.period_budget, advice.spend_to_date
    cap, budget, spent = (Decimal(-1) if value is None else value for value in values)
    left = max(budget - spent, Decimal(0))
    assert 0 <= cap <= left
    assert sum(advice.hour_plan) <= left
    if advice.field == BID_MULTIPLIER:
        assert advice.recommended_value is not None
        assert LEAST_MULTIPLIER <= advice.recommended_value <= MOST_MULTIPLIER
