"""The job on Quix Streams: RocksDB state with a changelog, an output per event, at least once.

Tuned as its users do: a producer that lingers and fills large batches, large fetches, few logs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from quixstreams import Application, State, message_context

from benchmarks.peers.jobs import JOBS, Job
from benchmarks.peers.one_event import Event, Tables
from benchmarks.peers.options import Options, read_options
from workers.garbage import collect_rarely


class StateTable(Mapping[bytes, bytes]):
    """The state of the event's campaign, read as a table."""

    def __init__(self, state: State[bytes, bytes]) -> None:
        self._state = state

    def __getitem__(self, key: bytes) -> bytes:
        value: bytes | None = self._state.get_bytes(key)
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[bytes]:
        raise NotImplementedError("Quix Streams cannot list the keys of a state")

    def __len__(self) -> int:
        raise NotImplementedError("Quix Streams cannot count the keys of a state")


def create_app(options: Options) -> Application:
    """Build the application of one run."""
    app = Application(
        options.bootstrap,
        consumer_group=options.run,
        auto_offset_reset="earliest",
        state_dir=options.scratch,
        loglevel="WARNING",
        consumer_extra_config={"fetch.min.bytes": 65_536, "fetch.wait.max.ms": 50},
        producer_extra_config={"linger.ms": 50, "batch.size": 1_048_576},
    )
    source = app.topic(options.source, key_deserializer="bytes", value_deserializer="bytes")
    output = app.topic(options.output, key_serializer="bytes", value_serializer="bytes")
    handle = Handler(JOBS[options.job](options), options.partitions)
    app.dataframe(source).apply(handle, stateful=True, expand=True, metadata=True).to_topic(output)
    return app


@dataclass(frozen=True, slots=True)
class Handler:
    """Applies the job's step to one event."""

    job: Job
    partitions: int

    def __call__(
        self, value: bytes, key: bytes, timestamp: int, _headers: object, state: State[bytes, bytes]
    ) -> list[bytes | None]:
        """Write what the step wants written; return what it wants published."""
        at, agent = message_context(), self.job.agent
        record = Event(at.topic, at.partition, at.offset, timestamp, key, value)
        tables = {**self.job.tables, agent.name: StateTable(state)}
        step = agent.step(Tables(at.partition, self.partitions, tables), (record,))
        for state_key, state_value in step.writes.items():
            if state_value is None:
                state.delete(state_key)
            else:
                state.set_bytes(state_key, state_value)
        return [out.value for out in step.outputs]


def main() -> None:
    """Run until the harness ends the process."""
    collect_rarely()
    create_app(read_options()).run()


if __name__ == "__main__":
    main()
