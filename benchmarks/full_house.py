"""One optimizer with 100,000 campaigns: the run that several figures are read from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from benchmarks.bench import Bench
from benchmarks.deployment import Deployment, deployed
from benchmarks.load import HOUR, Campaigns, recent_midnight
from benchmarks.process import Sample, Started, peak_memory
from schemas.topics import METRICS

CAMPAIGNS = Campaigns(count=100_000, partitions=4)
WARM_UP_HOURS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FullHouse:
    """What the run came to."""

    hour_seconds: float
    """From the first record of an hour of all campaigns to the last committed decision."""
    resident_bytes: int
    """The most memory that the worker's process held, from its start."""


async def full_house(bench: Bench) -> FullHouse:
    """Return the one run's results."""
    return await bench.once("full house", lambda: _run(bench))


async def _run(bench: Bench) -> FullHouse:
    async with deployed(bench, "house") as deployment, deployment.worker() as worker:
        await deployment.plan(CAMPAIGNS, worker)
        bench.say("100,000 plans are known")
        start = recent_midnight()
        for _ in range(WARM_UP_HOURS):
            await _hour(deployment, worker, start)
            start += HOUR
        began = monotonic()
        done = await _hour(deployment, worker, start)
        return FullHouse(hour_seconds=done.at - began, resident_bytes=peak_memory(worker))


async def _hour(deployment: Deployment, worker: Started, start: datetime) -> Sample:
    await deployment.publish(METRICS, CAMPAIGNS.hour(start))
    done = await deployment.applied(METRICS, worker)
    deployment.bench.say(f"{start:%H:%M}: every campaign is decided")
    return done
