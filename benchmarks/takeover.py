"""How long a partition stands still when a new owner takes it."""

from __future__ import annotations

import asyncio
from time import monotonic

from benchmarks.bench import Bench
from benchmarks.deployment import Deployment, deployed
from benchmarks.figure import Figure
from benchmarks.load import HOUR, Campaigns, recent_midnight
from benchmarks.process import SAMPLE_SECONDS, Started, died
from schemas.topics import METRICS

CAMPAIGNS = Campaigns(count=100_000, partitions=1)


async def measure(bench: Bench) -> float:
    """Return the seconds from a partition's assignment to its first commit by the new owner.

    The partition holds 100,000 campaigns, and an event waits in it.
    """
    async with deployed(bench, "takeover", partitions=1) as deployment:
        start = recent_midnight()
        async with deployment.worker("before") as worker:
            await deployment.plan(CAMPAIGNS, worker)
            for _ in range(2):
                await deployment.publish(METRICS, CAMPAIGNS.hour(start))
                await deployment.applied(METRICS, worker)
                start += HOUR
        await deployment.publish(METRICS, CAMPAIGNS.hour(start, [0]))
        async with deployment.worker("after") as worker:
            await _assigned(deployment, worker)
            began = monotonic()
            return (await deployment.applied(METRICS, worker)).at - began


async def _assigned(deployment: Deployment, worker: Started) -> None:
    """Wait until Kafka has given the partition to ``worker``, the group's only member."""
    while not await deployment.bench.cluster.assignments(deployment.group):
        if worker.process.poll() is not None:
            raise died(worker)
        await asyncio.sleep(SAMPLE_SECONDS)


FIGURE = Figure(
    name="takeover",
    unit="s",
    goal=5.0,
    better="lower",
    about="a partition of 100,000 campaigns, from its assignment to the first commit",
    measure=measure,
)
