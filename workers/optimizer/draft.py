"""A step under construction: what its records have led to so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from schemas.errors import SchemaError
from schemas.topics import Topic
from workers.delivery.api import DeadLetter, Output, Record, Step, View
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.tables import METRICS


class Draft:
    """Collects one step of an agent; later records of the step see what earlier ones wrote."""

    def __init__(self, policy: OptimizerPolicy, view: View, agent: str) -> None:
        """Begin with the agent's table as the view has it."""
        self.policy = policy
        self._agent = agent
        self.view = view
        self.writes: dict[bytes, bytes | None] = {}
        self.outputs: list[Output] = []
        self.observations: dict[str, list[float]] = {}
        self._table: Mapping[bytes, bytes] = view.table(agent)
        self._dead_letters: list[DeadLetter] = []
        self._counts: Counter[tuple[str, ...]] = Counter()

    def read(self, keys: Sequence[bytes]) -> list[bytes]:
        """Return the agent's own values as this step has left them, empty where there is none."""
        table, writes = self._table, self.writes
        if not writes:
            return [table.get(key, b"") for key in keys]
        return [(writes[key] or b"") if key in writes else table.get(key, b"") for key in keys]

    def knows(self, key: bytes) -> bool:
        """Return whether the table held the key before this step."""
        return key in self._table

    def publish(self, topic: Topic, key: bytes, value: bytes, at: int) -> None:
        """Publish a record of a campaign at the decision's clock, in seconds."""
        self.outputs.append(Output(self.policy.topic(topic), key, value, timestamp=at * 1_000))

    def refuse(self, record: Record, reason: str, field: str, detail: str) -> None:
        """Put a record aside."""
        self._dead_letters.append(DeadLetter(record, reason, field, detail))
        if self._agent == METRICS:
            self._counts["events", reason] += 1

    def refuse_for(self, record: Record, error: SchemaError) -> None:
        """Put a record aside that breaks the schema."""
        self.refuse(record, error.reason, error.field, error.detail)

    def count(self, *name: str, by: int = 1) -> None:
        """Add to a counter: the instrument's name, then its labels."""
        self._counts[name] += by

    def observe(self, name: str, values: Sequence[float]) -> None:
        """Put values into a histogram."""
        self.observations.setdefault(name, []).extend(values)

    def done(self) -> Step:
        """Return the step."""
        return Step(self.writes, self.outputs, self._dead_letters, self._counts, self.observations)
