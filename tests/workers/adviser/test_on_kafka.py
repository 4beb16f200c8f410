"""The adviser on a real Kafka: the same advice through a kill, and made again byte for byte."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from schemas import Kind, MetricsEvent, Recommendation, decode, topics
from tests.workers.adviser.world import START, World, a_plan, life
from tests.workers.kafka_stack import Stack

DAYS = 6
MOVED = timedelta(weeks=(datetime.now(UTC) - START).days // 7 - 1)
"""From the days of the tests to some that Kafka does not delete at once."""


def moved(event: MetricsEvent) -> MetricsEvent:
    told = event.emitted_at or event.window_start
    return replace(event, window_start=event.window_start + MOVED, emitted_at=told + MOVED)


def publish(stack: Stack, events: Sequence[MetricsEvent]) -> None:
    stack.publish(*((topics.METRICS, each, each.emitted_at or START) for each in events))


def advice(stack: Stack) -> list[Recommendation]:
    told = [decode(value, Recommendation) for value in stack.values(topics.RECOMMENDATIONS)]
    return [each for each in told if each.kind is Kind.TARGETING]


def gist(several: Sequence[Recommendation]) -> list[object]:
    return [(each.decided_at, each.recommended_value, each.confidence) for each in several]


@pytest.mark.kafka
def test_people_are_told_the_same_once_through_a_kill(stack: Stack) -> None:
    events = [moved(event) for event in life(DAYS)]
    alone = World()
    alone.plan()
    alone.metrics(*events)
    assert len(alone.advice) == 2

    stack.publish((topics.PLANS, a_plan(), START + MOVED))
    with stack.worker("adviser") as first:
        stack.wait_until_read("adviser", topics.PLANS)
        publish(stack, events[:40])
        stack.wait_for(lambda: len(advice(stack)) == 1)
        publish(stack, events[40:60])
        first.send_signal(signal.SIGKILL)
    with stack.worker("adviser"), stack.worker("executor"):
        # What was published before is published again: a repeat of it says nothing.
        publish(stack, events[30:])
        stack.wait_until_read("adviser", topics.METRICS)
        stack.wait_for(lambda: len(advice(stack)) == 2)
        stack.wait_until_read("executor", topics.PLANS)

    assert gist(advice(stack)) == gist(alone.advice)
    assert stack.values(topics.AUDIT) == []
    for each in advice(stack):
        words = stack.command("explain", each.recommendation_id, "--json")
        again = subprocess.run(words, env=stack.environment, capture_output=True, check=False)
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["verdict"] == "identical"
