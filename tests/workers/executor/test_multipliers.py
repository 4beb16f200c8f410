"""Laws of bid multipliers: they come with the most that an hour may spend, and both take effect."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas import topics
from schemas.action import Action
from schemas.decision import Verb
from tests.workers.executor.test_actions import acted
from tests.workers.executor.world import (
    World,
    a_decision,
    a_recommendation,
    an_action,
    approve,
    roll_back,
)


def a_multiplier(name: str, expected: str | None, target: str = "1", **fields: Any) -> Action:  # noqa: ANN401 -- fields of a record
    given = {"field": "bid_multiplier", "unit": "multiplier", "hourly_cap": Decimal("20.00")}
    return an_action(name, expected, target, **(given | fields))


def in_force(world: World) -> dict[str, Decimal]:
    """Return the values in force, by field, as the entries tell them."""
    found: dict[str, Decimal] = {}
    for entry in world.audit:
        if entry.status in ("simulated", "rolled_back") and entry.after is not None:
            found[entry.field] = entry.after
            if entry.hourly_cap is not None:
                found["hourly_budget"] = entry.hourly_cap
    return found


def test_a_multiplier_takes_effect_with_its_hourly_cap() -> None:
    world = acted(a_multiplier("first", None, "0.9"))
    (entry,) = world.audit
    assert entry.status == "simulated"
    assert (entry.after, entry.hourly_cap) == (Decimal("0.9"), Decimal(20))
    # What came as a cap is the hourly budget from now on, and is expected there.
    acted(an_action("next", "20.00", "15.00"), world=world)
    assert world.audit[1].status == "simulated"
    assert in_force(world) == {"bid_multiplier": Decimal("0.9"), "hourly_budget": Decimal(15)}


def test_the_same_multiplier_with_another_cap_is_a_change_and_with_the_same_is_none() -> None:
    world = acted(
        a_multiplier("first", None, "0.9"),
        a_multiplier("second", "0.9", "0.9", hourly_cap=Decimal("9.00")),
        a_multiplier("third", "0.9", "0.9", hourly_cap=Decimal("9.00")),
    )
    assert [entry.status for entry in world.audit] == ["simulated", "simulated", "no_op"]
    assert in_force(world)["hourly_budget"] == 9


def test_a_multiplier_on_what_was_not_expected_changes_neither() -> None:
    world = acted(a_multiplier("first", None, "0.9"), a_multiplier("second", "0.8", "0.7"))
    assert world.audit[1].status == "drift"
    assert in_force(world) == {"bid_multiplier": Decimal("0.9"), "hourly_budget": 20}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"target": "0"}, "multiplier_out_of_range"),
        ({"target": "-1"}, "multiplier_out_of_range"),
        ({"target": "0.00001"}, "multiplier_out_of_range"),
        ({"target": "10001"}, "multiplier_out_of_range"),
        ({"target": "0.9000001"}, "too_many_decimals"),
        ({"hourly_cap": None}, "hourly_cap_missing"),
        ({"hourly_cap": Decimal(-1)}, "negative_hourly_cap"),
        ({"hourly_cap": Decimal("1.001")}, "too_many_decimals"),
        ({"currency": None}, "currency_missing"),
    ],
)
def test_a_multiplier_that_cannot_be_bid_with_or_has_no_limit_is_refused(
    fields: dict[str, Any], reason: str
) -> None:
    world = acted(a_multiplier("first", None, **({"target": "0.9"} | fields)))
    assert [(entry.status, entry.reason) for entry in world.audit] == [("rejected", reason)]


def test_a_multiplier_whose_cap_is_in_another_currency_than_the_budget_is_refused() -> None:
    world = acted(an_action("budget", None, "10.00"), a_multiplier("m", None, currency="USD"))
    assert world.audit[1].reason == "currency_mismatch"


def test_rolling_a_multiplier_back_leaves_the_hourly_budget_as_it_is() -> None:
    world = acted(
        a_multiplier("first", None, "0.9"),
        a_multiplier("second", "0.9", "1.2", hourly_cap=Decimal("30.00")),
        an_action("lower", "30.00", "5.00"),
    )
    world.publish(topics.DECISIONS, roll_back("second"), 1)
    world.settle()
    assert world.audit[-1].status == "rolled_back"
    assert in_force(world) == {"bid_multiplier": Decimal("0.9"), "hourly_budget": Decimal(5)}


def test_an_approved_multiplier_comes_with_its_cap_and_an_approved_budget_without() -> None:
    world = World()
    for name, field, unit in (
        ("a", "bid_multiplier", "multiplier"),
        ("b", "hourly_budget", "currency"),
    ):
        world.publish(
            topics.RECOMMENDATIONS,
            a_recommendation(name, "2", field=field, unit=unit, hourly_cap=Decimal(40)),
            0,
        )
    world.settle()
    for name in ("a", "b"):
        world.publish(topics.DECISIONS, approve(name), 1)
    world.settle()
    caps = {entry.field: entry.hourly_cap for entry in world.audit if entry.action_id}
    asked = [entry for entry in world.audit if entry.status == "approval_required"]
    assert caps == {"bid_multiplier": Decimal(40), "hourly_budget": None}
    # Who is asked is told what an approval would put in force.
    assert {entry.field: entry.hourly_cap for entry in asked} == caps


def test_an_approved_change_brings_the_budget_of_its_day_and_undoing_it_brings_none() -> None:
    world = acted(an_action("budget", None, "10.00"), a_multiplier("bids", None))
    for name, expected, told in (
        ("a", "1", {"field": "bid_multiplier", "unit": "multiplier", "hourly_cap": Decimal(40)}),
        ("b", "40", {}),
    ):
        given = {"current_value": Decimal(expected), "day_budget": Decimal("93.10"), **told}
        world.publish(topics.RECOMMENDATIONS, a_recommendation(name, "2", **given), 0)
        world.settle()
        world.publish(topics.DECISIONS, approve(name), 1)
        world.settle()
    for action in world.released[-2:]:
        assert (action.target, action.day_budget) == (Decimal(2), Decimal("93.10"))
        world.publish(topics.DECISIONS, a_decision(Verb.ROLL_BACK, action_id=action.action_id), 2)
        world.settle()
        assert world.audit[-1].status == "rolled_back"
        assert (world.released[-1].rolls_back, world.released[-1].day_budget) == (
            action.action_id,
            None,
        )


@pytest.mark.parametrize(
    "day_budget", [Decimal(-3), Decimal(0), Decimal("93.1049"), Decimal(10**9)]
)
def test_what_is_simulated_does_not_heed_the_budget_of_the_day(day_budget: Decimal) -> None:
    heeding, without = (
        acted(
            an_action("budget", None, "10.00", day_budget=told),
            a_multiplier("bids", None, day_budget=told),
        )
        for told in (day_budget, None)
    )
    assert heeding.audit == without.audit
    assert in_force(heeding) == {"bid_multiplier": 1, "hourly_budget": 20}
