"""The job on Faust as it comes: one event at a time, a table in memory, an output per event.

Tuned as its users do: uvloop, quiet loggers, a producer that lingers 5 ms and fills 256 KB batches.
"""

from __future__ import annotations

import faust
import mode.loop

from benchmarks.peers.jobs import JOBS
from benchmarks.peers.one_event import Event, Tables
from benchmarks.peers.options import Options, quiet_loggers, read_options
from workers.delivery.api import store
from workers.garbage import collect_rarely


def create_app(options: Options) -> faust.App:
    """Build the app of one run."""
    app = faust.App(
        options.run,
        broker=f"kafka://{options.bootstrap}",
        store="memory://",
        datadir=str(options.scratch),
        web_enabled=False,
        topic_partitions=options.partitions,
        topic_replication_factor=1,
        topic_disable_leader=True,
        table_standby_replicas=0,
        producer_linger=0.005,
        producer_max_batch_size=256 * 1024,
    )
    _add_agent(app, options)
    return app


def _add_agent(app: faust.App, options: Options) -> None:
    job = JOBS[options.job](options)
    table = app.Table(
        job.agent.name, key_type=bytes, value_type=bytes, partitions=options.partitions
    )
    source = app.topic(options.source, key_type=bytes, value_type=bytes)
    output = app.topic(options.output, key_type=bytes, value_type=bytes)
    tables = {**job.tables, job.agent.name: table}

    async def handle(stream: faust.StreamT[bytes]) -> None:
        quiet_loggers()
        async for event in stream.events():
            message = event.message
            view = Tables(message.partition, options.partitions, tables)
            record = Event(
                message.topic,
                message.partition,
                message.offset,
                int(message.timestamp * 1000),
                message.key,
                message.value,
            )
            step = job.agent.step(view, (record,))
            store(table, step.writes)
            for out in step.outputs:
                await output.send(key=out.key, value=out.value)

    app.agent(source, name=job.agent.name)(handle)


def main() -> None:
    """Run until the harness ends the process."""
    collect_rarely()
    mode.loop.use("uvloop")
    app = create_app(read_options())
    faust.Worker(app, loglevel="warn", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
