"""What waits for people is bounded, and none of it is lost."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas import topics
from tests.workers.executor.test_decisions import decide, tick
from tests.workers.executor.world import (
    World,
    a_recommendation,
    an_id,
    approve,
    at,
)
from workers.executor.policy import ExecutorPolicy


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
