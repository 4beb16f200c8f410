"""Laws of actions that wait: each is carried out once when its time or plan comes, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import topics
from schemas.action import Action, Release
from schemas.fields import Autonomy
from schemas.plan import Plan
from tests.workers.executor.world import World, a_plan, a_tick, an_action, an_id, at
from workers.executor.policy import ExecutorPolicy

SIMULATED = ("simulated", None)
GIVEN_UP = ("rejected", "unknown_plan")


def later(name: str, minutes: float, /, **changes: Any) -> Action:  # noqa: ANN401 -- fields
    """Return an action that is valid from so many minutes on, for an hour."""
    times = {"valid_from": at(minutes), "expires_at": at(minutes + 60)}
    return an_action(name, None, "1", **(times | changes))


def acted(world: World, *actions: Action, minutes: float = 0) -> World:
    for action in actions:
        world.publish(topics.ACTIONS, action, minutes)
    world.settle()
    return world


def tick(world: World, minutes: float) -> World:
    world.publish(topics.TICKS, a_tick(minutes), minutes, key=b"0")
    world.settle()
    return world


def plan(world: World, new: Plan | None, minutes: float = 0) -> World:
    world.publish(topics.PLANS, new, minutes)
    world.settle()
    return world


def test_an_action_waits_until_it_is_valid_and_a_tick_then_has_it_carried_out_once() -> None:
    world = acted(World(), *[later("a", 1440)] * 3)
    assert tick(world, 1439).said() == []
    for minutes in (1440.5, 1441, 1442):
        tick(world, minutes)

    assert world.said() == [SIMULATED]
    assert (world.audit[0].at, world.audit[0].action_id) == (at(1440.5), an_id("a"))
    assert acted(world, later("a", 1440), minutes=1443).said() == [SIMULATED]


def test_an_action_that_comes_again_when_it_is_valid_need_not_wait_for_a_tick() -> None:
    world = acted(acted(World(), later("a", 60)), later("a", 60), minutes=60)
    tick(world, 61)

    assert world.said() == [SIMULATED]
    assert world.audit[0].at == at(60)


def test_clocks_may_disagree_by_the_tolerance_before_an_action_has_to_wait() -> None:
    assert acted(World(), later("a", 5)).said() == [SIMULATED]
    assert acted(World(), later("a", 5.1)).said() == []


def test_an_action_that_ticks_have_overtaken_is_carried_out_at_once_at_their_time() -> None:
    world = acted(tick(World(), 61), later("a", 60))

    assert world.said() == [SIMULATED]
    assert world.audit[0].at == at(61)


def test_an_action_valid_in_more_than_a_day_is_refused_once() -> None:
    too_early = later("a", 1441)
    world = acted(World(), too_early, too_early, later("b", 1440))

    assert world.said() == [("rejected", "not_yet_valid")]
    assert tick(world, 1441).said()[1:] == [SIMULATED]


def test_a_freeze_or_another_value_that_came_in_between_counts() -> None:
    world = acted(World(), later("a", 60), an_action("first", None, "2"))

    assert tick(world, 60).said() == [SIMULATED, ("drift", "not_as_expected")]


@pytest.mark.parametrize(
    ("autonomy", "outcome"),
    [(Autonomy.AUTO, SIMULATED), (Autonomy.PROPOSE, ("rejected", "needs_approval"))],
)
@pytest.mark.parametrize("deleted", [False, True])
def test_what_policy_released_waits_for_the_plan_and_is_then_judged_by_it_at_its_own_time(
    autonomy: Autonomy, outcome: tuple[str, str | None], *, deleted: bool
) -> None:
    world = plan(World(), None) if deleted else World(planned=False)
    acted(world, an_action("a", None, "1"), an_action("a", None, "1"), minutes=1)
    assert tick(world, 9).said() == []
    plan(world, a_plan(autonomy), minutes=9)
    plan(world, a_plan(autonomy, version=2), minutes=9)
    tick(world, 30)

    assert world.said() == [outcome]
    assert world.audit[0].at == at(1)


@pytest.mark.parametrize("deleted", [False, True])
def test_without_a_plan_what_policy_released_is_refused_once_and_stays_so(*, deleted: bool) -> None:
    world = plan(World(), None) if deleted else World(planned=False)
    acted(world, an_action("a", None, "1"), minutes=1)
    assert tick(world, 10.9).said() == []
    tick(world, 11)
    tick(world, 12)
    plan(world, a_plan(Autonomy.AUTO), minutes=12)
    acted(world, an_action("a", None, "1"), an_action("b", None, "2"), minutes=13)
    acted(world, an_action("a", None, "1"), minutes=14)

    assert world.said() == [GIVEN_UP, SIMULATED]
    assert world.audit[0].at == at(11)
    assert world.audit[1].action_id == an_id("b")


def test_what_waited_for_the_plan_goes_first_whoever_is_read_first() -> None:
    world = acted(World(planned=False), an_action("a", None, "1"), an_action("b", "1", "2"))
    world.publish(topics.ACTIONS, an_action("c", "2", "3"), 2)
    world.publish(topics.PLANS, a_plan(Autonomy.AUTO), 2)
    world.turn("plans")
    world.settle()

    assert [entry.action_id for entry in world.audit] == [an_id("a"), an_id("b"), an_id("c")]
    assert world.said() == [SIMULATED] * 3
    assert world.counts.get(("repeats", "pacekeeper.actions.v1"), 0) == 2


def test_an_action_is_not_lost_when_its_plan_comes_and_goes_before_it_is_read_again() -> None:
    world = acted(World(planned=False), an_action("a", None, "1"))
    for new in (a_plan(Autonomy.AUTO), None):
        world.publish(topics.PLANS, new, 1)
        world.turn("plans")
    tick(world, 30)
    tick(world, 60)

    assert world.said() == [GIVEN_UP]


def test_what_a_person_released_waits_for_no_plan() -> None:
    world = acted(World(planned=False), an_action("a", None, "1", released_by=Release.PERSON))

    assert world.said() == [SIMULATED]


def test_an_action_that_waited_until_it_was_valid_then_waits_for_the_plan() -> None:
    world = tick(acted(World(planned=False), later("a", 60)), 60)
    assert world.said() == []

    assert plan(world, a_plan(Autonomy.AUTO), minutes=61).said() == [SIMULATED]


def test_waiting_actions_are_bounded_and_each_ends_in_one_entry() -> None:
    world = World(policy=ExecutorPolicy(remembered=3))
    acted(world, *(later(str(n), 60 + n, expires_at=at(200 + n)) for n in range(5)))
    assert world.said() == [("rejected", "too_many_waiting")] * 2
    tick(world, 100)

    assert sorted(str(entry.action_id) for entry in world.audit) == sorted(map(an_id, "01234"))
    assert not [key for key in world.tables["actions"] if key.startswith(b"\0")]


def test_those_that_waited_in_vain_make_room_for_others() -> None:
    world = World(policy=ExecutorPolicy(remembered=3), planned=False)
    for n in range(7):
        acted(world, an_action(str(n), None, "1", expires_at=at(500 + n)), minutes=20 * n)
        tick(world, 20 * n + 11)

    assert world.said() == [GIVEN_UP] * 7
