"""Laws of rolling back: forward, once, and only from our own value."""

from __future__ import annotations

from decimal import Decimal

from schemas import topics
from schemas.decision import Decision, Verb
from tests.workers.executor.world import World, a_decision, an_action, an_id, at, roll_back


def changed(*steps: tuple[str, str | None, str], world: World | None = None) -> World:
    world = world or World()
    for name, expected, target in steps:
        world.publish(topics.ACTIONS, an_action(name, expected, target), 0)
    world.settle()
    return world


def undo(world: World, *decisions: Decision, minutes: float = 2) -> list[tuple[str, str | None]]:
    """Return what the decisions have led to."""
    before = len(world.audit)
    for decision in decisions:
        world.publish(topics.DECISIONS, decision, minutes)
    world.settle()
    return world.said()[before:]


def test_a_roll_back_is_a_new_change_from_our_value_to_the_one_before() -> None:
    world = changed(("a", None, "10"), ("b", "10", "12"))

    assert undo(world, roll_back("b", why="too much")) == [("rolled_back", None)]
    entry, action = world.audit[-1], world.released[-1]
    assert entry.expected == entry.before == Decimal(12)
    assert entry.target == entry.after == Decimal(10)
    assert (entry.rolls_back, entry.actor, entry.detail) == (an_id("b"), "ada", "too much")
    assert (action.rolls_back, action.expires_at) == (an_id("b"), at(62))
    assert action.action_id not in (an_id("a"), an_id("b"))


def test_a_change_is_undone_once() -> None:
    world = changed(("a", None, "10"), ("b", "10", "12"))

    assert undo(world, roll_back("b")) == [("rolled_back", None)]
    assert undo(world, roll_back("b", minutes=3)) == [("rejected", "already_undone")]
    assert undo(world, roll_back("b")) == []


def test_a_chain_goes_back_at_once_to_what_was_before_the_first_and_all_of_it_is_undone() -> None:
    steps = [("a", None, "10"), ("b", "10", "12"), ("c", "12", "14"), ("d", "14", "16")]
    world = changed(*steps)

    assert undo(world, roll_back("b", through=an_id("d"))) == [("rolled_back", None)]
    assert [world.audit[-1].before, world.audit[-1].after] == [16, 10]
    assert f"2 later changes undone with it, through {an_id('d')}" in world.audit[-1].detail
    others = [roll_back(name, minutes=3) for name in "bcd"]
    assert undo(world, *others) == [("rejected", "already_undone")] * 3


def test_a_chain_that_is_not_the_newest_or_not_of_one_field_is_refused() -> None:
    world = changed(("a", None, "10"), ("b", "10", "12"), ("c", "12", "14"), ("d", "14", "16"))
    bid = an_action("bid", "1", "2", field="bid")
    world.publish(topics.ACTIONS, bid, 1)
    world.settle()

    assert undo(world, roll_back("b", through=an_id("c"))) == [("rejected", "superseded")]
    assert undo(world, roll_back("d", through=an_id("b"))) == [("rejected", "superseded")]
    assert undo(world, roll_back("b", through=an_id("bid"))) == [("rejected", "superseded")]
    assert world.said()[-3:] == [("rejected", "superseded")] * 3


def test_two_roll_backs_of_a_change_in_one_step_have_one_effect() -> None:
    world = changed(("a", None, "10"), ("b", "10", "12"))

    assert undo(world, roll_back("b"), roll_back("b", minutes=3)) == [
        ("rolled_back", None),
        ("no_op", "already_in_force"),
    ]


def test_a_change_that_another_has_followed_is_superseded_until_that_is_rolled_back() -> None:
    world = changed(("a", None, "10"), ("b", "10", "12"), ("c", "12", "14"))

    assert undo(world, roll_back("b")) == [("rejected", "superseded")]
    assert an_id("c") in world.audit[-1].detail
    assert undo(world, roll_back("c", minutes=3)) == [("rolled_back", None)]
    assert undo(world, roll_back("b", minutes=4)) == [("rolled_back", None)]
    assert world.audit[-1].after == 10


def test_a_value_that_came_back_by_another_change_is_not_the_old_change_s_to_undo() -> None:
    world = changed(("a", None, "10"), ("b", "10", "12"), ("c", "12", "9"), ("d", "9", "12"))

    assert undo(world, roll_back("b")) == [("rejected", "superseded")]


def test_a_roll_back_can_be_rolled_back_and_the_change_undone_again() -> None:
    world = changed(("a", None, "10"), ("b", "10", "12"))
    undo(world, roll_back("b"))
    undo_it = a_decision(Verb.ROLL_BACK, action_id=world.audit[-1].action_id, minutes=3)

    assert undo(world, undo_it) == [("rolled_back", None)]
    assert world.audit[-1].after == 12
    assert world.audit[-1].detail == f"undoes the roll-back of {an_id('b')}"
    assert undo(world, roll_back("b", minutes=4)) == [("rolled_back", None)]
    assert world.audit[-1].after == 10


def test_what_had_no_effect_or_nothing_before_it_cannot_be_undone() -> None:
    world = changed(("a", None, "10"), ("drifted", "11", "12"))

    assert (
        undo(world, roll_back("a"), roll_back("drifted"), roll_back("unheard of"))
        == [("rejected", "not_undoable")] * 3
    )
    assert "no value to go back to" in world.audit[-3].detail
    assert "no change by this action" in world.audit[-1].detail


def test_a_roll_back_that_something_else_overtakes_is_drift_and_changes_nothing() -> None:
    world = changed(("a", None, "10"), ("b", "10", "12"))
    world.publish(topics.DECISIONS, roll_back("b"), 2)
    world.publish(topics.ACTIONS, an_action("c", "12", "14"), 2)
    world.settle(["decisions", "actions"])

    assert world.said()[2:] == [("simulated", None), ("drift", "not_as_expected")]
    assert world.audit[-1].after == 14
