"""What a worker says to delivery: agents with pure steps, and what a step returns.

A step never sends, awaits, reads a clock or keeps anything. It is given the records of one
partition of its source topic and a read-only view of the tables of that partition, and returns
what to write. Delivery commits all of it (table changes, outputs, dead letters and the source
offsets) as one Kafka transaction, or none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

Header = tuple[str, bytes | None]
"""Kafka has headers without a value."""

Headers = tuple[Header, ...]


class Record(Protocol):
    """One record of a source topic, as aiokafka hands it over: bytes, nothing decoded."""

    @property
    def topic(self) -> str:
        """Where it was read."""

    @property
    def partition(self) -> int:
        """The partition that it was read from."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def timestamp(self) -> int:
        """Milliseconds since the epoch: the clock of whoever published the record."""

    @property
    def key(self) -> bytes | None:
        """The bytes of the key."""

    @property
    def value(self) -> bytes | None:
        """The bytes of the value; ``None`` deletes the key, where the topic is compacted."""

    @property
    def headers(self) -> Sequence[Header]:
        """What the publisher said beside it."""


class Output(NamedTuple):
    """One record to publish in the step's transaction."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    """Where to; ``None`` is the lane's own: right for all that keep their source's key."""
    headers: Headers = ()
    timestamp: int | None = None
    """Milliseconds since the epoch: the decision's clock, which a replay of the log repeats. Agents
    that read the record see it as its timestamp; Kafka stamps the moment of the commit."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record of the source that could not be read, and why."""

    record: Record
    reason: str
    """A short machine code, also a metric label: few different values."""
    field: str = ""
    """The path of the field at fault, empty when it is the record as a whole."""
    detail: str = ""
    """What was wrong, for a person."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step wants written, all or nothing."""

    writes: Mapping[bytes, bytes | None] = field(default_factory=dict)
    """Changes of the agent's own table; ``None`` deletes the key."""
    outputs: Sequence[Output] = ()
    dead_letters: Sequence[DeadLetter] = ()
    counts: Mapping[tuple[str, ...], float] = field(default_factory=dict)
    """What to add to counters once committed: the instrument's name, then its label values."""
    observations: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """What to put into histograms once committed, by the instrument's name."""


def store(table: MutableMapping[bytes, bytes], writes: Mapping[bytes, bytes | None]) -> None:
    """Make the changes of a step in the table of its agent; ``None`` deletes the key."""
    for key, value in writes.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value


class View(Protocol):
    """What a step may read: the tables of its own partition, and the broadcast topics."""

    @property
    def partition(self) -> int:
        """The number of the partition that the records are of."""

    @property
    def partitions(self) -> int:
        """How many partitions the campaign topics have."""

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        """Return the table that ``agent`` of this worker writes, this partition of it."""

    def broadcast(self, topic: str) -> Mapping[bytes, bytes]:
        """Return the latest value of each key of a broadcast topic (all partitions of it)."""


StepFunction = Callable[[View, Sequence[Record]], Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A reader of one topic, with a table that it writes: its own, or that of another agent."""

    name: str
    """Names the agent."""
    source: str
    """The topic that it reads; co-partitioned with all other sources of the app."""
    step: StepFunction
    """Pure: the same view and records give the same step."""
    aside: bool = False
    """Whether it may take seconds, so that it is reckoned in a thread of its own while the worker
    goes on saying that it lives. It must not read broadcasts, which change meanwhile."""
    step_records: int | None = None
    """Most records of one of its steps, where that is less than for others."""
    shares: str = ""
    """The agent whose table it writes as well, where it has none of its own: steps of a partition
    take turns, so each sees what the other has left."""

    @property
    def table(self) -> str:
        """Return which table it writes; its changelog topic is ``{app}-{table}-changelog``."""
        return self.shares or self.name


Seal = Callable[[bytes | None, Sequence[Output]], tuple[bytes | None, Sequence[Output]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A topic whose records form one chain per partition, whichever agent wrote them.

    At commit, delivery hands the outputs for ``topic`` to ``seal`` together with the head that the
    last committed entry left (``None`` for the first), and publishes what ``seal`` returns. The new
    head is stored in the same transaction, so the chain goes on across restarts and rebalances.
    """

    topic: str
    seal: Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticks:
    """A topic that tells the time, for steps that must notice silence: steps read no clock."""

    topic: str
    interval_seconds: float
    """How often each worker writes a tick to each partition that it owns; > 0."""
    encode: Callable[[int, float], tuple[bytes, bytes]]
    """From partition number and time (seconds since the epoch) to key and value."""


class Tenure(Protocol):
    """A partition, from when this worker has taken it over until it lets go of it."""

    @property
    def view(self) -> View:
        """Its tables, as the steps committed so far have left them."""

    async def is_ours(self, within: float) -> bool:
        """Return whether the partition was certainly ours less than ``within`` seconds ago.

        A commit proves it, for Kafka refuses those of a former owner; where the last one is longer
        ago, another that changes nothing is made. A process that was stopped for a while and goes
        on so learns of a new owner before it acts.
        """

    async def commit(self, agent: str, make: Callable[[View], Step]) -> bool:
        """Commit a step of ``agent`` that follows from no record, but from what the world has said.

        ``make`` is called between two steps, and must be as pure as they are. Returns whether the
        step is in the log; if not, the partition is another's, and nothing of it is written.
        """

    def fail(self, error: BaseException) -> None:
        """End this process: what acts beside the steps cannot go on."""


class Companion(Protocol):
    """What acts on the world by what steps have committed, as steps themselves never do.

    It runs beside the lanes and must not block. What it has done it tells by `Tenure.commit`.
    """

    async def prepare(self) -> None:
        """Make ready before any partition is taken over.

        Raises
        ------
        workers.errors.WorkerError
            It cannot act as the settings want it to; the worker does not start.
        """

    def took_over(self, tenure: Tenure) -> None:
        """Note that a partition is ours: its tables are loaded, and no step has begun."""

    def committed(self, tenure: Tenure, agent: str, step: Step) -> None:
        """Note that a step of ``agent`` is in the log, and in the tables."""

    async def let_go(self, tenure: Tenure) -> None:
        """Return once nothing of the partition is acted on any more; it is another's then."""

    async def aclose(self) -> None:
        """Let go of what `prepare` has opened; no partition is ours any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """All that one worker runs: one consumer group, one set of tables."""

    name: str
    """The consumer group, and the first part of changelog topics and transactional ids."""
    agents: tuple[Agent, ...]
    journal: Journal | None = None
    broadcasts: tuple[str, ...] = ()
    """Topics of which every step may read the latest values; read whole by each worker."""
    ticks: Ticks | None = None
    companion: Companion | None = None
