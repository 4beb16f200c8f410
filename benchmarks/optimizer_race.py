"""The full optimizer, stock Faust and Quix Streams over the same hours: one race, three figures.

All three decode, learn and decide with the same step, and publish one recommendation per event.
The optimizer commits exactly once; the peers do not, and get the easier log: fewer campaigns,
whose plans they know from the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from benchmarks.bench import Bench
from benchmarks.contender import PYTHON, Contender, Window, run
from benchmarks.deployment import Deployment, deployed
from benchmarks.load import HOUR, Campaigns, hours, recent_midnight
from benchmarks.process import Run
from benchmarks.race import race
from schemas.topics import METRICS, PLANS

OPTIMIZER, FAUST, QUIX = "optimizer", "stock-faust", "quix-streams"

CAMPAIGNS = Campaigns(count=50_000, partitions=4)
HOURS = 5
"""The first is not counted."""

FEW_CAMPAIGNS = Campaigns(count=4_000, partitions=4)
FEW_HOURS = 6
LOG = "few"
"""Prefix of the peers' topics."""


async def optimizer_race(bench: Bench) -> Mapping[str, float]:
    """Return the median events per CPU second of each."""
    return await bench.once("optimizer race", lambda: _race(bench))


async def _race(bench: Bench) -> Mapping[str, float]:
    async with deployed(bench, LOG) as log:
        await log.publish(PLANS, FEW_CAMPAIGNS.plans())
        await log.publish(METRICS, hours(FEW_CAMPAIGNS, recent_midnight(), FEW_HOURS))
        return await race(
            bench,
            {
                OPTIMIZER: partial(_optimize, bench),
                FAUST: partial(run, _peer(log, "stock_faust"), bench),
                QUIX: partial(run, _peer(log, "quix_streams"), bench),
            },
        )


def _peer(log: Deployment, module: str) -> Contender:
    """Return a peer that does the optimizer's job one event at a time."""
    count = FEW_CAMPAIGNS.count
    return Contender(
        command=(*PYTHON, f"benchmarks.peers.{module}", "--job", "optimizer", "--prefix", LOG),
        source=log.topic(METRICS),
        # Full once all but the last few events are out, or after this much time.
        window=Window(warm_up=count, events=count * (FEW_HOURS - 1) - 100, cpu_seconds=25.0),
    )


async def _optimize(bench: Bench, name: str) -> Run:
    """Run the optimizer over a backlog of hours, all published at once."""
    async with deployed(bench, name) as deployment, deployment.worker() as worker:
        await deployment.plan(CAMPAIGNS, worker)
        await deployment.publish(METRICS, CAMPAIGNS.hour(recent_midnight()))
        await deployment.applied(METRICS, worker)
        first = await deployment.sample(METRICS, worker)
        later = hours(CAMPAIGNS, recent_midnight() + HOUR, HOURS - 1)
        await deployment.publish(METRICS, later)
        return Run(first=first, last=await deployment.applied(METRICS, worker))
