"""Laws of approving what was advised for another world: nothing is made, and it says what to do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas import topics
from schemas.action import Release
from schemas.decision import Verb
from schemas.fields import Autonomy
from schemas.plan import Plan
from tests.workers.executor.test_decisions import decide
from tests.workers.executor.world import (
    KEY,
    World,
    a_decision,
    a_plan,
    a_recommendation,
    an_action,
    approve,
    reject,
)


def proposed(**changes: object) -> World:
    world = World()
    world.publish(topics.PLANS, a_plan(Autonomy.PROPOSE), 0)
    world.publish(topics.ACTIONS, an_action("a", None, "8", released_by=Release.PERSON), 0)
    world.settle()
    advice = a_recommendation("r", "10", current_value=Decimal(8), **changes)
    world.publish(topics.RECOMMENDATIONS, advice, 0)
    world.settle()
    return world


def follows(world: World, plan: Plan | None) -> World:
    world.publish(topics.PLANS, plan, 1)
    world.settle()
    return world


def answer(world: World, minutes: float = 2) -> tuple[str, str | None, str]:
    decide(world, approve("r", minutes=minutes), minutes=minutes)
    entry = world.audit[-1]
    return entry.status.value, entry.reason, entry.detail


def test_what_has_not_changed_is_approved() -> None:
    assert answer(proposed())[:2] == ("simulated", None)


@pytest.mark.parametrize(
    ("plan", "now"),
    [(a_plan(Autonomy.PROPOSE, version=2), "version 2 holds now"), (None, "it was deleted")],
)
@pytest.mark.parametrize("field", ["hourly_budget", "daily_budget", "bid"])
def test_advice_for_another_version_of_the_plan_is_not_approved(
    plan: Plan | None, now: str, field: str
) -> None:
    world = World()
    world.publish(topics.PLANS, a_plan(Autonomy.PROPOSE), 0)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "10", field=field), 0)
    world.settle()
    status, reason, detail = answer(follows(world, plan))

    assert (status, reason) == ("rejected", "plan_changed")
    assert f"version 1 of the plan, and {now}" in detail
    assert "wait for the next recommendation" in detail
    assert world.released == []


def test_advice_of_a_plan_that_was_not_read_yet_can_be_approved_when_it_was() -> None:
    world = proposed()
    advice = a_recommendation("next", "9", field="frequency_cap", plan_version=2)
    world.publish(topics.RECOMMENDATIONS, advice, 1)
    world.settle()
    decide(world, approve("next", minutes=2), minutes=2)
    assert world.said()[-1] == ("rejected", "plan_not_known")
    follows(world, a_plan(Autonomy.PROPOSE, version=2))
    decide(world, approve("next", minutes=3), minutes=3)

    assert [action.plan_version for action in world.released[1:]] == [2]


def test_what_was_frozen_can_be_approved_again_when_it_is_not() -> None:
    world = decide(proposed(), a_decision(Verb.FREEZE))
    status, reason, detail = answer(world)
    assert (status, reason) == ("rejected", "frozen")
    assert "unfreeze it first, and approve it again then" in detail
    decide(world, a_decision(Verb.UNFREEZE, minutes=3), minutes=3)

    assert answer(world, 4)[:2] == ("simulated", None)


def test_a_freeze_in_the_same_step_comes_before_the_approval() -> None:
    world = decide(proposed(), a_decision(Verb.FREEZE), approve("r"))

    assert world.said()[-1] == ("rejected", "frozen")


def test_advice_is_not_approved_when_another_value_is_in_force_than_it_was_made_from() -> None:
    world = proposed()
    world.publish(topics.ACTIONS, an_action("b", "8", "9", released_by=Release.PERSON), 1)
    world.settle()
    status, reason, detail = answer(world)

    assert (status, reason) == ("rejected", "value_changed")
    assert "expected 8 in force, found 9" in detail
    assert len(world.released) == 2


def test_what_changes_between_the_approval_and_the_action_stops_it_all_the_same() -> None:
    plan, freeze = a_plan(Autonomy.PROPOSE, version=2), a_decision(Verb.FREEZE, minutes=2)
    for topic, record, reason in (
        (topics.PLANS, plan, "plan_changed"),
        (topics.DECISIONS, freeze, "frozen"),
    ):
        world = proposed()
        world.publish(topics.DECISIONS, approve("r"), 2)
        world.turn("decisions")
        world.publish(topic, record, 2)
        world.settle(["plans", "decisions", "actions"])

        assert (world.audit[-1].status, world.audit[-1].reason) == ("rejected", reason)
        assert world.audit[-1].action_id == world.released[-1].action_id


def test_whatever_has_changed_a_recommendation_can_be_rejected() -> None:
    world = follows(decide(proposed(), a_decision(Verb.FREEZE)), a_plan(Autonomy.AUTO, version=2))
    decide(world, reject("r", minutes=3), minutes=3)

    assert world.said()[-1] == ("rejected", "rejected_by_person")


def test_the_word_that_was_there_first_finds_the_world_that_the_recommendation_finds() -> None:
    world = World()
    world.publish(topics.PLANS, a_plan(Autonomy.PROPOSE, version=2), 0)
    decide(world, approve("r"))
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "10"), 2)
    world.settle()

    assert world.said() == [("rejected", "plan_changed"), ("approval_required", None)]
    assert KEY in world.tables["recommendations"]
