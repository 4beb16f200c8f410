"""One partition of a worker, whose steps are taken once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.delivery.api import Step, store


@dataclass(slots=True)
class Partition:
    """The tables of one partition, empty at first, and what was broadcast last, by topic."""

    partition: int
    partitions: int
    told: Mapping[str, Mapping[bytes, bytes]] = field(default_factory=dict)
    tables: dict[str, dict[bytes, bytes]] = field(default_factory=dict)

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        """Return the table that ``agent`` writes."""
        return self.tables.setdefault(agent, {})

    def broadcast(self, topic: str) -> Mapping[bytes, bytes]:
        """Return the latest value of each key of ``topic``."""
        return self.told.get(topic, {})

    def commit(self, agent: str, step: Step) -> None:
        """Keep what a step of ``agent`` wrote."""
        store(self.tables.setdefault(agent, {}), step.writes)
