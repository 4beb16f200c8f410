"""What a plan asks for within the day is replayed byte for byte: it follows from what is kept."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas import Guardrails, encode, topics
from tests.workers.explain.histories import Kept
from tests.workers.explain.test_replay import replayed
from tests.workers.optimizer.test_decisions import entry
from tests.workers.optimizer.test_reallocating import final
from tests.workers.optimizer.world import KEY, a_plan, hour

SLOW = Guardrails(
    max_change_pct=1000.0,
    max_changes_per_day=1000,
    max_multiplier_step=1.1,
    max_spend_step_pct=20.0,
)

DAYS = 5
"""Usual ones before the day that is better: as many as it takes to tell it from chance."""

CODES = {
    "dayparting": {"better_than_expected"},
    "adaptive": {"multiplier_slowed", "spend_slowed"},
}


@pytest.mark.parametrize("strategy", ["dayparting", "adaptive"])
def test_limits_of_speed_and_moved_budgets_are_recomputed_to_the_same_bytes(strategy: str) -> None:
    world = Kept()
    plan = a_plan(strategy=strategy, guardrails=SLOW, reallocate_within_day=True)
    world.feed("plans", [world.stored(topics.PLANS, encode(plan), hour(0), key=KEY)])
    lever = {"field": "bid_multiplier"} if strategy == "adaptive" else {}
    for number in range(24 * DAYS + 9):
        if number % 24 == 3:
            said = entry("1.5", number, hourly_cap=Decimal(4), **lever)
            world.feed("audit", [world.stored(topics.AUDIT, encode(said), said.at, key=KEY)])
        world.metrics(final(number, 6 if number >= 24 * DAYS else 2))
    history = world.history()
    codes = {reason.code for each in history.published for reason in each.advice.reasons}
    assert codes >= CODES[strategy]
    last = len(history.published) - 1
    whole = replayed(history, last)
    assert whole.recomputed == history.published[last].value
    assert (list(whole.differing), list(whole.missing)) == ([], [])
