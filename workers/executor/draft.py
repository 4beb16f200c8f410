"""The executor's steps under construction."""

from __future__ import annotations

from schemas.audit import AuditEntry
from schemas.codec import encode
from schemas.record import CampaignRecord
from schemas.topics import AUDIT, Topic
from workers import draft
from workers.delivery.api import Output, View
from workers.executor.policy import ExecutorPolicy
from workers.instants import to_ms


class Draft(draft.Draft):
    """Collects one step of an agent of the executor."""

    def __init__(self, policy: ExecutorPolicy, view: View, agent: str) -> None:
        """Begin with the table of ``agent`` as the view has it."""
        super().__init__(view, agent)
        self.policy = policy

    def audit(self, entry: AuditEntry) -> None:
        """Add an entry to the audit trail, at the time that it carries."""
        self.publish(AUDIT, entry, at=to_ms(entry.at))
        self.count("audit_entries", entry.status)

    def publish(self, topic: Topic, record: CampaignRecord, *, at: int) -> None:
        """Publish a record of this partition's campaign at the decision's clock, in ms."""
        name = self.policy.topic(topic)
        self.outputs.append(Output(name, record.key, encode(record), timestamp=at))
