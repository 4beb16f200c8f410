"""The scorer on a real Kafka: each outcome once, through a kill, and corrected by a restatement."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from aiokafka import AIOKafkaProducer
from msgspec.structs import replace

from schemas import MetricsEvent, Outcome, Tick, Verdict, decode, encode, topics
from schemas.record import Record
from schemas.topic import Topic
from tests.faults.topics import PARTITIONS
from tests.workers.kafka_stack import Stack
from tests.workers.scorer.world import KEY, START, a_plan, an_event, followed, pacing
from workers.partitioner import partition_of

SHIFT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - START
"""To the midnight that was the last one, less three days: brokers delete what is older."""
AWAY = SHIFT - timedelta(days=3)


def told(number: int, spend: str = "10", *, hours_later: float = 65 / 60) -> MetricsEvent:
    event = an_event(number, spend)
    start = event.window_start + AWAY
    return replace(event, window_start=start, emitted_at=start + timedelta(hours=hours_later))


def the_log() -> list[tuple[Topic, Record, datetime]]:
    advice = pacing(0, "230", "240", "250")
    times = {name: getattr(advice, name) + AWAY for name in ("hour", "decided_at", "valid_from")}
    advice = replace(advice, **times, expires_at=advice.expires_at + AWAY)
    begun = START + AWAY
    hours = [told(number) for number in range(24)]
    return [
        (topics.PLANS, a_plan(), begun),
        (topics.RECOMMENDATIONS, advice, begun),
        (topics.AUDIT, followed(advice), begun + timedelta(minutes=1)),
        *((topics.METRICS, each, each.emitted_at or begun) for each in hours),
    ]


def tick(stack: Stack, hours: float) -> None:
    """Tell the scorer that it is so many hours after the beginning."""
    at = START + AWAY + timedelta(hours=hours)
    asyncio.run(_tick(stack, at))


async def _tick(stack: Stack, at: datetime) -> None:
    home = partition_of(KEY, PARTITIONS)
    value = encode(Tick(partition=home, time=at))
    producer = AIOKafkaProducer(bootstrap_servers=stack.bootstrap)
    await producer.start()
    name = topics.TICKS.full_name(stack.prefix)
    stamp = int(at.timestamp() * 1_000)
    await producer.send_and_wait(
        name, value, key=str(home).encode(), partition=home, timestamp_ms=stamp
    )
    await producer.stop()


def outcomes(stack: Stack) -> list[Outcome]:
    return [decode(value, Outcome) for value in stack.values(topics.OUTCOMES)]


def wait_until_all_is_read(stack: Stack) -> None:
    for topic in (topics.PLANS, topics.RECOMMENDATIONS, topics.AUDIT, topics.METRICS):
        stack.wait_until_read("scorer", topic)


@pytest.mark.kafka
def test_an_outcome_is_told_once_through_a_kill_and_again_when_hours_are_restated(
    stack: Stack,
) -> None:
    stack.publish(*the_log())
    with stack.worker("scorer") as scorer:
        wait_until_all_is_read(stack)
        tick(stack, 31)
        stack.wait_for(lambda: len(outcomes(stack)) == 1)
        scorer.send_signal(signal.SIGKILL)
    again = told(5, "60", hours_later=40)
    stack.publish(*the_log(), (topics.METRICS, again, again.emitted_at or START))
    with stack.worker("scorer"):
        wait_until_all_is_read(stack)
        tick(stack, 33)
        tick(stack, 56)
        stack.wait_for(lambda: len(outcomes(stack)) >= 2)
        tick(stack, 57)
        stack.wait_until_read("scorer", topics.TICKS)

    first, second = outcomes(stack)
    assert (first.version, first.verdict) == (1, Verdict.AS_PROJECTED)
    assert first.reported_spend == Decimal(240)
    # 240 less 10 and 60 for it.
    assert (second.version, second.verdict) == (2, Verdict.MORE)
    assert second.reported_spend == Decimal(290)
