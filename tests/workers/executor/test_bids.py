"""The usual bid of a campaign or an ad set is set as other levers are; reports named the first."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from schemas import topics
from schemas.action import Action, Release
from schemas.fields import Autonomy, Entity
from schemas.recommendation import Kind
from tests.workers.executor.world import (
    World,
    a_plan,
    a_recommendation,
    an_action,
    approve,
    roll_back,
)

A_BID: dict[str, Any] = {"field": "bid", "unit": "currency_per_click"}


def of(ad_set: str, name: str, expected: str, target: str) -> Action:
    return an_action(name, expected, target, entity=Entity.AD_SET, entity_id=ad_set, **A_BID)


def acted(*actions: Action) -> World:
    world = World()
    for minute, action in enumerate(actions, start=1):
        world.publish(topics.ACTIONS, action, minute)
    world.settle()
    return world


def test_the_first_bid_is_what_reports_named_and_the_next_what_was_set() -> None:
    world = acted(
        an_action("first", "0.40", "0.50", **A_BID),
        an_action("drifted", "0.40", "0.60", **A_BID),
        an_action("next", "0.50", "0.60", **A_BID),
    )

    assert world.said() == [("simulated", None), ("drift", "not_as_expected"), ("simulated", None)]


def test_each_ad_set_has_a_bid_of_its_own() -> None:
    world = acted(of("a", "one", "0.40", "0.50"), of("b", "two", "0.40", "0.30"))

    assert world.said() == [("simulated", None)] * 2
    assert [(entry.entity_id, entry.after) for entry in world.audit] == [
        ("a", Decimal("0.50")),
        ("b", Decimal("0.30")),
    ]


def test_the_first_bid_that_was_set_can_be_rolled_back_to_what_reports_named() -> None:
    world = acted(of("a", "one", "0.40", "0.50"))
    world.publish(topics.DECISIONS, roll_back("one", minutes=2), 2)
    world.settle()

    assert world.said()[1:] == [("rolled_back", None)]
    assert (world.audit[-1].entity_id, world.audit[-1].after) == ("a", Decimal("0.40"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"target": Decimal(0)}, "bid_out_of_range"),
        ({"target": Decimal("0.0000001")}, "too_many_decimals"),
        ({"currency": None}, "currency_missing"),
    ],
)
def test_a_bid_is_above_nothing_and_given_in_millionths_at_the_finest(
    changes: dict[str, Any], reason: str
) -> None:
    world = acted(
        replace(of("a", "bad", "0.40", "0.50"), **changes), of("a", "fine", "0.4", "0.000001")
    )

    assert world.said() == [("rejected", reason), ("simulated", None)]


def test_a_person_may_approve_the_advice_on_an_ad_sets_bid() -> None:
    world = World()
    advice = a_recommendation(
        "advice",
        "0.50",
        kind=Kind.BID,
        entity=Entity.AD_SET,
        entity_id="a",
        current_value=Decimal("0.40"),
        **A_BID,
    )
    world.publish(topics.RECOMMENDATIONS, advice, 0)
    world.settle()
    world.publish(topics.DECISIONS, approve("advice"), 1)
    world.settle()

    assert world.said() == [("approval_required", None), ("simulated", None)]
    assert (world.audit[-1].before, world.audit[-1].after) == (None, Decimal("0.50"))


def test_a_bid_is_not_set_that_was_bounded_by_an_older_plan_but_one_may_be_rolled_back() -> None:
    world = acted(an_action("first", "0.40", "0.50", **A_BID))
    world.publish(topics.PLANS, a_plan(Autonomy.AUTO, version=2), 2)
    world.settle()
    by_person = {"released_by": Release.PERSON}
    world.publish(topics.ACTIONS, an_action("stale", "0.50", "0.60", **A_BID), 3)
    world.publish(topics.ACTIONS, an_action("late", "0.50", "0.60", **A_BID, **by_person), 3)
    world.publish(topics.ACTIONS, an_action("new", "0.50", "0.60", **A_BID, plan_version=2), 4)
    world.settle()
    world.publish(topics.DECISIONS, roll_back("new", minutes=5), 5)
    world.settle()
    world.publish(topics.DECISIONS, roll_back("first", minutes=6), 6)
    world.settle()

    assert world.said()[1:] == [
        ("rejected", "plan_changed"),
        ("rejected", "plan_changed"),
        ("simulated", None),
        ("rolled_back", None),
        ("rolled_back", None),
    ]
    assert world.audit[-1].after == Decimal("0.40")
