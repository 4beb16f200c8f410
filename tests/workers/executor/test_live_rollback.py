"""Laws of rolling back in live mode: budgets of an hour, and values of several ad sets."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas import topics
from schemas.action import Action, Release
from schemas.decision import Decision, Verb
from schemas.fields import Autonomy
from schemas.plan import Actuator
from tests.workers.executor.test_live import AD_SETS, Live, budget, multiplier
from tests.workers.executor.world import (
    a_decision,
    a_plan,
    a_recommendation,
    an_action,
    an_id,
    at,
    roll_back,
)
from tests.workers.undo.test_planning import lines
from workers.executor.live.outcome import Result
from workers.executor.rollback import Undo


def hourly(name: str, expected: str | None, target: str, day: str, **changes: object) -> Action:
    """Return an action on the budget of the hour that begins at 12:00."""
    told = {"hour": at(0), "day_budget": Decimal(day)}
    return an_action(name, expected, target, **told | changes)


def undo(world: Live, decision: Decision, *, minutes: float) -> Live:
    world.publish(topics.DECISIONS, decision, minutes)
    world.settle()
    return world


def two_hours() -> Live:
    """Return a campaign whose hour may spend 12, after 10; the day has spent 88 before it."""
    world = Live(a_plan(Autonomy.AUTO, actuator=Actuator.BUDGET))
    world.act(hourly("ten", None, "10", "98")).answer()
    return world.act(hourly("twelve", "10", "12", "100"), minutes=2).answer(minutes=3)


def test_the_day_may_spend_what_it_had_spent_before_the_hour_and_what_the_hour_may_now() -> None:
    world = undo(two_hours(), roll_back("twelve", minutes=5), minutes=5)

    assert world.order is not None
    assert world.order.change.target == 88 + 10
    assert world.order.expected == 100
    assert world.order.expires_at == at(60).timestamp(), "it says nothing of the hours after"
    world.answer(minutes=6)
    assert world.said()[-1] == ("rolled_back", "applied")
    assert world.audit[-1].after == 10
    again = roll_back("twelve", minutes=7)
    undone = undo(world, again, minutes=7)
    assert undone.said()[-1] == ("rejected", "already_undone")


def test_a_budget_that_was_renewed_goes_back_by_what_the_day_has_spent_by_then() -> None:
    world = two_hours()
    same = {"current_value": Decimal(12), "day_budget": Decimal(111)}
    renewed = a_recommendation("again", "12", **same, hour=at(60), expires_at=at(120))
    world.publish(topics.RECOMMENDATIONS, renewed, 61)
    world.settle()
    world.answer(minutes=62)
    undo(world, roll_back("twelve", minutes=63), minutes=63)

    assert world.order is not None
    assert world.order.change.target == (111 - 12) + 10


def test_a_roll_back_of_an_hour_s_budget_can_be_rolled_back_within_the_hour() -> None:
    world = undo(two_hours(), roll_back("twelve", minutes=5), minutes=5).answer(minutes=6)
    redo = a_decision(Verb.ROLL_BACK, action_id=world.audit[-1].action_id, minutes=7)
    undo(world, redo, minutes=7)

    assert world.order is not None
    assert world.order.change.target == 100
    assert world.answer(minutes=8).audit[-1].after == 12


@pytest.mark.parametrize("minutes", [60, 90, 60 * 24])
def test_once_the_hour_is_over_nothing_says_what_the_day_has_spent(minutes: float) -> None:
    world = undo(two_hours(), roll_back("twelve", minutes=minutes), minutes=minutes)

    assert world.order is None
    assert world.said()[-1] == ("rejected", "not_undoable")
    assert "by hand" in world.audit[-1].detail


def test_a_budget_of_a_plan_that_holds_no_more_is_not_undoable() -> None:
    world = Live().act(budget("first", "100", "120")).answer()
    world.publish(topics.PLANS, a_plan(Autonomy.AUTO, version=2), 2)
    world.settle()

    undone = undo(world, roll_back("first", minutes=3), minutes=3)
    assert undone.said()[-1] == ("rejected", "not_undoable")


def test_what_somebody_has_set_at_the_platform_is_drifted_whoever_asks() -> None:
    world = Live().act(budget("first", "100", "120")).answer()
    world.act(budget("second", "120", "130"), minutes=2)
    world.answer(Result.DRIFT, after=Decimal(77), minutes=3)

    assert undo(world, roll_back("first", minutes=4), minutes=4).said()[-1] == (
        "rejected",
        "drifted",
    )


def edited_bids() -> Live:
    """Return a campaign of which somebody else has set the bid of one ad set."""
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS)).act(multiplier("first", None, "1"))
    world.answer().answer().act(multiplier("second", "1", "1.2"), minutes=2)
    world.answer(minutes=3).answer(minutes=3).act(multiplier("third", "1.2", "1.3"), minutes=4)
    world.answer(Result.DRIFT, after=Decimal("0.77"), minutes=5)
    assert world.order is None
    return world


def test_a_bid_of_an_ad_set_that_somebody_else_has_set_is_not_taken_back() -> None:
    world = undo(edited_bids(), roll_back("second", minutes=6), minutes=6)

    assert world.order is None
    assert world.said()[-1] == ("rejected", "drifted")
    found = lines(world, {an_id("second")}, 6)[an_id("second")]
    assert (found.state, found.undoing) == (Undo.DRIFTED, None)
    assert found.why == "somebody else has set bid of ad_set a on the platform"


def test_what_a_person_has_set_upon_an_edit_is_ours_again_and_undoable() -> None:
    person = {"released_by": Release.PERSON, "actor": "ada"}
    world = edited_bids().act(multiplier("fourth", "1.2", "1.1", **person), minutes=6)
    world.answer(minutes=7).answer(minutes=7)
    assert lines(world, {an_id("fourth")}, 8)[an_id("fourth")].state is Undo.UNDOABLE

    undo(world, roll_back("fourth", minutes=8), minutes=8)
    assert world.order is not None
    assert world.said()[-1] == ("intent", "to_be_sent")


def test_bids_of_ad_sets_go_back_lowered_ones_first_and_all_or_none() -> None:
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS)).act(multiplier("first", None, "1"))
    world.answer().answer().act(multiplier("second", "1", "1.2"), minutes=2)
    world.answer(minutes=3).answer(minutes=3)
    undo(world, roll_back("second", minutes=4), minutes=4)
    world.answer(minutes=5).answer(Result.REJECTED, minutes=5)

    assert world.order is not None, "what was lowered goes back up"
    assert world.order.change.target == Decimal("1.20")
    world.answer(minutes=6)
    assert world.said()[-1] == ("failed", "put_back")
    undo(world, roll_back("second", minutes=7), minutes=7)
    world.answer(minutes=8).answer(minutes=8)
    assert world.said()[-1] == ("rolled_back", "applied")
    assert world.audit[-1].after == 1
    assert world.audit[-1].rolls_back == an_id("second")
