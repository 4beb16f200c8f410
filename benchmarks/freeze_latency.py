"""From a person's freeze to the moment from which nothing more is sent for the campaign.

The live loop asks the tables right before each call, so a freeze holds once it is in them: at the
latest when its entry in the audit trail can be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import quantiles
from time import time

from benchmarks.bench import Bench
from benchmarks.deployment import deployed
from benchmarks.figure import Figure
from benchmarks.load import Message
from benchmarks.recommendation_latency import exchange
from schemas.codec import encode
from schemas.decision import Decision, Verb
from schemas.topics import AUDIT, DECISIONS
from workers.partitioner import partition_of

RATE = 50
"""Decisions per second, over four partitions."""
WARM_UP = 200
FREEZES = 1_000
PARTITIONS = 4


async def measure(bench: Bench) -> float:
    """Return the 99th percentile, milliseconds."""
    async with (
        deployed(bench, "freeze", PARTITIONS) as deployment,
        deployment.worker(kind="executor"),
    ):
        freezes = list(_freezes())
        # The first ones wait until the worker has taken its partitions over.
        await exchange(deployment, freezes[:WARM_UP], DECISIONS, AUDIT, RATE)
        arrivals = await exchange(deployment, freezes[WARM_UP:], DECISIONS, AUDIT, RATE)
    cuts = quantiles(arrivals.latencies([one.key for one in freezes[WARM_UP:]]), n=100)
    bench.say(f"median {cuts[49] * 1000:.0f} ms")
    return cuts[98] * 1000


def _freezes() -> Iterator[Message]:
    now = time()
    for number in range(WARM_UP + FREEZES):
        freeze = Decision(
            platform="meta",
            account_id="1",
            campaign_id=str(number),
            verb=Verb.FREEZE,
            by="ada",
            decided_at=datetime.fromtimestamp(now, UTC),
        )
        yield Message(
            key=freeze.key,
            value=encode(freeze),
            partition=partition_of(freeze.key, PARTITIONS),
            timestamp=int(now * 1000),
        )


FIGURE = Figure(
    name="freeze_latency",
    unit="ms",
    goal=1000.0,
    better="lower",
    about="a person's freeze until nothing more is sent, 99th percentile at 50 a second",
    measure=measure,
)
