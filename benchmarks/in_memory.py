"""Workers side by side in this process: one partition of all topics in memory, no Kafka."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord

from workers.delivery.api import Agent, Output, Program, Record, store


@dataclass(slots=True)
class _Tables:
    """What the steps of one program may read."""

    shared: Mapping[str, Mapping[bytes, bytes]]
    own: dict[str, dict[bytes, bytes]]
    partition: int = 0
    partitions: int = 1

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        return self.own[agent]

    def broadcast(self, topic: str) -> Mapping[bytes, bytes]:
        return self.shared.get(topic, {})


@dataclass(slots=True)
class InMemory:
    """Programs that read what each other write, as soon as it is written."""

    programs: Sequence[Program]
    published: Counter[str] = field(default_factory=Counter)
    """Records so far, by topic."""
    _latest: dict[str, dict[bytes, bytes]] = field(default_factory=lambda: defaultdict(dict))
    _readers: dict[str, list[tuple[Agent, _Tables]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def __post_init__(self) -> None:
        for program in self.programs:
            tables = _Tables(self._latest, {agent.table: {} for agent in program.agents})
            for agent in program.agents:
                self._readers[agent.source].append((agent, tables))

    def publish(self, topic: str, records: Iterable[tuple[bytes, bytes]], time: int) -> None:
        """Let workers take ``records`` of key and value in one step each, and all that follows.

        ``time`` is in milliseconds since the epoch.
        """
        waiting = {topic: [Output(topic, key, value) for key, value in records]}
        while waiting:
            name = next(iter(waiting))
            for output in self._take(name, self._stored(name, waiting.pop(name), time)):
                waiting.setdefault(output.topic, []).append(output)

    def _stored(self, topic: str, outputs: Sequence[Output], time: int) -> list[Record]:
        first = self.published[topic]
        self.published[topic] += len(outputs)
        return [
            ConsumerRecord(
                topic=topic,
                partition=0,
                offset=first + at,
                timestamp=output.timestamp or time,
                timestamp_type=0,
                key=output.key,
                value=output.value,
                checksum=None,
                serialized_key_size=0,
                serialized_value_size=0,
                headers=output.headers,
            )
            for at, output in enumerate(outputs)
        ]

    def _take(self, topic: str, records: Sequence[Record]) -> Iterable[Output]:
        latest = self._latest[topic]
        for record in records:
            if record.key is not None and record.value is not None:
                latest[record.key] = record.value
        for agent, tables in self._readers.get(topic, ()):
            step = agent.step(tables, records)
            table = tables.own[agent.table]
            store(table, step.writes)
            if step.dead_letters:
                raise AssertionError(step.dead_letters[0].detail)
            yield from step.outputs
