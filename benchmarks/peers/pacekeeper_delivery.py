"""The job on Pacekeeper's own delivery: lanes, one transaction per step, exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import faust
import mode.loop

from benchmarks.cluster import Cluster
from benchmarks.peers.jobs import JOBS
from benchmarks.peers.options import Options, read_options
from workers.delivery.api import Program, Step
from workers.delivery.app import DeliveryApp, create_app
from workers.delivery.contract import changelog_topic, table_names
from workers.delivery.lag import Lag
from workers.garbage import collect_rarely
from workers.kafka import connect
from workers.settings import BrokerSettings, Settings, TopicSettings


class Silent:
    """An observer that counts nothing, as the peers count nothing."""

    def step_committed(self, agent: str, records: int, seconds: float, step: Step) -> None:
        """Ignore it."""

    def loaded(self, agent: str, partition: int, seconds: float, records: int) -> None:
        """Ignore it."""

    def lags(self, lags: Sequence[Lag]) -> None:
        """Ignore it."""

    def dead_letter(self, topic: str, reason: str) -> None:
        """Ignore it."""


def build(options: Options) -> DeliveryApp:
    """Create the changelog topics of one run, and build its app."""
    settings = Settings(
        broker=BrokerSettings(bootstrap=options.bootstrap),
        topics=TopicSettings(prefix=options.run, partitions=options.partitions),
    )
    job = JOBS[options.job](options)
    program = Program(name=options.run, agents=(job.agent,))
    asyncio.run(_create_changelogs(options, table_names(program)))
    return create_app(program, settings, connect(settings.broker), Silent())


async def _create_changelogs(options: Options, tables: Sequence[str]) -> None:
    names = [changelog_topic(options.run, table) for table in tables]
    async with Cluster(options.bootstrap) as cluster:
        await cluster.create(
            names, partitions=options.partitions, settings={"cleanup.policy": "compact"}
        )


def main() -> None:
    """Run until the harness ends the process."""
    collect_rarely()
    app = build(read_options())
    mode.loop.use("uvloop")
    faust.Worker(app, loglevel="warn", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
