"""A daily budget that was set is what a grouped campaign is paced by, until its plan changes."""

from __future__ import annotations

from decimal import Decimal
from math import exp, log
from struct import Struct
from typing import Any

import pytest

from schemas import AuditEntry, AuditStatus, Budget, Portfolio, decode, topics
from schemas.fields import BudgetPeriod
from schemas.plan import Rollover
from tests.workers.explain.histories import Kept
from tests.workers.optimizer.test_decisions import entry, say
from tests.workers.optimizer.world import World, a_plan, an_event
from workers.explain.report import explain
from workers.optimizer.tables import AUDIT, daily_key


def a_world(**plan: Any) -> World:  # noqa: ANN401 -- fields of a plan
    world = World()
    world.plan(a_plan(**({"budget_group_id": "spring"} | plan)))
    return world


def daily(after: str, version: int = 1, **fields: Any) -> AuditEntry:  # noqa: ANN401 -- fields of an entry
    given: dict[str, Any] = {"field": "daily_budget", "versions": {"plan": version}}
    return entry(after, 0, **(given | fields))


def period_budget(world: World) -> Decimal | None:
    world.metrics(an_event(0))
    return world.advice[-1].period_budget


def test_it_takes_the_place_of_the_plans_budget() -> None:
    world = a_world()
    say(world, daily("300"))
    assert period_budget(world) == 300
    # Of 300 less 4, an even part of the 23 hours left.
    assert world.advice[-1].recommended_value == Decimal("12.87")
    assert world.advice[-1].inputs["pacekeeper.audit.v1"] == 0


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"budget_group_id": None}, {}),
        ({"version": 2}, {}),
        ({}, {"versions": {}}),
        ({}, {"currency": "USD"}),
        ({}, {"currency": None}),
        ({}, {"status": AuditStatus.REJECTED}),
        ({"budget": Budget(amount=Decimal(240), period=BudgetPeriod.WEEK)}, {}),
        ({"rollover": Rollover.FULL}, {}),
    ],
)
def test_it_does_not_where_it_was_not_set_for_this_plan_by_the_day(
    plan: dict[str, Any], told: dict[str, Any]
) -> None:
    world = a_world(**plan)
    say(world, daily("300", **told))
    assert period_budget(world) == 240


def test_a_decision_by_a_budget_that_was_set_is_repeated_byte_for_byte() -> None:
    world = Kept()
    world.plan(a_plan(budget_group_id="spring"))
    world.metrics(an_event(0), an_event(1))
    say(world, daily("300"))
    world.metrics(an_event(2))
    say(world, daily("90"))
    world.metrics(an_event(3))
    told = [each.period_budget for each in world.advice]
    assert told[-3:] == [240, 300, 90]
    for target in range(len(told)):
        assert explain(world.policy, world.history(), target).identical


def test_the_plans_own_caps_hold_above_it() -> None:
    world = a_world(max_daily_budget=Decimal(250))
    say(world, daily("600"))
    world.metrics(*(an_event(number, spend=Decimal(60)) for number in range(4)))
    assert world.advice[-1].hour_plan
    assert sum(world.advice[-1].hour_plan) <= 250 - 240


@pytest.mark.parametrize("status", [AuditStatus.SIMULATED, AuditStatus.EDITED])
def test_the_group_is_told_what_is_in_force_and_what_may_be_released(status: AuditStatus) -> None:
    world = a_world(max_daily_budget=Decimal(400), daily_cap=Decimal(350))
    say(world, daily("300", status=status))
    world.metrics(*(an_event(number) for number in range(25)))
    (row,) = (
        decode(each.value or b"", Portfolio)
        for each in world.outputs
        if each.topic == world.policy.topic(topics.PORTFOLIO)
    )
    assert (row.budget, row.max_budget) == (Decimal(300), Decimal(350))
    assert row.releasable


def test_days_that_ended_leave_what_the_plans_own_budget_leaves_whatever_was_set_since() -> None:
    told = []
    for after in (None, "300", "30"):
        world = a_world(rollover=Rollover.FULL)
        world.metrics(*(an_event(number) for number in range(30)))
        if after:
            say(world, daily(after))
        world.metrics(an_event(30))
        told.append(world.advice[-1].period_budget)
    assert told[0] == told[1] == told[2]


def test_the_group_is_told_what_people_have_set_on_a_plan_by_the_week_as_well() -> None:
    world = a_world(budget=Budget(amount=Decimal(700), period=BudgetPeriod.WEEK))
    say(world, daily("120"))
    world.metrics(*(an_event(number) for number in range(25)))
    (row,) = (
        decode(each.value or b"", Portfolio)
        for each in world.outputs
        if each.topic == world.policy.topic(topics.PORTFOLIO)
    )
    assert row.budget == 120
    assert world.advice[-1].period_budget == 700


def told(world: World) -> Portfolio:
    """Return the day that was told to the group."""
    (row,) = (
        decode(each.value or b"", Portfolio)
        for each in world.outputs
        if each.topic == world.policy.topic(topics.PORTFOLIO)
    )
    return row


@pytest.mark.parametrize(
    ("fields", "jitter"),
    [
        ({"target": Decimal(300), "without_jitter": Decimal(280)}, log(300 / 280)),
        ({"target": Decimal(300), "without_jitter": Decimal(330)}, log(300 / 330)),
        ({"target": Decimal(300)}, 0.0),
        # What is in force is not what was wanted, or is no budget that chance has moved.
        ({"target": Decimal(310), "without_jitter": Decimal(280)}, 0.0),
        ({"target": Decimal(300), "without_jitter": Decimal(0)}, 0.0),
        ({"target": Decimal(300), "without_jitter": Decimal(3)}, 0.0),
    ],
)
def test_the_group_is_told_by_how_much_its_chance_moved_what_is_in_force(
    fields: dict[str, Any], jitter: float
) -> None:
    world = a_world()
    say(world, daily("300", **fields))
    world.metrics(*(an_event(number) for number in range(25)))
    row = told(world)
    assert row.budget == 300
    assert row.budget_jitter == pytest.approx(jitter, abs=1e-12)
    plain = row.budget * Decimal(repr(exp(-row.budget_jitter)))
    if jitter:
        assert round(plain, 2) == fields["without_jitter"]


def test_a_budget_that_was_stored_before_there_was_chance_holds_without() -> None:
    world = a_world()
    say(world, daily("300"))
    table = world.tables[AUDIT]
    (key,) = (key for key in table if key.endswith(daily_key(b"")))
    table[key] = table[key][: Struct("<3sqq").size]
    world.metrics(*(an_event(number) for number in range(25)))
    row = told(world)
    assert (row.budget, row.budget_jitter) == (Decimal(300), 0.0)


@pytest.mark.parametrize(
    "plan",
    [
        {"autonomy": "propose"},
        {"autonomy_of": {"daily_budget": "propose"}},
        {"protected": True},
        {"budget": Budget(amount=Decimal(240), period=BudgetPeriod.WEEK)},
    ],
)
def test_a_plan_that_asks_for_a_person_or_is_not_by_the_day_lets_nothing_go(
    plan: dict[str, Any],
) -> None:
    world = a_world(**plan)
    world.metrics(*(an_event(number) for number in range(25)))
    (row,) = (
        decode(each.value or b"", Portfolio)
        for each in world.outputs
        if each.topic == world.policy.topic(topics.PORTFOLIO)
    )
    assert not row.releasable
