"""A daily budget is set as other levers are, and holds as long as its plan's version."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from schemas import topics
from schemas.action import Action, Release
from schemas.fields import Autonomy
from schemas.recommendation import Kind
from tests.workers.executor.world import (
    World,
    a_plan,
    a_recommendation,
    an_action,
    an_id,
    approve,
    roll_back,
)

ORDER = ("plans", "recommendations", "decisions", "actions", "ticks")


def planned(autonomy: Autonomy = Autonomy.AUTO, version: int = 1) -> World:
    world = World(planned=False)
    world.publish(topics.PLANS, a_plan(autonomy, version=version), 0)
    world.settle(ORDER)
    return world


def set_(name: str, expected: str, target: str, version: int = 1) -> Action:
    return an_action(name, expected, target, field="daily_budget", plan_version=version)


def test_the_first_one_takes_the_place_of_the_plans_own_and_can_be_rolled_back() -> None:
    world = planned()
    world.publish(topics.ACTIONS, set_("first", "100", "120"), 1)
    world.settle(ORDER)
    assert world.said() == [("simulated", None)]
    assert world.audit[0].versions["plan"] == 1
    world.publish(topics.DECISIONS, roll_back("first", minutes=2), 2)
    world.settle(ORDER)
    assert world.said()[1:] == [("rolled_back", None)]
    assert world.audit[-1].after == Decimal(100)


def test_what_is_in_force_must_be_what_is_expected() -> None:
    world = planned()
    world.publish(topics.ACTIONS, set_("first", "100", "120"), 1)
    world.publish(topics.ACTIONS, set_("second", "100", "130"), 2)
    world.publish(topics.ACTIONS, set_("third", "120", "130"), 3)
    world.settle(ORDER)
    assert world.said() == [("simulated", None), ("drift", "not_as_expected"), ("simulated", None)]


def test_another_version_of_the_plan_has_a_budget_of_its_own() -> None:
    world = planned()
    world.publish(topics.ACTIONS, set_("first", "100", "120"), 1)
    world.settle(ORDER)
    world.publish(topics.PLANS, a_plan(Autonomy.AUTO, version=2), 2)
    world.settle(ORDER)
    world.publish(topics.ACTIONS, set_("stale", "120", "140"), 3)
    world.publish(topics.ACTIONS, set_("new", "90", "120", version=2), 4)
    world.settle(ORDER)
    assert world.said()[1:] == [("rejected", "plan_changed"), ("simulated", None)]


def test_without_a_plan_none_is_set() -> None:
    world = planned()
    world.publish(topics.PLANS, None, 1)
    world.settle(ORDER)
    by_hand = replace(set_("late", "100", "120"), released_by=Release.PERSON)
    world.publish(topics.ACTIONS, by_hand, 2)
    world.settle(ORDER)
    assert world.said() == [("rejected", "plan_changed")]


def test_a_person_may_approve_one() -> None:
    world = planned(Autonomy.PROPOSE)
    advice = a_recommendation(
        "more", "120", kind=Kind.BUDGET, field="daily_budget", current_value=Decimal(100)
    )
    world.publish(topics.RECOMMENDATIONS, advice, 0)
    world.publish(topics.DECISIONS, approve("more"), 1)
    world.settle(ORDER)
    assert world.said() == [("approval_required", None), ("simulated", None)]
    assert world.audit[-1].recommendation_id == an_id("more")


def test_a_daily_and_an_hourly_budget_await_a_person_side_by_side() -> None:
    world = planned(Autonomy.PROPOSE)
    for name, field in (("day", "daily_budget"), ("hour", "hourly_budget")):
        world.publish(topics.RECOMMENDATIONS, a_recommendation(name, "7", field=field), 0)
    world.settle(ORDER)
    assert world.said() == [("approval_required", None)] * 2


def test_policy_sets_none_where_the_plan_asks_for_a_person() -> None:
    world = planned(Autonomy.PROPOSE)
    world.publish(topics.ACTIONS, set_("first", "100", "120"), 1)
    world.settle(ORDER)
    assert world.said() == [("rejected", "needs_approval")]


def test_what_a_budget_is_without_chance_is_told_with_it_and_not_with_a_roll_back() -> None:
    world = planned()
    plain = Decimal("115.00")
    action = replace(set_("first", "100", "120"), without_jitter=plain)
    world.publish(topics.ACTIONS, action, 1)
    world.settle(ORDER)
    world.publish(topics.DECISIONS, roll_back("first", minutes=2), 2)
    world.settle(ORDER)
    told = [(entry.after, entry.without_jitter) for entry in world.audit]
    assert told == [(Decimal(120), plain), (Decimal(100), None)]
    asks = planned(Autonomy.PROPOSE)
    advice = a_recommendation(
        "more",
        "120",
        kind=Kind.BUDGET,
        field="daily_budget",
        current_value=Decimal(100),
        without_jitter=plain,
    )
    asks.publish(topics.RECOMMENDATIONS, advice, 0)
    asks.publish(topics.DECISIONS, approve("more"), 1)
    asks.settle(ORDER)
    assert (asks.audit[-1].after, asks.audit[-1].without_jitter) == (Decimal(120), plain)
