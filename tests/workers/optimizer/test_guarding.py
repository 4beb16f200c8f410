"""What a plan's guard rails let through, and what becomes an action."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas import (
    Budget,
    HoldReason,
)
from schemas.fields import Autonomy, BudgetPeriod
from schemas.guardrails import Guardrails
from schemas.plan import Actuator
from tests.workers.optimizer.test_decisions import after, guarded
from tests.workers.optimizer.world import World, an_event


def statuses(world: World) -> dict[str, str]:
    return {check.name: check.status for check in world.advice[-1].guardrails}


def test_a_change_is_clamped_and_the_rest_of_the_day_takes_up_the_difference() -> None:
    world = guarded("5", Guardrails(max_change_pct=20.0))
    advice = world.advice[-1]
    assert advice.recommended_value == Decimal("6.00")
    assert advice.hour_plan[0] == Decimal("6.00")
    assert sum(advice.hour_plan) == Decimal("236.00")
    assert statuses(world)["max_change_pct"] == "clamped"
    assert world.actions[-1].target == 6


def test_a_change_within_the_cooldown_is_blocked() -> None:
    world = guarded("5", Guardrails(max_change_pct=500.0, cooldown_minutes=60))
    assert statuses(world)["cooldown_minutes"] == "blocked"
    assert world.actions == []


def test_the_number_of_changes_of_a_local_day_is_kept() -> None:
    world = guarded("5", Guardrails(max_change_pct=500.0, max_changes_per_day=1))
    assert statuses(world)["max_changes_per_day"] == "blocked"
    yesterday = guarded("5", Guardrails(max_change_pct=500.0, max_changes_per_day=1), at=-0.5)
    assert yesterday.actions


@pytest.mark.parametrize(
    ("plan", "blocked"),
    [
        ({"protected": True}, "protected"),
        ({"actuator": Actuator.BID}, "actuator"),
        ({"min_confidence": 1.0}, None),
        ({"autonomy": Autonomy.PROPOSE}, None),
        ({"autonomy": Autonomy.OBSERVE}, None),
    ],
)
def test_only_what_policy_lets_go_becomes_an_action(
    plan: dict[str, Any], blocked: str | None
) -> None:
    world = guarded("5", Guardrails(max_change_pct=500.0), **plan)
    held = {name for name, status in statuses(world).items() if status == "blocked"}
    assert held == ({blocked} if blocked else set())
    assert bool(world.actions) == (plan == {"min_confidence": 1.0})


@pytest.mark.parametrize(
    ("general", "single", "released"),
    [
        ("propose", {"hourly_budget": "auto"}, True),
        ("auto", {"hourly_budget": "propose"}, False),
        ("auto", {"hourly_budget": "observe"}, False),
        ("auto", {"bid_multiplier": "propose", "daily_budget": "observe"}, True),
    ],
)
def test_what_a_plan_says_of_an_hour_s_budget_counts_for_that_alone(
    general: str, single: dict[str, str], *, released: bool
) -> None:
    world = guarded("5", Guardrails(max_change_pct=500.0), autonomy=general, autonomy_of=single)

    assert bool(world.actions) == world.advice[-1].auto_execute == released


def test_counts_that_contradict_each_other_need_a_person() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0, clicks=2_000))
    assert statuses(world)["consistent_counts"] == "blocked"
    assert world.advice[-1].confidence == 0.5
    assert world.counts["suspects", "clicks_above_impressions"] == 1


def test_a_value_that_is_in_force_already_is_not_set_again() -> None:
    world = guarded("10.27", Guardrails(max_change_pct=100.0))
    assert world.advice[-1].change == 0
    assert world.actions == []


def test_the_hourly_limits_of_the_plan_hold() -> None:
    advice = after(an_event(0), max_hourly_budget=Decimal(8))
    assert set(advice.hour_plan) == {Decimal("8.00")}
    assert advice.hourly_cap == 8
    assert advice.reasons[-1].code == "maximum_binds"
    assert advice.reasons[-1].evidence == {"unspent": "52.00"}
    low = after(an_event(0, spend=Decimal(239)), min_hourly_budget=Decimal(1))
    assert sum(low.hour_plan) == 1
    assert low.reasons[-1].code == "minimum_unmet"


def test_minimums_that_no_split_can_keep_are_refused_and_those_that_spend_overtook_are_told() -> (
    None
):
    a_week = Budget(amount=Decimal(700), period=BudgetPeriod.WEEK)
    refused = after(an_event(0), budget=a_week, min_daily_budget=Decimal("100.01"))
    assert refused.hold_reason is HoldReason.INFEASIBLE_MINIMUM
    assert refused.reasons[0].evidence == {"needed": "700.07", "available": "700.00"}
    # 600 of 700 were spent by Monday morning: 100 a day cannot be kept until Sunday.
    late = after(an_event(0, spend=Decimal(600)), budget=a_week, min_daily_budget=Decimal(100))
    assert late.hold_reason is None
    assert late.reasons[-1].code == "daily_minimum_unmet"
    assert late.reasons[-1].evidence == {"left": "100.00", "needed": "700.00"}
