"""What is proposed to people: once, and the newest word of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas import topics
from schemas.fields import Autonomy
from schemas.plan import Plan
from schemas.recommendation import HoldReason, Kind
from tests.workers.executor.test_decisions import decide, proposed
from tests.workers.executor.world import (
    World,
    a_plan,
    a_recommendation,
    an_id,
    approve,
    at,
)


def test_a_recommendation_that_needs_a_person_is_proposed_once_with_what_it_would_do() -> None:
    world = World()
    advice = a_recommendation("r", "12", current_value=Decimal(10), prior_version=3)
    for _ in range(3):
        world.publish(topics.RECOMMENDATIONS, advice, 0.5)
        world.settle()
    (entry,) = world.audit

    assert (entry.status, entry.actor) == ("approval_required", "pacekeeper")
    assert entry.recommendation_id == an_id("r")
    assert (entry.expected, entry.target) == (Decimal(10), Decimal(12))
    assert (entry.field, entry.currency, entry.hour) == ("hourly_budget", "EUR", at(60))
    assert entry.versions == {"model": "test", "plan": 1, "prior": 3}
    assert (entry.at, entry.latency_seconds) == (at(0.5), Decimal(30))
    assert (entry.before, entry.after) == (None, None)


@pytest.mark.parametrize(
    ("plan", "changes"),
    [
        (None, {"auto_execute": True}),
        (None, {"kind": Kind.HOLD, "hold_reason": HoldReason.PAUSED, "field": None}),
        (a_plan(Autonomy.OBSERVE), {}),
    ],
)
def test_holds_what_policy_releases_and_what_is_only_watched_are_not_proposed(
    plan: Plan | None, changes: dict[str, object]
) -> None:
    world = World()
    world.publish(topics.PLANS, plan, 0)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "12", **changes), 0)
    world.settle()

    assert world.audit == []
    assert world.tables["recommendations"] == {}


def test_a_newer_recommendation_takes_the_older_one_s_place_whoever_may_release_it() -> None:
    world = proposed("first")
    world.publish(
        topics.RECOMMENDATIONS,
        a_recommendation("second", "11", decided_at=at(1), auto_execute=True),
        1,
    )
    world.settle()
    decide(world, approve("first"))

    assert world.said() == [
        ("approval_required", None),
        ("expired", "superseded"),
        ("expired", "superseded"),
    ]
    assert an_id("second") in world.audit[2].detail
    assert world.released == []


def test_an_older_recommendation_that_comes_late_does_not_take_a_newer_one_s_place() -> None:
    world = World()
    world.publish(topics.RECOMMENDATIONS, a_recommendation("new", "1", decided_at=at(1)), 1)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("old", "2", decided_at=at(0)), 1)
    world.settle()
    decide(world, approve("new"))

    assert world.said() == [
        ("approval_required", None),
        ("expired", "superseded"),
        ("simulated", None),
    ]


def test_recommendations_about_different_fields_stand_beside_each_other() -> None:
    world = World()
    world.publish(topics.RECOMMENDATIONS, a_recommendation("budget", "12"), 0)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("bid", "1", field="frequency_cap"), 0)
    world.settle()
    decide(world, approve("budget"), approve("bid"))

    assert world.said()[2:] == [("simulated", None), ("rejected", "unsupported_field")]
