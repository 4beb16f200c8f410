"""What a tick says of campaigns that are no longer heard of."""

from __future__ import annotations

import struct
from decimal import Decimal

import pytest

from schemas import HoldReason, Scope, encode, topics
from tests.workers.optimizer.test_decisions import a_freeze
from tests.workers.optimizer.world import NAMES, World, a_plan, an_event, hour
from workers.optimizer.silence import Silence

UNREADABLE = ("ignored", "pacekeeper.conditions.v1", "unreadable")


def test_a_silence_is_held_with_what_was_learned_of_the_campaign() -> None:
    world = World()
    world.plan(strategy="dayparting")
    world.metrics(*(an_event(number) for number in range(24 * 21)))
    world.tick(hour(24 * 21 + 8))
    last, hold = world.advice[-2:]
    assert hold.hold_reason is HoldReason.STALE_DATA
    # Nothing has been unlearned: six hours without a report halve the confidence, here it is eight.
    assert last.confidence > 0.9
    assert hold.confidence == pytest.approx(last.confidence * 6 / (6 + 8), abs=1e-4)


def test_a_tick_decides_once_and_says_only_which_campaigns_are_silent() -> None:
    world = World()
    world.broadcasts[world.policy.topic(topics.CONDITIONS)] = {
        b"*#outage": b"?",
        b"google:7:1#freeze": encode(
            a_freeze(scope=Scope.CAMPAIGN, **NAMES | {"campaign_id": "1"})
        ),
    }
    for number in range(4):
        names = {"campaign_id": str(number)}
        world.plan(a_plan(**names, version=number + 1))
        world.metrics(an_event(0, **names, spend=Decimal(number)))
    before, counted = len(world.advice), world.counts[UNREADABLE]
    world.tick(hour(8))
    held = world.advice[before:]
    assert [(each.campaign_id, each.plan_version) for each in held] == [
        ("0", 1),
        ("2", 3),
        ("3", 4),
    ]
    assert [each.spend_to_date for each in held] == [0, 2, 3]
    assert {each.hold_reason for each in held} == {HoldReason.STALE_DATA}
    assert world.counts[UNREADABLE] == counted + 1


def test_a_silence_that_an_earlier_release_has_noted_counts_as_one_that_was_told() -> None:
    first = struct.pack("<qq16s", 7, 9, b"r" * 16)
    assert Silence.read(first) == Silence(7, 9, b"r" * 16, held=True)
    for held in (True, False):
        row = Silence(7, 9, b"r" * 16, held)
        assert Silence.read(row.packed()) == row
