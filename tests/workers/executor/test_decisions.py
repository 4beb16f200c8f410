"""Laws of people's words: each is asked for once, ends once, and means one effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from schemas import topics
from schemas.action import Release
from schemas.codec import canonical_bytes, digest, encode
from schemas.decision import Decision, Verb
from tests.workers.executor.world import (
    START,
    World,
    a_decision,
    a_recommendation,
    a_tick,
    an_action,
    an_id,
    approve,
    at,
    reject,
)
from workers.executor.policy import ExecutorPolicy
from workers.executor.tables import said_about

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


def test_words_said_in_the_future_are_refused_once_and_shut_out_nobody() -> None:
    world = proposed("r")
    words = [a_decision(Verb.FREEZE, minutes=7.1, why=str(n)) for n in range(65)]
    decide(world, words[0], *words, minutes=2)
    decide(world, approve("r", minutes=7), minutes=2)  # clocks may disagree by as much

    assert world.said()[1:] == [*[("rejected", "ahead_of_its_time")] * 65, ("simulated", None)]


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
