"""Freezes by decision: told to everybody, lifted once, and heeded at once."""

from __future__ import annotations

from schemas import topics
from schemas.decision import Verb
from tests.workers.executor.test_decisions import decide, proposed
from tests.workers.executor.world import (
    World,
    a_decision,
    an_action,
    approve,
    at,
)


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
