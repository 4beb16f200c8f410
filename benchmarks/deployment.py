"""Pacekeeper as its users run it: its topics under a prefix of their own, and its command line."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from time import monotonic

from benchmarks.bench import Bench
from benchmarks.contender import ROOT
from benchmarks.load import Campaigns, Message, publish
from benchmarks.process import Sample, Started, cpu_seconds, died, started, watch
from schemas.topic import Topic
from schemas.topics import PLANS, RECOMMENDATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Topics and workers of one figure."""

    bench: Bench
    prefix: str
    partitions: int = 4

    @property
    def group(self) -> str:
        """The optimizers' consumer group."""
        return f"{self.prefix}-optimizer"

    def topic(self, topic: Topic) -> str:
        """Return the name of a topic of the catalogue."""
        return topic.full_name(self.prefix)

    @asynccontextmanager
    async def worker(
        self, name: str = "worker", *, kind: str = "optimizer"
    ) -> AsyncIterator[Started]:
        """Run an optimizer, or another worker, with its default settings."""
        log = self.bench.scratch / f"{self.prefix}-{name}.log"
        command = (sys.executable, "-m", "workers", kind, "--web-port", "0")
        async with started(command, log, cwd=ROOT, environment=self._environment()) as worker:
            yield worker

    @asynccontextmanager
    async def workers(self, count: int) -> AsyncIterator[list[Started]]:
        """Run several optimizers."""
        async with AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(self.worker(f"{count}-{number}"))
                for number in range(count)
            ]

    async def plan(self, campaigns: Campaigns, worker: Started) -> None:
        """Give every campaign a plan, and wait until ``worker`` has them."""
        await self.publish(PLANS, campaigns.plans())
        await self.applied(PLANS, worker)

    async def publish(self, topic: Topic, messages: Iterable[Message]) -> None:
        """Publish records; return once the broker has them."""
        await publish(self.bench.cluster.bootstrap, self.topic(topic), messages)

    async def applied(self, topic: Topic, *workers: Started) -> Sample:
        """Wait until all of ``topic`` is committed; return what the first worker took so far."""
        wanted = sum(await self.bench.cluster.ends(self.topic(topic), self.partitions))
        return await watch(
            workers, lambda: self.sample(topic, workers[0]), lambda seen: seen.handled >= wanted
        )

    async def sample(self, topic: Topic, worker: Started) -> Sample:
        """Return how far the group has committed ``topic``, and what the worker's process took."""
        cpu, at = cpu_seconds(worker.process), monotonic()
        done = await self.bench.cluster.committed(self.group, self.topic(topic), self.partitions)
        return Sample(handled=sum(done), cpu=cpu, at=at)

    @property
    def recommendations(self) -> str:
        """The topic that the figures read."""
        return self.topic(RECOMMENDATIONS)

    async def create(self) -> None:
        """Create the topics, as ``pacekeeper topics create`` does."""
        command = (sys.executable, "-m", "workers", "topics", "create")
        log = self.bench.scratch / f"{self.prefix}-topics.log"
        async with started(command, log, cwd=ROOT, environment=self._environment()) as done:
            if await asyncio.to_thread(done.process.wait):
                raise died(done)

    def _environment(self) -> dict[str, str]:
        others = {k: v for k, v in os.environ.items() if not k.startswith("PACEKEEPER_")}
        return {
            **others,
            "PACEKEEPER_BROKER": self.bench.cluster.bootstrap,
            "PACEKEEPER_TOPICS_PREFIX": self.prefix,
            "PACEKEEPER_TOPICS_PARTITIONS": str(self.partitions),
            # The hours of a figure are past: against the clock, every campaign would be silent.
            "PACEKEEPER_OPTIMIZER_TICK_SECONDS": "0",
        }


@asynccontextmanager
async def deployed(bench: Bench, prefix: str, partitions: int = 4) -> AsyncIterator[Deployment]:
    """Create a deployment's topics, and remove them on the way out."""
    deployment = Deployment(bench=bench, prefix=prefix, partitions=partitions)
    await deployment.create()
    try:
        yield deployment
    finally:
        await bench.cluster.remove(prefix)
