"""The executor's steps under construction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from schemas.audit import AuditEntry
from schemas.codec import encode
from schemas.errors import SchemaError
from schemas.record import CampaignRecord
from schemas.topic import Topic
from schemas.topics import AUDIT
from workers import draft
from workers.delivery.api import Output, Record, View
from workers.executor.policy import ExecutorPolicy
from workers.instants import to_ms


class Draft(draft.Draft):
    """Collects one step of an agent of the executor."""

    def __init__(self, policy: ExecutorPolicy, view: View, agent: str) -> None:
        """Begin with the table of ``agent`` as the view has it."""
        super().__init__(view, agent)
        self._kept: dict[bytes, bytes | None] = self.writes
        self.policy = policy

    @contextmanager
    def carrying_out(self, record: Record) -> Iterator[None]:
        """Keep what is done for ``record``, or put it aside alone when it cannot be written down.

        A record may be fine by itself and still lead to one that breaks the schema. Whatever
        else is raised is a mistake of ours, and ends the worker.
        """
        writes, outputs, counts = self.writes, self.outputs, self._counts
        self._kept, self.writes, self.outputs, self._counts = writes, {}, [], Counter()
        try:
            yield
            writes.update(self.writes)
            outputs.extend(self.outputs)
            counts.update(self._counts)
        except SchemaError as error:
            self.refuse_for(record, error)
        finally:
            self.writes, self.outputs, self._counts = writes, outputs, counts

    def read(self, key: bytes) -> bytes | None:
        """Return the agent's own value of ``key`` as this step has left it."""
        if key in self._kept and key not in self.writes:
            return self._kept[key]
        return super().read(key)

    def audit(self, entry: AuditEntry) -> None:
        """Add an entry to the audit trail, at the time that it carries."""
        self.publish(AUDIT, entry, at=to_ms(entry.at))
        self.count("audit_entries", entry.status)

    def publish(self, topic: Topic, record: CampaignRecord, *, at: int) -> None:
        """Publish a record of this partition's campaign at the decision's clock, in ms."""
        name = self.policy.topic(topic)
        self.outputs.append(Output(name, record.key, encode(record), timestamp=at))
