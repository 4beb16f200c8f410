"""From an event to its recommendation, committed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from time import monotonic

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.bench import Bench
from benchmarks.deployment import Deployment, deployed
from benchmarks.figure import Figure
from benchmarks.load import HOUR, Campaigns, Message, recent_midnight
from schemas.topic import Topic
from schemas.topics import METRICS, RECOMMENDATIONS

RATE = 200
"""Events per second, over four partitions."""
WARM_UP = 2_000
EVENTS = 10_000
CAMPAIGNS = Campaigns(count=WARM_UP + EVENTS, partitions=4)
PATIENCE_SECONDS = 30.0
PERCENTILE = 99


@dataclass(slots=True)
class Arrivals:
    """When each campaign's event was due to be sent, and when its recommendation was read."""

    due: dict[bytes, float] = field(default_factory=dict)
    read: dict[bytes, float] = field(default_factory=dict)

    def latencies(self, keys: Sequence[bytes]) -> list[float]:
        """Return the seconds between the two, for each of ``keys``."""
        return [self.read[key] - self.due[key] for key in keys]


async def measure(bench: Bench) -> float:
    """Return the 99th percentile of the latency, milliseconds."""
    async with deployed(bench, "latency") as deployment, deployment.worker() as worker:
        await deployment.plan(CAMPAIGNS, worker)
        start = recent_midnight()
        await deployment.publish(METRICS, CAMPAIGNS.hour(start))
        await deployment.applied(METRICS, worker)
        idle = await deployment.sample(METRICS, worker)
        hour = list(CAMPAIGNS.hour(start + HOUR))
        arrivals = await exchange(deployment, hour, METRICS, RECOMMENDATIONS, RATE)
        busy = await deployment.sample(METRICS, worker)
    load = (busy.cpu - idle.cpu) / (busy.at - idle.at)
    cuts = quantiles(arrivals.latencies(CAMPAIGNS.keys[WARM_UP:]), n=100)
    bench.say(f"median {cuts[49] * 1000:.0f} ms, the worker took {load:.0%} of a core")
    return cuts[PERCENTILE - 1] * 1000


async def exchange(
    deployment: Deployment, messages: Sequence[Message], topic: Topic, answers: Topic, rate: float
) -> Arrivals:
    """Send to a topic at a rate per second, whatever comes back, and read what is committed."""
    bootstrap = deployment.bench.cluster.bootstrap
    reader = AIOKafkaConsumer(
        deployment.topic(answers),
        bootstrap_servers=bootstrap,
        group_id=None,
        auto_offset_reset="latest",
        isolation_level="read_committed",
    )
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0)
    arrivals = Arrivals()
    async with reader, producer:
        await reader.seek_to_end()
        reading = asyncio.create_task(_read(reader, arrivals, len(messages)))
        await _send(producer, deployment.topic(topic), messages, arrivals, rate)
        await asyncio.wait_for(reading, PATIENCE_SECONDS)
    return arrivals


async def _send(
    producer: AIOKafkaProducer,
    topic: str,
    messages: Sequence[Message],
    arrivals: Arrivals,
    rate: float,
) -> None:
    began = monotonic()
    for number, message in enumerate(messages):
        due = began + number / rate
        # The time it was due, not the time it was sent: a stall must not hide its own wait.
        arrivals.due[message.key] = due
        await asyncio.sleep(due - monotonic())
        await producer.send(
            topic,
            key=message.key,
            value=message.value,
            partition=message.partition,
            timestamp_ms=message.timestamp,
        )


async def _read(reader: AIOKafkaConsumer, arrivals: Arrivals, count: int) -> None:
    while len(arrivals.read) < count:
        for records in (await reader.getmany(timeout_ms=100)).values():
            now = monotonic()
            for record in records:
                arrivals.read.setdefault(record.key, now)


FIGURE = Figure(
    name="recommendation_latency",
    unit="ms",
    goal=120.0,
    better="lower",
    about="event to committed recommendation, 99th percentile at 200 events per second",
    measure=measure,
)
