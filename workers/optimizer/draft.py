"""The optimizer's steps under construction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.arrays import Ints
from engine.tracking import Outages
from schemas.codec import encode
from schemas.record import CampaignRecord
from schemas.topic import Topic
from workers import draft
from workers.delivery.api import Output, Record, View
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.tables import METRICS
from workers.partitioner import partition_of


class Tracked(NamedTuple):
    """What was found of a campaign's tracking."""

    found: Outages
    starts: Ints
    """First seconds of the hours that were asked, (R, H)."""
    at: int
    """The campaign's row in both."""


class Draft(draft.Draft):
    """Collects one step of an agent of the optimizer."""

    def __init__(self, policy: OptimizerPolicy, view: View, agent: str) -> None:
        """Begin with the table of ``agent`` as the view has it."""
        super().__init__(view, agent)
        self.policy = policy
        self.tracked: dict[bytes, Tracked] = {}
        """Of campaigns whose tracking was asked for while they were decided."""
        self._agent = agent

    def read_all(self, keys: Sequence[bytes]) -> list[bytes]:
        """Return the agent's own values as this step has left them, empty where there is none."""
        table, writes = self._table, self.writes
        if not writes:
            return [table.get(key, b"") for key in keys]
        return [(writes[key] or b"") if key in writes else table.get(key, b"") for key in keys]

    def read_of(self, agent: str, keys: Sequence[bytes]) -> list[bytes]:
        """Return values of an agent's table: as this step has left them where it is its own."""
        if agent == self._agent:
            return self.read_all(keys)
        table = self.view.table(agent)
        return [table.get(key, b"") for key in keys]

    def knows(self, key: bytes) -> bool:
        """Return whether the table held the key before this step."""
        return key in self._table

    def publish(self, topic: Topic, key: bytes, value: bytes, at: int) -> None:
        """Publish a record of a campaign at the decision's clock, in seconds."""
        self.outputs.append(Output(self.policy.topic(topic), key, value, timestamp=at * 1_000))

    def publish_by_key(self, topic: Topic, record: CampaignRecord, at: int) -> None:
        """Publish a record whose key is not the campaign's where that key belongs."""
        key, name = record.key, self.policy.topic(topic)
        home = partition_of(key, self.view.partitions)
        self.outputs.append(Output(name, key, encode(record), home, timestamp=at * 1_000))

    def refuse(self, record: Record, reason: str, field: str, detail: str) -> None:
        """Put a record aside; of metrics, this is an outcome of the event."""
        super().refuse(record, reason, field, detail)
        if self._agent == METRICS:
            self.count("events", reason)
