"""Laws of how far Pacekeeper may go by itself with single levers of one campaign."""

from __future__ import annotations

import pytest

from schemas import topics
from schemas.action import Release
from schemas.autonomy import AutonomyOf
from schemas.fields import Autonomy
from tests.workers.executor.test_decisions import decide
from tests.workers.executor.world import World, a_plan, a_recommendation, an_action, approve

LADDER = a_plan(
    Autonomy.PROPOSE,
    autonomy_of=AutonomyOf(hourly_budget=Autonomy.AUTO, daily_budget=Autonomy.OBSERVE),
)
"""Bids of this plan have the autonomy of all that it does not name: propose."""


def following() -> World:
    world = World()
    world.publish(topics.PLANS, LADDER, 0)
    world.settle()
    return world


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("hourly_budget", [("simulated", None)]),
        ("bid", [("rejected", "needs_approval")]),
        ("daily_budget", [("rejected", "needs_approval")]),
    ],
)
def test_policy_may_do_by_itself_what_the_plan_says_of_that_lever(
    field: str, said: list[tuple[str, str | None]]
) -> None:
    world = following()
    world.publish(topics.ACTIONS, an_action("a", None, "1", field=field), 0)
    world.settle()

    assert world.said() == said


@pytest.mark.parametrize(
    ("field", "detail"),
    [
        ("bid", "autonomy of bid is propose; approve"),
        ("hourly_budget", "autonomy of hourly_budget is auto, but guard rails"),
        ("daily_budget", None),
    ],
)
def test_people_are_asked_and_told_by_the_autonomy_of_the_lever(
    field: str, detail: str | None
) -> None:
    world = following()
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "1", field=field), 0)
    world.settle()

    assert [entry.detail.startswith(detail or "?") for entry in world.audit] == [True] * bool(
        detail
    )


def test_what_is_approved_is_made_however_little_policy_may_do_by_itself() -> None:
    world = following()
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "1", field="bid"), 0)
    world.settle()
    decide(world, approve("r"))

    assert world.said()[1:] == [("simulated", None)]
    assert [action.released_by for action in world.released] == [Release.PERSON]
