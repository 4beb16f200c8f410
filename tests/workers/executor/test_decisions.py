"""Laws of people's words: each is asked for once, ends once, and means one effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from schemas import topics
from schemas.action import Release
from schemas.codec import canonical_bytes, digest, encode
from schemas.condition import ConditionKind
from schemas.decision import Decision, Verb
from schemas.fields import Autonomy
from schemas.plan import Plan
from schemas.recommendation import HoldReason, Kind
from tests.workers.executor.world import (
    START,
    World,
    a_decision,
    a_plan,
    a_recommendation,
    a_tick,
    an_action,
    an_id,
    approve,
    at,
    reject,
)
from workers.executor import ticks
from workers.executor.policy import ExecutorPolicy
from workers.executor.tables import proposed_for, said_about

Word = Callable[..., Decision]


def proposed(*names: str) -> World:
    world = World()
    for number, name in enumerate(names):
        advice = a_recommendation(name, str(10 + number), decided_at=at(number / 60))
        world.publish(topics.RECOMMENDATIONS, advice, 0)
    world.settle()
    return world


def tick(world: World, minutes: float) -> World:
    world.publish(topics.TICKS, a_tick(minutes), minutes, key=b"0")
    world.settle()
    return world


def decide(world: World, *decisions: Decision, minutes: float = 2) -> World:
    for decision in decisions:
        world.publish(topics.DECISIONS, decision, minutes)
    world.settle()
    return world


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


def test_an_approval_becomes_one_action_that_names_the_person_and_the_advice() -> None:
    word = approve("r", why="looks right")
    world = decide(proposed("r"), word)
    (action,) = world.released

    assert (action.released_by, action.actor, action.why) == (Release.PERSON, "ada", "looks right")
    assert (action.recommendation_id, action.decision_id) == (
        an_id("r"),
        digest(canonical_bytes(word)),
    )
    assert (action.expected, action.target, action.hour) == (None, Decimal(10), at(60))
    assert (action.released_at, action.expires_at) == (at(2), at(60))
    assert world.said() == [("approval_required", None), ("simulated", None)]
    assert world.audit[1].decision_id == action.decision_id


def test_a_rejection_ends_in_the_audit_trail_with_the_person_s_reason() -> None:
    world = decide(proposed("r"), reject("r", why="a holiday"))

    assert world.said()[1] == ("rejected", "rejected_by_person")
    entry = world.audit[1]
    assert (entry.actor, entry.detail, entry.target) == ("ada", "a holiday", Decimal(10))
    assert entry.latency_seconds == Decimal(60)
    assert world.released == []


@pytest.mark.parametrize("word", [approve, reject])
@pytest.mark.parametrize("lanes", list(permutations(["recommendations", "decisions", "actions"])))
def test_the_order_of_a_recommendation_and_the_word_on_it_does_not_matter(
    word: Word, lanes: tuple[str, ...]
) -> None:
    world = World()
    world.publish(topics.DECISIONS, word("r"), 2)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "10"), 1)
    world.settle(lanes)
    tick(world, 59)
    tick(world, 61)
    outcome = [said for said in world.said() if said != ("approval_required", None)]

    assert (
        outcome == [("simulated", None)]
        if word is approve
        else [("rejected", "rejected_by_person")]
    )


def test_a_word_on_what_never_comes_is_answered_once_when_patience_ends() -> None:
    world = decide(World(), approve("nothing"), minutes=2)
    assert tick(world, 11.99).audit == []
    tick(world, 12)
    tick(world, 13)

    assert world.said() == [("rejected", "unknown_recommendation")]
    assert world.audit[0].actor == "ada"
    assert world.audit[0].at == at(12)


def test_a_word_that_was_given_up_on_can_be_said_again_when_the_recommendation_came() -> None:
    world = tick(decide(World(), approve("r")), 13)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "10"), 13)
    world.settle()
    decide(world, approve("r", minutes=14), minutes=14)

    assert world.said() == [
        ("rejected", "unknown_recommendation"),
        ("approval_required", None),
        ("simulated", None),
    ]


@pytest.mark.parametrize("first", [approve, reject])
@pytest.mark.parametrize("known", [True, False])
def test_a_second_word_on_a_recommendation_says_who_was_first(first: Word, *, known: bool) -> None:
    world = proposed("r") if known else World()
    decide(world, first("r"), approve("r", by="bob", minutes=3), minutes=3)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "10"), 3)
    world.settle()
    decide(world, reject("r", by="eve", minutes=4), minutes=4)

    again = [entry for entry in world.audit if entry.reason == "already_decided"]
    assert [(entry.actor, entry.status) for entry in again] == [
        ("bob", "rejected"),
        ("eve", "rejected"),
    ]
    assert all("ada has decided already" in entry.detail for entry in again)
    assert len(world.released) == (1 if first is approve else 0)


def test_the_same_word_twice_is_one_word() -> None:
    word = approve("r")
    world = decide(proposed("r"), word, word)
    decide(world, word)

    assert world.said() == [("approval_required", None), ("simulated", None)]
    assert world.counts["repeats", "pacekeeper.decisions.v1"] == 2


def test_a_word_after_the_expiry_is_expired_whether_a_tick_came_or_not() -> None:
    late = decide(proposed("r"), approve("r", minutes=60), minutes=60)
    assert late.said()[1:] == [("expired", "expired")]

    ticked = decide(tick(proposed("r"), 60), approve("r", minutes=59), minutes=59)
    assert ticked.said()[1:] == [("expired", "expired")] * 2
    assert late.released == ticked.released == []


def test_an_undecided_recommendation_expires_once() -> None:
    world = proposed("r")
    for minutes in (59.99, 60, 60, 61):
        tick(world, minutes)

    assert world.said() == [("approval_required", None), ("expired", "expired")]
    assert world.audit[1].at == at(60)


def test_a_decided_recommendation_does_not_expire() -> None:
    world = tick(decide(proposed("r"), approve("r")), 61)

    assert world.said() == [("approval_required", None), ("simulated", None)]


def test_a_recommendation_that_comes_after_its_expiry_is_expired_once() -> None:
    world = World()
    for _ in range(2):
        world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "10"), 60)
    tick(world, 70)

    assert world.said() == [("expired", "expired")]


def test_a_recommendation_that_comes_after_the_tick_that_would_have_closed_it_is_expired() -> None:
    world = tick(World(), 61)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "10"), 59)
    tick(world, 62)

    assert world.said() == [("expired", "expired")]


def test_what_is_closed_is_not_superseded_as_well() -> None:
    expired, decided = tick(proposed("r"), 60), decide(proposed("r"), reject("r"))
    for world in (expired, decided):
        newer = a_recommendation("newer", "11", decided_at=at(1), expires_at=at(200))
        world.publish(topics.RECOMMENDATIONS, newer, 61)
        world.settle()

    assert expired.said()[1:] == [("expired", "expired"), ("approval_required", None)]
    assert decided.said()[1:] == [
        ("rejected", "rejected_by_person"),
        ("approval_required", None),
    ]


def test_an_answered_decision_is_not_given_up_on_though_its_recommendation_was_forgotten() -> None:
    world = World(policy=ExecutorPolicy(remembered=2))
    decide(world, approve("r"))
    for n, name in enumerate(["r", "s", "t", "u"]):
        advice = a_recommendation(name, "1", field=f"field_{n}", expires_at=at(30 + n))
        world.publish(topics.RECOMMENDATIONS, advice, 3)
        world.settle()
    tick(world, 20)

    assert ("rejected", "unknown_recommendation") not in world.said()
    assert len(world.released) == 1


def test_decisions_that_were_given_up_on_make_room_for_others_to_wait() -> None:
    world = World(policy=ExecutorPolicy(remembered=2))
    for n in range(6):
        decide(world, approve(str(n), minutes=20 * n), minutes=20 * n)
        tick(world, 20 * n + 1)
        assert len(world.audit) == n
        tick(world, 20 * n + 10)


def test_advice_that_would_last_for_decades_is_refused_and_shuts_out_nobody() -> None:
    world = World(policy=ExecutorPolicy(remembered=3))
    for n in range(5):
        advice = a_recommendation(str(n), "9", expires_at=datetime(2099, 1, 1, tzinfo=UTC))
        world.publish(topics.RECOMMENDATIONS, advice, 0)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "10"), 1)
    world.settle()
    decide(world, approve("r"))

    assert world.said() == [
        *[("rejected", "expires_too_late")] * 5,
        ("approval_required", None),
        ("simulated", None),
    ]


def test_words_said_in_the_future_are_refused_once_and_shut_out_nobody() -> None:
    world = proposed("r")
    words = [a_decision(Verb.FREEZE, minutes=7.1, why=str(n)) for n in range(65)]
    decide(world, words[0], *words, minutes=2)
    decide(world, approve("r", minutes=7), minutes=2)  # clocks may disagree by as much

    assert world.said()[1:] == [*[("rejected", "ahead_of_its_time")] * 65, ("simulated", None)]


def test_what_has_fallen_due_is_not_looked_at_again_by_each_later_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = proposed("r")
    decide(world, approve("never"), minutes=2)
    looked = Counter[str]()
    for name, table in (("proposed_for", proposed_for), ("said_about", said_about)):
        monkeypatch.setattr(ticks, name, _counted(table, name, looked))
    tick(world, 11)
    assert not looked
    tick(world, 13)
    tick(world, 61)
    assert looked
    before = dict(looked)
    tick(world, 62)

    assert looked == before
    assert ("expired", "expired") in world.said()
    assert ("rejected", "unknown_recommendation") in world.said()


def _counted(read: Callable[..., object], name: str, looked: Counter[str]) -> Callable[..., object]:
    def reading(*given: object) -> object:
        looked[name] += 1
        return read(*given)

    return reading


def test_a_tick_ahead_of_its_record_or_of_another_partition_closes_nothing() -> None:
    world = proposed("r")
    world.publish(topics.TICKS, a_tick(100), 94.9, key=b"0")
    world.publish(topics.TICKS, a_tick(100, partition=1), 100, key=b"1")
    world.publish(topics.TICKS, b"soon", 100, key=b"0")
    world.settle()

    assert world.said() == [("approval_required", None)]
    assert world.dead_letters == []
    assert {name: n for name, n in world.counts.items() if name[0] == "ignored"} == {
        ("ignored", "pacekeeper.ticks.v1", reason): 1
        for reason in ("ahead_of_its_time", "other_partition", "unreadable")
    }


@pytest.mark.parametrize("timestamp", [-(2**63), -1, 10**15 - 1, 2**63 - 1])
def test_a_tick_of_whatever_timestamp_stops_nothing(timestamp: int) -> None:
    world = proposed("r")
    world.publish(topics.TICKS, a_tick(61), 61, key=b"0")
    log = world.logs[world.policy.topic(topics.TICKS)]
    log[-1] = replace(log[-1], timestamp=timestamp)
    tick(world, 30)

    believed = timestamp > 0
    assert world.said()[1:] == ([("expired", "expired")] if believed else [])


def test_a_word_that_leads_to_what_cannot_be_written_is_put_aside_alone() -> None:
    last = (datetime(2099, 12, 31, 23, 30, tzinfo=UTC) - START) / timedelta(minutes=1)
    world = World()
    for name, expected, target in (("a", None, "1"), ("b", "1", "2")):
        action = an_action(name, expected, target, valid_from=at(last), expires_at=at(last + 20))
        world.publish(topics.ACTIONS, action, last)
    world.settle()
    # It would expire in the year 2100, which no record may name.
    impossible = a_decision(Verb.ROLL_BACK, action_id=an_id("b"), minutes=last)
    decide(world, impossible, a_decision(Verb.FREEZE, minutes=last), minutes=last)

    assert [(one.reason, one.field) for one in world.dead_letters] == [
        ("out_of_range", "expires_at")
    ]
    assert world.released[2:] == []
    assert world.said()[2:] == [("applied", "frozen")]
    assert len(said_about(world, b"google:7:42").memory.known) == 1


def test_a_freeze_by_decision_is_told_to_everybody_and_holds_at_once() -> None:
    world = decide(World(), a_decision(Verb.FREEZE, until=at(30), why="audit"))
    frozen = world.conditions[b"google:7:42#freeze"]
    world.broadcasts.clear()  # what is broadcast arrives some time later
    world.publish(topics.ACTIONS, an_action("a", None, "1"), 3)
    world.publish(topics.ACTIONS, an_action("b", None, "1"), 30)
    world.settle()

    assert (frozen.active, frozen.version, frozen.since, frozen.until) == (True, 1, at(2), at(30))
    assert (frozen.by, frozen.why) == ("ada", "audit")
    assert world.said() == [("applied", "frozen"), ("rejected", "frozen"), ("simulated", None)]
    assert world.audit[0].field == "freeze"
    assert "frozen by ada" in world.audit[1].detail


def test_an_unfreeze_lifts_the_freeze_even_while_the_broadcast_still_has_the_old_one() -> None:
    world = decide(World(), a_decision(Verb.FREEZE))
    before = dict(world.broadcasts)
    decide(world, a_decision(Verb.UNFREEZE, minutes=3), minutes=3)
    assert world.conditions[b"google:7:42#freeze"].version == 2
    assert not world.conditions[b"google:7:42#freeze"].active

    world.broadcasts = before
    world.publish(topics.ACTIONS, an_action("a", None, "1"), 4)
    world.settle()
    assert world.said()[1:] == [("applied", "unfrozen"), ("simulated", None)]


def test_a_freeze_that_somebody_else_has_broadcast_is_lifted_by_a_decision_too() -> None:
    other = decide(World(), a_decision(Verb.FREEZE), a_decision(Verb.FREEZE, by="bob"))
    world = World()
    world.broadcasts = dict(other.broadcasts)
    decide(world, a_decision(Verb.UNFREEZE))

    assert world.said() == [("applied", "unfrozen")]
    assert world.conditions[b"google:7:42#freeze"].version == 3


def test_an_unfreeze_of_what_is_not_frozen_is_no_change() -> None:
    world = decide(World(), a_decision(Verb.UNFREEZE))

    assert world.said() == [("no_op", "not_frozen")]
    assert world.broadcasts == {}


def test_a_freeze_that_would_be_over_is_rejected() -> None:
    world = decide(World(), a_decision(Verb.FREEZE, until=at(1)), minutes=2)

    assert world.said() == [("rejected", "over_already")]
    assert world.broadcasts == {}


def test_an_approval_while_frozen_is_carried_to_the_audit_trail_and_no_further() -> None:
    world = decide(proposed("r"), a_decision(Verb.FREEZE), approve("r"))

    assert world.said()[1:] == [("applied", "frozen"), ("rejected", "frozen")]


EXCLUDED = b"google:7:42#excluded_windows"


def exclude(start: float, end: float) -> Decision:
    return a_decision(Verb.EXCLUDE_WINDOW, window_start=at(start), window_end=at(end))


def excluded(world: World) -> list[tuple[datetime, datetime]]:
    return [(each.start, each.end) for each in world.conditions[EXCLUDED].windows]


def test_excluded_hours_are_passed_on_beside_those_that_were_excluded_before() -> None:
    world = decide(World(), exclude(-120, -60), exclude(600, 660), exclude(-600, -540))
    told = world.conditions[EXCLUDED]

    assert world.said() == [("applied", "window_excluded")] * 3
    assert (told.kind, told.version) == (ConditionKind.EXCLUDED_WINDOWS, 3)
    assert excluded(world) == [(at(-600), at(-540)), (at(-120), at(-60)), (at(600), at(660))]
    assert (told.active, told.since, told.until) == (True, at(-600), at(660))
    assert b"google:7:42#outage" not in world.conditions


def test_who_rejects_an_outage_is_passed_on_and_touches_no_outage() -> None:
    world = decide(World(), a_decision(Verb.REJECT_OUTAGE, why="We sold nothing"), minutes=7)
    told = world.conditions[b"google:7:42#rejected_outage"]

    assert world.said() == [("applied", "outage_rejected")]
    assert (told.active, told.since, told.until, told.why) == (True, at(7), None, "We sold nothing")
    assert b"google:7:42#outage" not in world.conditions


def test_windows_that_meet_are_one_and_what_is_excluded_already_is_told_once() -> None:
    world = decide(World(), exclude(0, 60), exclude(60, 90), exclude(10, 80), exclude(-5, 10))

    assert [outcome for _, outcome in world.said()] == [
        "window_excluded",
        "window_excluded",
        "excluded_already",
        "window_excluded",
    ]
    assert excluded(world) == [(at(-5), at(90))]
    assert world.conditions[EXCLUDED].version == 3


def test_windows_are_bounded_those_of_long_ago_go_and_one_too_many_is_refused() -> None:
    many = [exclude(120 * n, 120 * n + 60) for n in range(101)]
    world = decide(World(policy=ExecutorPolicy(remembered=1_000)), *many)

    assert world.said()[-1] == ("rejected", "too_many_windows")
    assert len(excluded(world)) == 100

    later = 120 * 99 + 401 * 24 * 60
    decide(world, exclude(later, later + 60))
    assert world.said()[-1] == ("applied", "window_excluded")
    assert excluded(world) == [(at(later), at(later + 60))]


def test_waiting_decisions_are_bounded_and_none_is_lost() -> None:
    world = World(policy=ExecutorPolicy(remembered=3))
    decide(world, *(approve(str(n), minutes=1 + n / 60) for n in range(5)))
    tick(world, 100)

    assert world.said() == [("rejected", "unknown_recommendation")] * 5
    assert len({entry.decision_id for entry in world.audit}) == 5


def test_open_recommendations_are_bounded_and_none_is_lost() -> None:
    world = World(policy=ExecutorPolicy(remembered=3))
    for n in range(5):
        advice = a_recommendation(str(n), "1", field=f"field_{n}", expires_at=at(60 + n))
        world.publish(topics.RECOMMENDATIONS, advice, 0)
    world.settle()
    tick(world, 100)

    closed = [entry.recommendation_id for entry in world.audit if entry.status == "expired"]
    assert sorted(closed, key=str) == sorted((an_id(str(n)) for n in range(5)), key=str)
    assert world.said().count(("expired", "too_many_open")) == 2


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"not json", "not_json"),
        (b"", "empty"),
        (encode(approve("r"))[:-1] + b',"more":1}', "unknown_field"),
        (encode(approve("r")).replace(b"approve", b"reprove"), "invalid_value"),
        (encode(approve("r")).replace(b"Z", b""), "naive_time"),
        (encode(a_decision(Verb.FREEZE)).replace(b"freeze", b"approve"), "missing"),
    ],
)
def test_a_decision_that_cannot_be_read_is_put_aside(value: bytes, reason: str) -> None:
    world = World()
    world.publish(topics.DECISIONS, value, 1)
    world.settle()

    assert [letter.reason for letter in world.dead_letters] == [reason]
    assert world.audit == []
