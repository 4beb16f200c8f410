"""Laws of actions: one effect each, on what they expect, and one entry."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas import topics
from schemas.action import Action, Release
from schemas.codec import encode
from schemas.condition import Condition, ConditionKind, Scope
from schemas.decision import Verb
from schemas.fields import Autonomy, Entity
from schemas.keys import EVERYTHING
from schemas.plan import Plan
from tests.workers.executor.world import (
    NAMES,
    World,
    a_decision,
    a_plan,
    a_recommendation,
    an_action,
    an_id,
    approve,
    at,
)
from workers.executor.policy import ExecutorPolicy


def acted(*actions: Action, minutes: float = 0, world: World | None = None) -> World:
    world = world or World()
    for action in actions:
        world.publish(topics.ACTIONS, action, minutes)
    world.settle()
    return world


def test_an_action_puts_its_target_in_force_and_says_all_of_it_in_the_audit_trail() -> None:
    world = acted(
        an_action("first", None, "10.00"),
        an_action(
            "second", "10.00", "12.50", recommendation_id=an_id("why"), hour=at(60), why="demand"
        ),
        minutes=1.5,
    )
    entry = world.audit[1]

    assert (entry.status, entry.mode, entry.reason) == ("simulated", "simulate", None)
    assert (entry.expected, entry.before) == (Decimal("10.00"), Decimal("10.00"))
    assert (entry.target, entry.after) == (Decimal("12.50"), Decimal("12.50"))
    assert entry.sent is None
    assert entry.key == b"google:7:42"
    assert (entry.entity, entry.entity_id, entry.field) == ("campaign", "42", "hourly_budget")
    assert (entry.unit, entry.currency, entry.hour) == ("currency", "EUR", at(60))
    assert (entry.action_id, entry.recommendation_id) == (an_id("second"), an_id("why"))
    assert (entry.actor, entry.detail) == ("auto", "demand")
    assert (entry.at, entry.latency_seconds) == (at(1.5), Decimal(90))
    assert entry.versions == {"plan": 1}


def test_an_action_has_one_effect_however_often_it_arrives() -> None:
    first, second = an_action("first", None, "10"), an_action("second", "10", "12")
    back = an_action("back", "12", "10")

    world = acted(first, first, second, first, back, second, back)

    assert world.said() == [("simulated", None)] * 3
    assert [entry.after for entry in world.audit] == [10, 12, 10]
    assert world.counts["repeats", "pacekeeper.actions.v1"] == 4


def test_a_repeat_is_known_across_steps_and_whatever_became_of_the_first() -> None:
    drifted = an_action("drifted", "99", "12")
    world = acted(an_action("first", None, "10"), drifted)
    acted(an_action("to 99", "10", "99"), drifted, world=world)

    assert [status for status, _ in world.said()] == ["simulated", "drift", "simulated"]


def test_an_action_that_expects_another_value_changes_nothing_and_reports_drift() -> None:
    world = acted(
        an_action("first", None, "10"),
        an_action("wrong", "11", "12"),
        an_action("none", None, "12"),
        an_action("right", "10", "12"),
    )

    assert [status for status, _ in world.said()] == ["simulated", "drift", "drift", "simulated"]
    assert world.audit[1].reason == "not_as_expected"
    assert [entry.after for entry in world.audit] == [10, 10, 10, 12]
    assert world.audit[1].detail == "expected 11 in force, found 10"


def test_a_target_that_is_in_force_already_is_no_change_whatever_was_expected() -> None:
    world = acted(an_action("first", None, "10"), an_action("again", None, "10.00"))

    assert world.said()[1] == ("no_op", "already_in_force")
    assert world.audit[1].after == 10


def test_an_expired_action_is_refused_by_the_timestamp_of_its_record() -> None:
    world = acted(an_action("late", None, "10"), minutes=60)
    acted(an_action("in time", None, "10"), minutes=59.99, world=world)

    assert world.said() == [("expired", "expired"), ("simulated", None)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"field": "frequency_cap"}, "unsupported_field"),
        ({"entity": Entity.AD_SET}, "unsupported_field"),
        ({"entity_id": "43"}, "unknown_entity"),
        ({"target": Decimal(-1)}, "negative_target"),
        ({"target": Decimal("10.001")}, "too_many_decimals"),
        ({"currency": None}, "currency_missing"),
        ({"currency": "XXX"}, "unknown_currency"),
        ({"currency": "USD"}, "currency_mismatch"),
    ],
)
def test_what_cannot_be_done_is_rejected_with_a_reason_and_changes_nothing(
    changes: dict[str, Any], reason: str
) -> None:
    bad = an_action("bad", "10", "12", **changes)
    world = acted(an_action("first", None, "10"), bad, an_action("next", "10", "11"))

    assert world.said() == [("simulated", None), ("rejected", reason), ("simulated", None)]
    assert world.audit[1].detail


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        (Scope.ALL, EVERYTHING),
        (Scope.PLATFORM, b"google"),
        (Scope.ACCOUNT, b"google:7"),
        (Scope.CAMPAIGN, b"google:7:42"),
    ],
)
def test_nothing_is_changed_while_a_freeze_of_any_scope_holds(scope: Scope, key: bytes) -> None:
    names: dict[str, Any] = dict(
        list(NAMES.items())[: {"all": 0, "platform": 1, "account": 2, "campaign": 3}[scope]]
    )
    freeze = Condition(
        kind=ConditionKind.FREEZE,
        scope=scope,
        version=1,
        active=True,
        since=at(10),
        until=at(20),
        by="ada",
        **names,
    )
    assert freeze.key == key + b"#freeze"
    world = World()
    world.broadcasts[freeze.key] = encode(freeze)

    acted(an_action("before", None, "1"), minutes=9.99, world=world)
    acted(an_action("during", "1", "2"), minutes=10, world=world)
    acted(an_action("during too", "1", "2"), minutes=19.99, world=world)
    acted(an_action("after", "1", "2"), minutes=20, world=world)

    assert world.said() == [
        ("simulated", None),
        ("rejected", "frozen"),
        ("rejected", "frozen"),
        ("simulated", None),
    ]
    assert "frozen by ada until 2026-03-02T12:20" in world.audit[1].detail


def test_a_freeze_of_another_campaign_or_a_lifted_one_stops_nothing() -> None:
    world = World()
    names: dict[Scope, tuple[dict[str, Any], bool]] = {
        Scope.PLATFORM: ({"platform": "meta"}, True),
        Scope.ACCOUNT: ({"platform": "google", "account_id": "8"}, True),
        Scope.CAMPAIGN: ({**NAMES, "campaign_id": "43"}, True),
        Scope.ALL: ({}, False),
    }
    for scope, (named, active) in names.items():
        freeze = Condition(
            kind=ConditionKind.FREEZE,
            scope=scope,
            version=1,
            active=active,
            since=at(0),
            by="ada",
            **named,
        )
        world.broadcasts[freeze.key] = encode(freeze)

    assert acted(an_action("a", None, "1"), world=world).said() == [("simulated", None)]


def test_a_freeze_that_cannot_be_read_is_a_freeze() -> None:
    world = World()
    world.broadcasts[b"google:7#freeze"] = b"{broken"

    acted(an_action("a", None, "1"), world=world)

    assert world.said() == [("rejected", "frozen")]
    assert "google:7 cannot be read" in world.audit[0].detail


@pytest.mark.parametrize(
    ("plan", "status"),
    [
        (a_plan(Autonomy.AUTO), "simulated"),
        (a_plan(Autonomy.PROPOSE), "rejected"),
        (a_plan(Autonomy.OBSERVE), "rejected"),
        (a_plan(Autonomy.AUTO, protected=True), "rejected"),
    ],
)
def test_policy_releases_nothing_that_the_plan_keeps_for_people(plan: Plan, status: str) -> None:
    world = World()
    world.publish(topics.PLANS, plan, 0)
    acted(an_action("policy", None, "1"), world=world)
    found = "1" if world.audit[0].after else None
    acted(an_action("person", found, "2", released_by=Release.PERSON), world=world)

    assert [entry.status for entry in world.audit] == [status, "simulated"]


def test_a_plan_older_than_the_action_does_not_judge_it() -> None:
    world = World()
    world.publish(topics.PLANS, a_plan(Autonomy.PROPOSE, version=3), 0)
    acted(an_action("newer", None, "1", plan_version=4), world=world)
    acted(an_action("older", "1", "2", plan_version=2), world=world)

    assert world.said() == [("simulated", None), ("rejected", "needs_approval")]


def test_a_plan_that_goes_back_to_an_older_version_is_not_followed() -> None:
    world = World()
    world.publish(topics.PLANS, a_plan(Autonomy.PROPOSE, version=3), 0)
    world.publish(topics.PLANS, a_plan(Autonomy.AUTO, version=2), 0)
    acted(an_action("a", None, "1", plan_version=3), world=world)

    assert world.said() == [("rejected", "needs_approval")]


def test_memory_is_bounded_and_what_cannot_be_told_from_a_repeat_is_refused() -> None:
    world = World(policy=ExecutorPolicy(remembered=3))
    actions = [
        an_action(str(n), str(n) if n else None, str(n + 1), expires_at=at(60 + n))
        for n in range(10)
    ]
    acted(*actions, world=world)
    rows = len(world.tables["actions"])
    acted(*actions, world=world)

    assert rows == 1 + 1, "the campaign, and the page of what it has changed"
    assert len(world.tables["actions"]) == rows
    assert world.said()[:10] == [("simulated", None)] * 10
    assert world.said()[10:] == [("expired", "could_be_a_repeat")] * 7
    assert world.audit[-1].after == 10


def test_a_long_lived_action_does_not_shut_out_those_that_expire_earlier() -> None:
    world = World(policy=ExecutorPolicy(remembered=3))
    acted(an_action("long", None, "0", expires_at=at(7 * 1440)), world=world)
    for n in range(10):
        acted(an_action(str(n), str(n), str(n + 1), expires_at=at(60 + n)), world=world)

    assert world.said() == [("simulated", None)] * 11


def test_actions_that_would_last_for_decades_are_refused_and_shut_out_nobody() -> None:
    world = World()
    lasting = [
        an_action(f"lasting {n}", None, "9", expires_at=datetime(2099, 1, 1, tzinfo=UTC))
        for n in range(world.policy.remembered + 1)
    ]
    just = an_action("just too long", None, "9", expires_at=at(7 * 1440 + 1 / 60))
    acted(*lasting, just, just, world=world)
    acted(an_action("normal", None, "1", expires_at=at(61)), minutes=1, world=world)

    refused = [("rejected", "expires_too_late")] * (len(lasting) + 1)
    assert world.said() == [*refused, ("simulated", None)]


@pytest.mark.parametrize(
    ("value", "key", "reason"),
    [
        (b"", None, "empty"),
        (b"{", None, "not_json"),
        (b'{"target": NaN}', None, "not_finite"),
        (b"[]", None, "wrong_type"),
        (b"{}", None, "missing"),
        (b"x" * 1_100_000, None, "too_large"),
        (encode(an_action("a", None, "1")), b"google:7:43", "key_mismatch"),
    ],
)
def test_what_cannot_be_read_is_put_aside_and_the_rest_is_done(
    value: bytes, key: bytes | None, reason: str
) -> None:
    world = World()
    world.publish(topics.ACTIONS, value, 0, key=key)
    acted(an_action("good", None, "1"), world=world)

    assert [letter.reason for letter in world.dead_letters] == [reason]
    assert world.dead_letters[0].record.value == value
    assert world.said() == [("simulated", None)]


@pytest.mark.parametrize("timestamp", [-1, 0, 10**18])
def test_a_record_without_a_sane_timestamp_is_put_aside(timestamp: int) -> None:
    world = World()
    world.publish(topics.ACTIONS, an_action("a", None, "1"), 0)
    log = world.logs[world.policy.topic(topics.ACTIONS)]
    log[0] = type(log[0])(**{**vars(log[0]), "timestamp": timestamp})
    world.settle()

    assert [(letter.reason, letter.field) for letter in world.dead_letters] == [
        ("out_of_range", "timestamp")
    ]


def test_a_record_in_the_wrong_partition_is_sent_on_once_and_not_forever() -> None:
    world = World(partitions=8, partition=3)  # murmur2 gives google:7:42 another partition
    world.publish(topics.DECISIONS, a_decision(Verb.FREEZE), 1, key=None)
    world.settle()
    (sent_on,) = world.elsewhere
    assert sent_on.topic == world.policy.topic(topics.DECISIONS)
    assert (sent_on.key, sent_on.timestamp) == (
        b"google:7:42",
        world.stored(topics.DECISIONS)[0].timestamp,
    )
    assert sent_on.headers == (("pacekeeper-healed", b"1"),)

    home = World(partitions=8, partition=sent_on.partition or 0)
    home.append(sent_on)
    home.settle()
    assert home.said() == [("applied", "frozen")]

    lost = World(partitions=9, partition=0)
    lost.append(
        type(sent_on)(
            sent_on.topic, sent_on.key, sent_on.value, None, sent_on.headers, sent_on.timestamp
        )
    )
    lost.settle()
    assert [letter.reason for letter in lost.dead_letters] == ["key_mismatch"]


def test_an_approved_action_waits_for_nobody_s_plan() -> None:
    world = World()
    world.publish(topics.PLANS, a_plan(Autonomy.PROPOSE), 0)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "5"), 0)
    world.publish(topics.DECISIONS, approve("r"), 1)
    world.settle()

    assert world.said() == [("approval_required", None), ("simulated", None)]
