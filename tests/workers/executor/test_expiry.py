"""When what waits for a person is over, and which ticks say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas import topics
from tests.workers.executor.test_decisions import decide, proposed, tick
from tests.workers.executor.world import (
    World,
    a_recommendation,
    a_tick,
    approve,
    at,
    reject,
)
from workers.executor import ticks
from workers.executor.tables import proposed_for, said_about


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
