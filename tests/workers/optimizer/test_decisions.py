"""What is decided for the next hour, and when it is better not to."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson

from engine import in_force
from schemas import (
    Action,
    AuditEntry,
    AuditStatus,
    Budget,
    Condition,
    ConditionKind,
    Entity,
    HoldReason,
    Kind,
    Mode,
    Recommendation,
    Record,
    Scope,
    canonical_bytes,
    decode,
    digest,
    encode,
    topics,
)
from schemas.fields import BudgetPeriod
from schemas.guardrails import Guardrails
from tests.workers.optimizer.world import NAMES, World, an_event, hour


def after(*events: Any, **plan: Any) -> Recommendation:  # noqa: ANN401 -- fields of a record
    """Return the last decision once ``events`` were told under a plan."""
    world = World()
    world.plan(**plan)
    world.metrics(*events)
    return world.advice[-1]


def entry(after: str, at: float, **fields: Any) -> AuditEntry:  # noqa: ANN401 -- fields of a record
    given: dict[str, Any] = {
        **NAMES,
        "at": hour(at),
        "status": AuditStatus.SIMULATED,
        "mode": Mode.SIMULATE,
        "actor": "pacekeeper",
        "entity_id": "42",
        "field": "hourly_budget",
        "currency": "EUR",
        "after": Decimal(after),
    }
    return AuditEntry(**(given | fields))


def say(world: World, *entries: AuditEntry) -> None:
    world.feed(
        "audit",
        [world.stored(topics.AUDIT, encode(each), each.at, key=each.key) for each in entries],
    )


def test_the_first_hour_of_a_day_gets_its_even_part_of_what_is_left() -> None:
    # 240 less 4 spent, over the 23 hours that follow: 10.2608..., the first of them one cent more.
    advice = after(an_event(0))
    assert advice.recommended_value == Decimal("10.27")
    assert sum(advice.hour_plan) == Decimal("236.00")
    assert len(advice.hour_plan) == 23
    assert advice.hour == hour(1)
    assert advice.kind is Kind.PACING
    assert advice.auto_execute


def test_a_target_hour_that_is_reported_in_part_already_leaves_nobody_more_than_sure() -> None:
    world = World()
    world.plan()
    # Hour 1 is told of when it has just begun, and hour 0 after it.
    begun = an_event(1, emitted_at=hour(1) + timedelta(minutes=2))
    world.metrics(begun, an_event(0, emitted_at=hour(1) + timedelta(minutes=2)))
    assert [(each.hour, each.confidence) for each in world.advice] == [(hour(1), 1.0)]


def test_a_new_day_has_its_whole_budget() -> None:
    advice = after(*(an_event(i) for i in range(24)))
    assert advice.hour == hour(24)
    assert advice.hour_plan == (Decimal("10.00"),) * 24
    assert advice.pacing_index is None


def test_each_hour_is_decided_once_however_often_it_is_told() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0), an_event(0), an_event(0, clicks=51))
    world.metrics(an_event(1), an_event(0, clicks=52), an_event(1))
    assert [advice.hour for advice in world.advice] == [hour(1), hour(2)]
    assert world.advice[1].supersedes == world.advice[0].recommendation_id


def test_an_hour_told_while_it_runs_is_decided_when_it_is_over() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0, spend=Decimal(1), emitted_at=hour(0.5)))
    assert world.advice == []
    world.metrics(an_event(0, spend=Decimal(3), emitted_at=hour(1.1)))
    assert [advice.spend_to_date for advice in world.advice] == [Decimal("3.00")]


def test_reports_that_are_late_leave_room_for_what_is_in_flight() -> None:
    world = World()
    world.plan()
    say(world, entry("10", 0.5))
    world.metrics(an_event(1, emitted_at=hour(4.5)))
    advice = world.advice[-1]
    # Hours 2 and 3 are over and unreported, at 10 each; 240 - 4 - 20 over hours 4 to 23.
    assert advice.hour == hour(2)
    assert advice.valid_from == hour(4)
    assert sum(advice.hour_plan) == Decimal("216.00")
    assert advice.recommended_value == Decimal("10.80")


def a_freeze(**fields: Any) -> Condition:  # noqa: ANN401 -- fields of a record
    given: dict[str, Any] = {
        "kind": ConditionKind.FREEZE,
        "scope": Scope.ALL,
        "version": 1,
        "active": True,
    }
    return Condition(**(given | {"since": hour(0), "by": "ada"} | fields))


def test_what_is_in_force_is_withdrawn_when_the_budget_is_gone() -> None:
    world = World()
    world.plan(guardrails=Guardrails(max_change_pct=10.0, cooldown_minutes=600))
    say(world, entry("10", 0.9))
    world.metrics(an_event(0, spend=Decimal(250)))
    advice, action = world.advice[-1], world.actions[-1]
    assert advice.recommended_value == 0
    assert advice.kind is Kind.PACING
    assert advice.priority == "critical"
    assert action.expected == 10
    assert action.target == 0
    say(world, entry("0", 1.2))
    world.metrics(an_event(1, spend=Decimal(0)))
    assert world.advice[-1].hold_reason is HoldReason.BUDGET_GONE


def guarded(value: str, rails: Guardrails, *, at: float = 0.5, **plan: Any) -> World:  # noqa: ANN401
    world = World()
    world.plan(guardrails=rails, **plan)
    say(world, entry(value, at))
    world.metrics(an_event(0))
    return world


def test_hours_that_a_plan_switches_off_get_nothing() -> None:
    off = tuple(tuple(float(8 <= h < 20) for h in range(24)) for _ in range(7))
    advice = after(an_event(0), dayparting=off)
    assert advice.recommended_value == 0
    assert [amount > 0 for amount in advice.hour_plan] == [8 <= h < 20 for h in range(1, 24)]
    assert sum(advice.hour_plan) == Decimal("236.00")


def test_published_bytes_are_those_of_the_record_and_its_id_is_that_of_its_content() -> None:
    world = guarded("5", Guardrails(max_change_pct=20.0), max_hourly_budget=Decimal(8))
    world.metrics(an_event(1, spend=Decimal(300)), an_event(2, currency="USD"))
    checked = 0
    for output in world.outputs:
        kinds: dict[str, tuple[type[Record], str]] = {
            world.policy.topic(topics.RECOMMENDATIONS): (Recommendation, "recommendation_id"),
            world.policy.topic(topics.ACTIONS): (Action, "action_id"),
        }
        kind, name = kinds[output.topic]
        record: Record = decode(output.value or b"", kind)
        assert orjson.loads(encode(record)) == orjson.loads(output.value or b"")
        content = orjson.loads(canonical_bytes(record))
        identity = content.pop(name)
        assert digest(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)) == identity
        checked += 1
    assert checked >= 4


def test_a_decision_names_what_it_was_made_from() -> None:
    world = guarded("5", Guardrails(max_change_pct=20.0))
    advice = world.advice[-1]
    assert advice.inputs == {
        world.policy.topic(topic): 0 for topic in (topics.METRICS, topics.PLANS, topics.AUDIT)
    }
    assert (advice.plan_version, advice.model_version) == (1, world.policy.model_version)
    assert advice.state_digest


def test_only_what_is_in_force_on_the_campaign_is_taken_from_the_audit_trail() -> None:
    world = World()
    say(
        world,
        entry("9", 1, field="bid"),
        entry("8", 2, entity=Entity.AD_SET),
        entry("7", 3, status=AuditStatus.DRIFT),
    )
    row = in_force.unpack(list(world.tables["audit"].values()))
    assert row["value"].tolist() == [[7, 0]]
    assert not row["changed"].any()


def test_a_week_whose_clock_changes_spends_its_budget_to_the_cent_when_obeyed() -> None:
    world = World()
    world.plan(
        budget=Budget(amount=Decimal(1_000), period=BudgetPeriod.WEEK), timezone="Europe/Berlin"
    )
    first = 21 * 24 - 1  # Monday 23 March, midnight in Berlin; the week has 167 hours
    value = Decimal("5.00")
    for number in range(first, first + 167):
        world.metrics(an_event(number, spend=value))
        value = world.advice[-1].recommended_value or Decimal(0)
    last, following = world.advice[-2:]
    assert last.hour_plan == (last.recommended_value,)
    assert (last.spend_to_date or 0) + (last.recommended_value or 0) == 1_000
    assert following.spend_to_date == 0
    assert len(following.hour_plan) == 24
