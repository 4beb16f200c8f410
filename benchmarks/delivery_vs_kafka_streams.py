"""Delivery alone against Kafka Streams, both exactly once, over the same small job."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from benchmarks.bench import Bench
from benchmarks.contender import PYTHON, Contender, Window, run
from benchmarks.figure import Figure, NotMeasurable
from benchmarks.load import Campaigns, hours, publish, recent_midnight
from benchmarks.peers import kafka_streams
from benchmarks.race import race

SOURCE = "delivery-metrics"
CAMPAIGNS = Campaigns(count=100_000, partitions=4)
HOURS = 7
WARM_UP = 300_000
"""A JVM compiles its hot paths by then: its events per CPU second no longer rise."""
EVENTS = 390_000


async def measure(bench: Bench) -> float:
    """Return our events per CPU second as a multiple of Kafka Streams'."""
    if kafka_streams.missing():
        raise NotMeasurable(kafka_streams.NEEDS)
    jars = kafka_streams.build(bench.cache)
    await bench.cluster.create([SOURCE], partitions=CAMPAIGNS.partitions)
    start = recent_midnight() - timedelta(days=1)
    await publish(bench.cluster.bootstrap, SOURCE, hours(CAMPAIGNS, start, HOURS))
    ours = _contender((*PYTHON, "benchmarks.peers.pacekeeper_delivery"))
    peer = _contender(kafka_streams.command(jars))
    rates = await race(
        bench,
        {"delivery": partial(run, ours, bench), "kafka-streams": partial(run, peer, bench)},
    )
    await bench.cluster.remove(SOURCE)
    return rates["delivery"] / rates["kafka-streams"]


def _contender(command: tuple[str, ...]) -> Contender:
    window = Window(warm_up=WARM_UP, events=EVENTS)
    return Contender(command=command, source=SOURCE, window=window)


FIGURE = Figure(
    name="delivery_vs_kafka_streams",
    unit="times",
    goal=1.0,
    better="higher",
    about="exactly-once delivery, events per CPU second, against Kafka Streams in Java",
    measure=measure,
)
