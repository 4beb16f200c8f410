"""Laws of changes that are for a while: the value before comes back, whoever dies in between."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from schemas import Bid, Return, SchemaError, topics
from schemas.action import Action, Release
from schemas.decision import Verb
from schemas.fields import Autonomy
from tests.workers.executor.world import (
    KEY,
    World,
    a_decision,
    a_plan,
    a_recommendation,
    a_tick,
    an_action,
    an_id,
    approve,
    at,
    roll_back,
)
from workers.executor.policy import ExecutorPolicy
from workers.executor.returns import return_id
from workers.executor.tables import held_for

CUT = ("simulated", None)
BACK = ("simulated", "returned")
HOURS = (360, 420, 480)
"""When the cut of the tests is taken back, minutes."""


def steps(*values: str) -> tuple[Return, ...]:
    return tuple(
        Return(at=at(minutes), value=Decimal(value))
        for minutes, value in zip(HOURS, values, strict=True)
    )


def a_cut(name: str = "cut", /, *bids: str, **changes: Any) -> Action:  # noqa: ANN401 -- fields
    given: dict[str, Any] = {
        "field": "bid",
        "unit": "currency_per_click",
        "returns": steps("0.50", "0.65", "0.80"),
    }
    expected, target = bids or ("0.80", "0.40")
    return an_action(name, expected, target, **(given | changes))


def tick(world: World, *several: float) -> World:
    for minutes in several:
        world.publish(topics.TICKS, a_tick(minutes), minutes, key=b"0")
        world.settle()
    return world


def act(world: World, action: Action, minutes: float = 0) -> World:
    world.publish(topics.ACTIONS, action, minutes)
    world.settle()
    return world


def bids(world: World) -> list[str]:
    """Return the bid that was in force after each entry that set one."""
    return [str(each.after) for each in world.audit if each.status == "simulated"]


def test_a_cut_comes_back_by_its_steps_and_each_has_one_entry() -> None:
    world = tick(act(World(), a_cut()), 359, *(minutes + 1 for minutes in HOURS), 900, 1_800)

    assert world.said() == [CUT, BACK, BACK, BACK]
    assert bids(world) == ["0.40", "0.50", "0.65", "0.80"]
    assert [entry.at for entry in world.audit[1:]] == [at(361), at(421), at(481)]
    assert world.tables["actions"].keys() & {b"\0google:7:42"} == set()


def test_a_step_back_has_no_budget_of_a_day_that_is_long_over() -> None:
    world = act(World(), a_cut(day_budget=Decimal(90)))

    kept = [held.action for held in held_for(world, KEY).held]
    assert len(kept) == 3
    assert {action.day_budget for action in kept} == {None}


def test_what_is_to_come_is_stored_with_the_cut_so_that_ticks_alone_bring_the_bid_back() -> None:
    """Nobody but the executor lives on, and it comes back from its tables a day later."""
    world = act(World(), a_cut())
    survivor = World(tables=world.tables, logs=world.logs, positions=world.positions)
    survivor.tables, survivor.head = world.tables, world.head
    tick(survivor, 2_000)

    assert bids(survivor)[-1] == "0.80"
    assert survivor.said() == [CUT, BACK, BACK, BACK]


def test_a_cut_that_came_too_late_changes_nothing_and_nothing_is_to_return() -> None:
    world = tick(act(World(), a_cut(), 61), 500)

    assert world.said() == [("expired", "expired")]


@pytest.mark.parametrize("how", ["action", "undo"])
def test_what_was_set_since_stays(how: str) -> None:
    world = act(World(), a_cut())
    if how == "undo":
        world.publish(topics.DECISIONS, roll_back("cut", minutes=5), 5)
        world.settle()
    else:
        act(world, a_cut("other", "0.40", "0.30", returns=()), 5)
    before = len(world.audit)
    tick(world, 1_000)

    last = ("no_op", "already_in_force") if how == "undo" else ("expired", "superseded")
    assert world.said()[before:] == [*[("expired", "superseded")] * 2, last]
    assert {str(entry.after) for entry in world.audit[before:]} == {
        "0.80" if how == "undo" else "0.30"
    }


def test_a_freeze_lets_a_return_wait_and_loses_none_of_it() -> None:
    world = act(World(), a_cut())
    world.publish(topics.DECISIONS, a_decision(Verb.FREEZE, minutes=300, until=at(600)), 300)
    world.settle()
    tick(world, *range(350, 600, 10))
    assert bids(world) == ["0.40"]
    tick(world, *range(600, 700, 10))

    assert bids(world)[-1] == "0.80"


def test_a_return_needs_no_yes_but_what_a_plan_allows_now_is_not_exceeded() -> None:
    world = act(World(), a_cut())
    plan = a_plan(Autonomy.PROPOSE, version=2, bid=Bid(max=Decimal("0.60")))
    world.publish(topics.PLANS, plan, 100)
    world.settle()
    tick(world, 900)

    assert bids(world) == ["0.40", "0.50", "0.60"]
    assert world.said()[-1] == ("no_op", "already_in_force")


def test_a_step_back_that_nobody_has_promised_is_refused() -> None:
    world = act(World(), a_cut())
    alike = {"returns": (), "returns_from": an_id("cut"), "expires_at": at(900)}
    stranger = a_cut("stranger", "0.40", "9", **alike)
    held = next(each for each in tick(world, 361).released if each.returns_from)
    act(act(world, stranger, 362), held, 363)

    assert world.said() == [CUT, BACK, ("rejected", "unknown_return")]
    assert bids(world)[-1] == "0.50"


def test_what_comes_under_the_id_of_a_step_back_does_not_take_its_place() -> None:
    world = act(World(), a_cut())
    own = return_id(an_id("cut"), 0)
    false = a_cut("false", "0.40", "9", returns=(), returns_from=an_id("cut"), action_id=own)
    act(world, structs.replace(false, expires_at=at(900)), 361)

    assert bids(world) == ["0.40", "0.50"]


def test_a_cut_that_a_person_approves_comes_back_as_well() -> None:
    world = World()
    world.publish(topics.PLANS, a_plan(Autonomy.PROPOSE), 0)
    fields = {"field": "bid", "unit": "currency_per_click", "current_value": Decimal("0.80")}
    advice = a_recommendation("r", "0.40", **fields, returns=steps("0.50", "0.65", "0.80"))
    world.publish(topics.RECOMMENDATIONS, advice, 0)
    world.publish(topics.DECISIONS, approve("r"), 1)
    world.settle()
    tick(world, 900)

    assert bids(world) == ["0.40", "0.50", "0.65", "0.80"]
    assert {each.released_by for each in world.released} == {Release.PERSON}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"field": "hourly_budget", "unit": "currency"}, "returns_unsupported"),
        ({"returns": (Return(at=at(1_441), value=Decimal("0.80")),)}, "returns_too_late"),
    ],
)
def test_what_cannot_be_taken_back_is_not_begun(changes: dict[str, Any], reason: str) -> None:
    world = act(World(), a_cut(**changes))

    assert world.said() == [("rejected", reason)]


def test_a_cut_whose_steps_would_not_find_room_to_wait_is_not_begun() -> None:
    world = act(World(policy=ExecutorPolicy(remembered=2)), a_cut())

    assert world.said() == [("rejected", "too_many_waiting")]


def test_steps_come_one_after_the_other_and_none_while_the_change_may_still_come() -> None:
    for times in ((59, 120), (120, 120), (180, 120)):
        returns = tuple(Return(at=at(each), value=Decimal(1)) for each in times)
        with pytest.raises(SchemaError, match="must come after"):
            a_cut(returns=returns)


def test_ids_of_returns_do_not_crowd_out_those_of_hourly_actions() -> None:
    """A cut every nine hours for a week; in between the hourly budgets are set as ever."""
    world = World(policy=ExecutorPolicy(remembered=16))
    value = None
    for number in range(7 * 24):
        now = 60.0 * number
        tick(world, now)
        times = {"valid_from": at(now), "expires_at": at(now + 60), "released_at": at(now)}
        act(world, an_action(f"h{number}", value, str(number), **times), now)
        value = str(number)
        if number % 9 == 0:
            back = tuple(
                Return(at=at(now + minutes), value=Decimal(each))
                for minutes, each in zip(HOURS, ("0.50", "0.65", "0.80"), strict=True)
            )
            act(world, a_cut(f"c{number}", returns=back, **times), now)

    assert {status for status, _ in world.said()} == {"simulated"}
