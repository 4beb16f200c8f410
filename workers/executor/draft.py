"""A step under construction: what its records have led to so far."""

from __future__ import annotations

from collections import Counter

from schemas.audit import AuditEntry
from schemas.codec import encode
from schemas.errors import SchemaError
from schemas.record import CampaignRecord
from schemas.topics import AUDIT, Topic
from workers.delivery.api import DeadLetter, Output, Record, Step, View
from workers.executor.instants import to_ms
from workers.executor.policy import ExecutorPolicy


class Draft:
    """Collects one step of ``agent``; later records of the step see what earlier ones wrote."""

    def __init__(self, policy: ExecutorPolicy, view: View, agent: str) -> None:
        self.policy = policy
        self.view = view
        self._table = view.table(agent)
        self._writes: dict[bytes, bytes | None] = {}
        self._outputs: list[Output] = []
        self._dead_letters: list[DeadLetter] = []
        self._counts: Counter[tuple[str, ...]] = Counter()

    def read(self, key: bytes) -> bytes | None:
        """Return the agent's own row as this step has left it."""
        return self._writes[key] if key in self._writes else self._table.get(key)

    def write(self, key: bytes, row: bytes | None) -> None:
        """Set the agent's own row; None deletes it."""
        self._writes[key] = row

    def audit(self, entry: AuditEntry) -> None:
        """Add an entry to the audit trail, at the time that it carries."""
        self.publish(AUDIT, entry, at=to_ms(entry.at))
        self.count("audit_entries", entry.status)

    def publish(self, topic: Topic, record: CampaignRecord, *, at: int) -> None:
        """Publish a record of this partition's campaign, stamped with the decision's clock."""
        name = self.policy.topic(topic)
        self.forward(Output(name, record.key, encode(record), timestamp=at))

    def forward(self, output: Output) -> None:
        """Publish a record as it is."""
        self._outputs.append(output)

    def refuse(self, record: Record, error: SchemaError) -> None:
        """Put a record aside that could not be read."""
        self._dead_letters.append(DeadLetter(record, error.reason, error.field, error.detail))

    def count(self, *name: str) -> None:
        """Add one to a counter: the instrument's name, then its labels."""
        self._counts[name] += 1

    def done(self) -> Step:
        """Return the step."""
        return Step(self._writes, self._outputs, self._dead_letters, self._counts)
