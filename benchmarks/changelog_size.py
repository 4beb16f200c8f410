"""What the state of a campaign costs in the log, hour by hour."""

from __future__ import annotations

from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.deployment import deployed
from benchmarks.figure import Figure
from benchmarks.load import HOUR, Campaigns, recent_midnight
from schemas.topics import METRICS

CAMPAIGNS = Campaigns(count=2_000, partitions=4)
HOURS = 24
"""One of them is the last hour of a local day, whose close is written too."""
KILOBYTE = 1000


async def measure(bench: Bench) -> float:
    """Return the kilobytes that the changelogs grew by, per campaign and hour."""
    async with deployed(bench, "changelog") as deployment, deployment.worker() as worker:
        await deployment.plan(CAMPAIGNS, worker)
        await deployment.publish(METRICS, CAMPAIGNS.hour(recent_midnight()))
        await deployment.applied(METRICS, worker)
        before = _stored(bench.data, deployment.group)
        for number in range(1, HOURS + 1):
            # One after the other, as they come: a backlog would write a campaign once for many.
            await deployment.publish(METRICS, CAMPAIGNS.hour(recent_midnight() + number * HOUR))
            await deployment.applied(METRICS, worker)
        after = _stored(bench.data, deployment.group)
    return (after - before) / (CAMPAIGNS.count * HOURS) / KILOBYTE


def _stored(data: Path, group: str) -> int:
    """Return the bytes of all changelogs' segments, batch headers and all."""
    return sum(path.stat().st_size for path in data.rglob(f"{group}-*-changelog-*/*.log"))


FIGURE = Figure(
    name="changelog_size",
    unit="kB",
    goal=3.0,
    better="lower",
    about="changelog per campaign and hour, over 24 hours with the close of a day",
    measure=measure,
)
