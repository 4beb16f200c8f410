"""A step under construction: what its records have led to so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from schemas.errors import SchemaError
from workers.delivery.api import DeadLetter, Output, Record, Step, View
from workers.partitioner import partition_of
from workers.routing import rerouted

SaidT = TypeVar("SaidT")


class Draft:
    """Collects one step of an agent; later records of the step see what earlier ones wrote."""

    def __init__(self, view: View, agent: str) -> None:
        """Begin with the table of ``agent`` as the view has it."""
        self.view = view
        self.writes: dict[bytes, bytes | None] = {}
        self.outputs: list[Output] = []
        self._table: Mapping[bytes, bytes] = view.table(agent)
        self._dead_letters: list[DeadLetter] = []
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._observations: dict[str, list[float]] = {}

    def read(self, key: bytes) -> bytes | None:
        """Return the agent's own value of ``key`` as this step has left it."""
        return self.writes[key] if key in self.writes else self._table.get(key)

    def legible(
        self, records: Sequence[Record], read: Callable[[Record], SaidT]
    ) -> Iterator[tuple[SaidT, Record]]:
        """Yield what each record says, with the record; what cannot be read is put aside.

        ``read`` raises `SchemaError` for what it cannot read.
        """
        for record in records:
            try:
                said = read(record)
            except SchemaError as error:
                self.refuse_for(record, error)
            else:
                yield said, record

    def own(
        self, records: Sequence[Record], read: Callable[[Record], tuple[bytes, SaidT]]
    ) -> Iterator[tuple[bytes, SaidT, Record]]:
        """Yield key, what is said and the record of each that belongs to this partition.

        ``read`` returns the first two. What cannot be read is put aside, what belongs to another
        partition is sent on.
        """

        def read_here(record: Record) -> tuple[bytes, SaidT] | None:
            key, said = read(record)
            return None if self.sent_on(record, key) else (key, said)

        for found, record in self.legible(records, read_here):
            if found is not None:
                yield *found, record

    def overheard(
        self, records: Sequence[Record], read: Callable[[Record], tuple[bytes, SaidT]]
    ) -> Iterator[tuple[bytes, SaidT, Record]]:
        """Yield as `own` does; the others are only counted.

        They are another worker's to put aside or send on: it reads the same topic, and one mistake
        is to be one dead letter.
        """
        for record in records:
            try:
                key, said = read(record)
            except SchemaError:
                self.count("ignored", record.topic, "unreadable")
                continue
            if partition_of(key, self.view.partitions) == self.view.partition:
                yield key, said, record
            else:
                self.count("ignored", record.topic, "other_partition")

    def sent_on(self, record: Record, key: bytes) -> bool:
        """Return whether the record belongs to another partition; if so, publish it there.

        Raises
        ------
        SchemaError
            It was sent on before.
        """
        output = rerouted(record, key, self.view)
        if output is None:
            return False
        self.outputs.append(output)
        self.count("healed", record.topic)
        return True

    def refuse(self, record: Record, reason: str, field: str, detail: str) -> None:
        """Put a record aside."""
        self._dead_letters.append(DeadLetter(record, reason, field, detail))

    def refuse_for(self, record: Record, error: SchemaError) -> None:
        """Put a record aside that breaks the schema."""
        self.refuse(record, error.reason, error.field, error.detail)

    def count(self, *name: str, by: int = 1) -> None:
        """Add to a counter: the instrument's name, then its labels."""
        self._counts[name] += by

    def observe(self, name: str, values: Sequence[float]) -> None:
        """Put values into a histogram."""
        self._observations.setdefault(name, []).extend(values)

    def done(self) -> Step:
        """Return the step."""
        return Step(self.writes, self.outputs, self._dead_letters, self._counts, self._observations)
