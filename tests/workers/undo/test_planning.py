"""Laws of what is undone together: each field at once, as far as what is chosen reaches."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import topics
from schemas.decision import Verb
from schemas.fields import Autonomy, Entity
from schemas.keys import parse_campaign_key
from tests.workers.executor.test_live import Live, budget
from tests.workers.executor.world import (
    KEY,
    World,
    a_decision,
    a_plan,
    an_action,
    an_id,
    at,
    ms,
    roll_back,
)
from tests.workers.undo.test_as_the_executor import STEPS, TURNS, step_of
from workers.connectors.settings import AccountMode
from workers.executor.history import PAGE, PAGES
from workers.executor.live.outcome import Result
from workers.executor.rollback import Undo
from workers.executor.tables import in_force, rule_of
from workers.people import is_done
from workers.undo.deciding import MOST_AT_ONCE, decisions_of, waves
from workers.undo.planning import Line, Undoing, lines_of
from workers.undo.trail import CampaignTrail


def lines(world: World, chosen: Collection[str], minutes: float = 5) -> dict[str, Line]:
    """Return what can be done about the actions of these ids, by id."""
    rule = rule_of(world, KEY)
    trail = CampaignTrail(parse_campaign_key(KEY), rule.version if rule else None)
    for entry in world.audit:
        trail.add(entry, chosen=(entry.action_id or "") in chosen)
    return {line.told.action_id: line for line in lines_of(trail, ms(minutes))}


def undoings(found: dict[str, Line]) -> list[Undoing]:
    return list(dict.fromkeys(line.undoing for line in found.values() if line.undoing))


def undo(world: World, found: dict[str, Line], minutes: float = 5) -> None:
    for _, decision in decisions_of(undoings(found), by="ada", why="", at=at(minutes)):
        world.publish(topics.DECISIONS, decision, minutes)
    world.settle()


def four() -> World:
    """Return a campaign whose budget of an hour was 10, 12, 14 and 16, by a, b, c and d."""
    world = World()
    steps = [("a", None, "10"), ("b", "10", "12"), ("c", "12", "14"), ("d", "14", "16")]
    for minutes, (name, before, target) in enumerate(steps):
        world.publish(topics.ACTIONS, an_action(name, before, target), minutes)
    world.settle()
    return world


def states(found: dict[str, Line], names: str) -> list[str]:
    return [found[an_id(name)].state.value for name in names]


def test_what_is_chosen_of_a_chain_goes_back_at_once_and_is_undone_together() -> None:
    world = four()
    found = lines(world, {an_id(name) for name in "bcd"})

    assert states(found, "bcd") == ["undoable"] * 3
    (undoing,) = undoings(found)
    assert (undoing.action_id, undoing.through) == (an_id("b"), an_id("d"))
    undo(world, found)
    assert [entry.status.value for entry in world.audit[4:]] == ["rolled_back"]
    assert world.audit[-1].after == undoing.back_to == 10
    again = lines(world, {an_id(name) for name in "abcd"})
    assert states(again, "abcd") == ["not_undoable", *["already_undone"] * 3]


def test_what_somebody_else_has_set_upon_a_change_keeps_it_and_what_is_below() -> None:
    found = lines(four(), {an_id("b"), an_id("d")})

    assert states(found, "bd") == ["superseded", "undoable"]
    assert an_id("d") in found[an_id("b")].why
    assert [undoing.through for undoing in undoings(found)] == [None]


def test_a_chain_goes_back_no_further_than_to_the_first_value_that_is_known() -> None:
    found = lines(four(), {an_id(name) for name in "abcd"})

    assert states(found, "abcd") == ["not_undoable", *["undoable"] * 3]
    assert "no value to go back to" in found[an_id("a")].why
    assert undoings(found)[0].back_to == 10


def test_a_roll_back_is_undone_where_it_is_chosen_and_what_it_undid_is_then_undoable() -> None:
    world = four()
    undo(world, lines(world, {an_id("c"), an_id("d")}))
    back = world.audit[-1].action_id or ""
    found = lines(world, {back, an_id("d")}, 6)

    assert [found[back].state, found[an_id("d")].state] == [Undo.UNDOABLE, Undo.ALREADY_UNDONE]
    assert "roll-back" in found[back].why
    undo(world, found, 6)
    assert world.audit[-1].after == 16
    assert states(lines(world, {an_id("c"), an_id("d")}, 7), "cd") == ["undoable"] * 2


def test_what_was_never_in_force_is_not_undoable_and_says_why() -> None:
    world = four()
    world.publish(topics.ACTIONS, an_action("other", "11", "12"), 4)
    world.settle()
    found = lines(world, {an_id("other")})

    assert found[an_id("other")].state is Undo.NOT_UNDOABLE
    assert found[an_id("other")].why == "was never in force: drift (not_as_expected)"


@pytest.mark.parametrize(
    ("mode", "result", "says"),
    [
        (AccountMode.SHADOW, Result.SHADOW, "was never in force: shadow (shadow)"),
        (AccountMode.LIVE, Result.UNVERIFIED, "look at the platform"),
    ],
)
def test_what_nobody_knows_to_be_in_force_is_not_undoable(
    mode: AccountMode, result: Result, says: str
) -> None:
    world = Live(mode=mode).act(budget("first", "100", "120")).answer(result)
    found = lines(world, {an_id("first")})

    assert found[an_id("first")].state is Undo.NOT_UNDOABLE
    assert says in found[an_id("first")].why


def test_what_the_platform_says_of_others_is_drifted_and_of_nothing_not_undoable() -> None:
    world = Live().act(budget("first", "100", "120")).answer()
    world.act(budget("second", "120", "130"), minutes=2)
    drifted = world.answer(Result.DRIFT, after=Decimal(77), minutes=3)
    found = lines(drifted, {an_id("first")})[an_id("first")]
    assert (found.state, found.why[:14]) == (Undo.DRIFTED, "77 is in force")

    world = Live().act(budget("first", "100", "120")).answer()
    world.act(budget("second", "120", "130"), minutes=2)
    world.answer(Result.REJECTED, reason="unknown_entity", minutes=3)
    found = lines(world, {an_id("first")})[an_id("first")]
    assert (found.state, found.why) == (
        Undo.NOT_UNDOABLE,
        "the platform knows no campaign 42 any more",
    )


def test_a_days_budget_goes_back_within_its_version_of_the_plan_only() -> None:
    world = Live().act(budget("first", "100", "120")).answer()
    world.publish(topics.PLANS, a_plan(Autonomy.AUTO, version=2), 2)
    world.settle()
    renewed = budget("second", "100", "130", plan_version=2)
    world.act(renewed, minutes=3).answer(minutes=4, before=Decimal(100))
    found = lines(world, {an_id("first"), an_id("second")})

    assert [found[an_id(name)].state for name in ("first", "second")] == [
        Undo.NOT_UNDOABLE,
        Undo.UNDOABLE,
    ]
    assert undoings(found)[0].back_to == 100


def test_of_many_changes_those_that_an_executor_keeps_go_back_at_once() -> None:
    world, many = World(), PAGE * PAGES + 40
    for number in range(many):
        before, until = str(number) if number else None, at(60 + number / 1000)
        action = an_action(str(number), before, str(number + 1), expires_at=until)
        world.publish(topics.ACTIONS, action, 0)
        world.settle(["actions"])
    found = lines(world, {an_id(str(number)) for number in range(many)})
    kept = [name for name, line in found.items() if line.state is Undo.UNDOABLE]

    assert len(kept) == many - 2 * PAGE
    assert "by hand" in found[an_id("0")].why
    undo(world, found)
    assert world.audit[-1].status == "rolled_back"
    assert world.audit[-1].after == many - len(kept)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=3, max_size=14), st.data())
def test_whatever_is_chosen_what_is_said_to_be_undoable_is_undone_and_nothing_else_changes(
    steps: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    world = World(planned=False)
    world.publish(topics.PLANS, a_plan(Autonomy.AUTO, **TURNS), 0)
    world.settle()
    for number, step in enumerate(steps):
        step_of(world, str(number), step, number)
    known = sorted({entry.action_id for entry in world.audit if entry.action_id})
    chosen = {each for each in known if data.draw(st.booleans())}
    before = {slot: own.value for slot, own in in_force(world, KEY).in_force.items()}
    count, found = len(world.audit), lines(world, chosen, len(steps))
    undo(world, found, len(steps))

    assert found.keys() == chosen
    assert all(is_done(entry) for entry in world.audit[count:])
    assert len(world.audit) - count == len(undoings(found)), "each field is set once"
    after = {slot: own.value for slot, own in in_force(world, KEY).in_force.items()}
    gone = {line.told.slot: line.undoing.back_to for line in found.values() if line.undoing}
    assert after == before | gone
    left = lines(world, {name for name, line in found.items() if line.undoing}, len(steps) + 1)
    assert {line.state for line in left.values()} <= {Undo.ALREADY_UNDONE}


def test_decisions_on_one_campaign_come_in_waves_and_differ_in_when_they_were_made() -> None:
    key = parse_campaign_key(KEY)
    many = [
        Undoing(key=key, action_id=an_id(str(number)), through=None, back_to=Decimal(1))
        for number in range(2 * MOST_AT_ONCE + 1)
    ]
    decisions = [decision for _, decision in decisions_of(many, by="ada", why="", at=at(0))]

    assert [len(wave) for wave in waves(decisions)] == [MOST_AT_ONCE, MOST_AT_ONCE, 1]
    assert [each for wave in waves(decisions) for each in wave] == decisions
    assert len({decision.decided_at for decision in decisions}) == len(decisions)
    world = World()
    for number in range(len(many)):
        bid = {"field": "bid", "entity": Entity.AD_SET, "entity_id": str(number)}
        world.publish(topics.ACTIONS, an_action(str(number), "1", "2", **bid), 0)
    world.settle()
    for number, decision in enumerate(decisions):
        world.publish(topics.DECISIONS, decision, 1 + number / 1000)
    world.settle()
    assert {entry.status.value for entry in world.audit[len(many) :]} == {"rolled_back"}


def test_a_roll_back_that_was_refused_can_be_asked_for_again() -> None:
    world = four()
    world.publish(topics.DECISIONS, a_decision(Verb.FREEZE, until=at(6), minutes=4), 4)
    world.settle()
    undo(world, lines(world, {an_id("d")}))
    assert world.said()[-1] == ("rejected", "frozen")
    world.publish(topics.DECISIONS, roll_back("d", minutes=7), 7)
    world.settle()

    assert world.said()[-1] == ("rolled_back", None)
