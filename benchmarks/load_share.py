"""How evenly one to four workers share four partitions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from benchmarks.bench import Bench
from benchmarks.cluster import Assignments
from benchmarks.deployment import Deployment, deployed
from benchmarks.figure import Figure
from benchmarks.load import HOUR, Campaigns, recent_midnight
from benchmarks.process import SAMPLE_SECONDS
from schemas.topics import METRICS

CAMPAIGNS = Campaigns(count=20_000, partitions=4)
MOST_WORKERS = 4
SETTLE_SECONDS = 120.0


async def measure(bench: Bench) -> float:
    """Return the busiest worker's records over the idlest one's, the worst of all sizes.

    Three workers cannot share four partitions better than 2:1:1, so theirs is taken against that.
    """
    worst = 1.0
    async with deployed(bench, "share") as deployment:
        for number in range(1, MOST_WORKERS + 1):
            shares = await _shares(deployment, number)
            best = -(-CAMPAIGNS.partitions // number) / (CAMPAIGNS.partitions // number)
            worst = max(worst, max(shares) / min(shares) / best)
            bench.say(f"{number} workers: {', '.join(f'{share:,}' for share in shares)} records")
    return worst


async def _shares(deployment: Deployment, number: int) -> Sequence[int]:
    """Return how many of an hour's records each of ``number`` workers handled."""
    cluster, topic = deployment.bench.cluster, deployment.topic(METRICS)
    async with deployment.workers(number) as workers:
        owners = await _settled(deployment, number)
        before = await cluster.committed(deployment.group, topic, deployment.partitions)
        await deployment.publish(METRICS, CAMPAIGNS.hour(recent_midnight() + number * HOUR))
        await deployment.applied(METRICS, *workers)
        after = await cluster.committed(deployment.group, topic, deployment.partitions)
        assert owners == await cluster.assignments(deployment.group), "a rebalance came between"
    return [sum(after[p] - before[p] for p in owned[topic]) for owned in owners.values()]


async def _settled(deployment: Deployment, number: int) -> Assignments:
    """Wait until each of ``number`` workers owns a part of the partitions; return who owns what."""
    topic = deployment.topic(METRICS)
    async with asyncio.timeout(SETTLE_SECONDS):
        while True:
            owners = await deployment.bench.cluster.assignments(deployment.group)
            owned = [len(own.get(topic, ())) for own in owners.values()]
            if len(owned) == number and min(owned) > 0 and sum(owned) == deployment.partitions:
                return owners
            await asyncio.sleep(SAMPLE_SECONDS)


FIGURE = Figure(
    name="load_share",
    unit="times",
    goal=1.25,
    better="lower",
    about="records of the busiest of one to four workers, against the idlest",
    measure=measure,
)
