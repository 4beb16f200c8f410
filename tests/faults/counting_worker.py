"""A small worker for fault tests: everything that delivery offers, and nothing to learn first.

``python -m tests.faults.counting_worker SPEC``, where SPEC is :class:`Spec` as JSON. What it writes
follows from its sources alone, so :mod:`tests.faults.recount` can say what there must be.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from pathlib import Path

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.faults.topics import Topics
from workers.delivery.api import Agent, DeadLetter, Journal, Output, Program, Record, Step, View
from workers.delivery.app import create_app
from workers.delivery.lag import Lag
from workers.delivery.partition import Partition
from workers.delivery_settings import DeliverySettings
from workers.kafka import Connection
from workers.lifetime import run_until_stopped
from workers.settings import Settings, TopicSettings

JOURNAL_EVERY = 50
ELSEWHERE_EVERY = 100
HASH_HEADER = "hash"
NOTHING = b"0 0 -"
FREEZE = b"freeze"
POISON = b"poison"


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the worker: where, how, and what goes wrong in it."""

    bootstrap: str
    prefix: str
    partitions: int = 4
    directory: str
    """Where it says how far its lanes are, a file per process."""
    delivery: DeliverySettings
    slow_partitions: tuple[int, ...] = ()
    """Steps of events of these partitions take ``slow_seconds`` longer each."""
    slow_seconds: float = 0.0
    load_seconds: float = 0.0
    """Reading back the tables of a partition takes so much longer."""
    poison_raises: bool = True
    """Whether the code still has the mistake that a poison record brings out."""
    freeze: str = ""
    """Stop this process, once, at a freeze record: in its ``step`` or its ``commit``."""


class State(msgspec.Struct, frozen=True):
    """What the tally knows of a key: every earlier event of it is in the digest, in order."""

    count: int
    total: int
    digest: str

    @classmethod
    def decode(cls, stored: bytes) -> State:
        count, total, digest = stored.decode().split(" ")
        return cls(int(count), int(total), digest)

    def encode(self) -> bytes:
        return f"{self.count} {self.total} {self.digest}".encode()

    def add(self, value: bytes) -> State:
        digest = blake2b(self.digest.encode() + value, digest_size=8).hexdigest()
        return State(self.count + 1, self.total + int(value), digest)


def tally(spec: Spec, view: View, records: Sequence[Record]) -> Step:
    """Count, sum and digest the events of each key, and tell of each event."""
    topics = Topics(spec.prefix)
    if view.partition in spec.slow_partitions:
        time.sleep(spec.slow_seconds)
    table, writes = view.table("tally"), dict[bytes, bytes | None]()
    outputs: list[Output] = []
    unreadable: list[DeadLetter] = []
    for record in records:
        value, key = record.value or b"", record.key or b""
        if value in {FREEZE, POISON}:
            _misfortune(spec, value)
        digits, _, _ = value.partition(b" ")  # what follows is there to make the record large
        if not digits.isdigit():
            unreadable.append(DeadLetter(record, "not_a_number", "value", "digits are expected"))
            continue
        state = State.decode(writes.get(key) or table.get(key) or NOTHING).add(digits)
        writes[key] = state.encode()
        outputs += _told(topics, view, key, state)
    return Step(writes=writes, outputs=outputs, dead_letters=unreadable)


def _told(topics: Topics, view: View, key: bytes, state: State) -> list[Output]:
    notes = view.table("notes")
    whole = notes.get(key) == notes.get(key + b"'")
    factor = view.broadcast(topics.factors).get(b"factor", b"none")
    seen = b" %s %s" % (factor, b"whole" if whole else b"torn")
    told = [Output(topics.counts, key, state.encode() + seen)]
    if state.count % JOURNAL_EVERY == 0:
        told.append(Output(topics.journal, key, b"tally %d" % state.count))
    if state.count % ELSEWHERE_EVERY == 0:
        other = (view.partition + 1) % view.partitions
        told.append(Output(topics.elsewhere, key, b"%d" % state.count, partition=other))
    return told


def _misfortune(spec: Spec, value: bytes) -> None:
    if value == POISON and spec.poison_raises:
        raise ArithmeticError("the step has a mistake that this record brings out")
    if value == FREEZE and spec.freeze == "step":
        freeze_once(spec)


def note(spec: Spec, view: View, records: Sequence[Record]) -> Step:  # noqa: ARG001 -- a step has a view
    """Keep the last note of each key, twice over, and journal each; no value deletes."""
    topics = Topics(spec.prefix)
    writes: dict[bytes, bytes | None] = {}
    for record in records:
        key = record.key or b""
        writes |= {key: record.value, key + b"'": record.value}
    outputs = [
        Output(topics.journal, record.key, b"note %s" % (record.value or b"deleted"))
        for record in records
    ]
    return Step(writes=writes, outputs=outputs)


def seal(head: bytes | None, entries: Sequence[Output]) -> tuple[bytes | None, Sequence[Output]]:
    """Chain ``entries``: each carries the digest of itself and all before it."""
    sealed = []
    for entry in entries:
        said = (head or b"") + (entry.key or b"") + (entry.value or b"")
        head = blake2b(said, digest_size=16).hexdigest().encode()
        sealed.append(Output(entry.topic, entry.key, entry.value, headers=((HASH_HEADER, head),)))
    return head, sealed


def freeze_once(spec: Spec) -> None:
    """Stop this process as SIGSTOP from outside would, the first time that it is asked."""
    frozen = Path(spec.directory) / "frozen"
    if not frozen.exists():
        frozen.touch()
        os.kill(os.getpid(), signal.SIGSTOP)


def freeze_in_commit(spec: Spec) -> None:
    """Stop this process in the middle of the first transaction that commits tally's offsets."""
    send = AIOKafkaProducer.send_offsets_to_transaction

    async def send_frozen(
        producer: AIOKafkaProducer, offsets: Mapping[TopicPartition, object], group: str
    ) -> None:
        if any(tp.topic == Topics(spec.prefix).events for tp in offsets):
            await producer.flush()  # what the step wrote is in the log, and open
            freeze_once(spec)
        await send(producer, offsets, group)

    AIOKafkaProducer.send_offsets_to_transaction = send_frozen


def load_slowly(spec: Spec) -> None:
    """Let partitions be taken over as slowly as if their tables were large."""
    load = Partition._load

    async def load_slow(partition: Partition, reader: AIOKafkaConsumer) -> None:
        await asyncio.sleep(spec.load_seconds)
        await load(partition, reader)

    Partition._load = load_slow  # type: ignore[method-assign, assignment]


class Reporter:
    """Writes down how far behind the lanes are, for the test to read."""

    def __init__(self, directory: Path) -> None:
        self._lags = directory / f"lags-{os.getpid()}.json"

    def step_committed(self, agent: str, records: int, seconds: float, step: Step) -> None: ...

    def loaded(self, agent: str, partition: int, seconds: float, records: int) -> None:
        sys.stderr.write(f"loaded {agent}[{partition}]: {records} in {seconds:.2f} s\n")

    def lags(self, lags: Sequence[Lag]) -> None:
        draft = self._lags.with_suffix(".draft")
        draft.write_bytes(msgspec.json.encode([(*_place(lag), lag.records) for lag in lags]))
        draft.rename(self._lags)

    def dead_letter(self, topic: str, reason: str) -> None: ...


def _place(lag: Lag) -> tuple[str, int]:
    return lag.topic, lag.partition


def program(spec: Spec) -> Program:
    """Return what this worker runs."""
    topics = Topics(spec.prefix)
    step: Callable[..., Step] = tally
    return Program(
        name=spec.prefix,
        agents=(
            Agent(name="tally", source=topics.events, step=partial(step, spec)),
            Agent(name="notes", source=topics.notes, step=partial(note, spec)),
        ),
        journal=Journal(topic=topics.journal, seal=seal),
        broadcasts=(topics.factors,),
    )


async def run(spec: Spec) -> int:
    """Run until SIGTERM, and end as workers do; return the exit status."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = Settings(topics=TopicSettings(partitions=spec.partitions), delivery=spec.delivery)
    servers = tuple(spec.bootstrap.split(","))
    connection = Connection(servers=servers, security="PLAINTEXT", timeout_seconds=10)
    # Faust binds an app to the running loop when it is built.
    app = create_app(program(spec), settings, connection, Reporter(Path(spec.directory)))
    return await run_until_stopped(app, stop, ())


def main(spec: Spec) -> int:
    """Run one worker; return the exit status."""
    if spec.freeze == "commit":
        freeze_in_commit(spec)
    if spec.load_seconds:
        load_slowly(spec)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run(spec))


if __name__ == "__main__":
    sys.exit(main(msgspec.json.decode(sys.argv[1], type=Spec)))
