"""The tables of one partition in memory, and the optimizer's own agents on them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine import state
from workers.delivery.api import Record, Step, store
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.program import agents
from workers.optimizer.silence import Silence
from workers.optimizer.tables import METRICS, TICKS


class Replica:
    """What the steps of one partition may read, and what they have written."""

    def __init__(self, policy: OptimizerPolicy, partition: int, partitions: int) -> None:
        """Begin with empty tables, as the first worker did."""
        self.partition = partition
        self.partitions = partitions
        self.policy = policy
        self._agents = {agent.source: agent for agent in agents(policy)}
        self._tables: dict[str, dict[bytes, bytes]] = {
            agent.name: {} for agent in self._agents.values()
        }
        self._broadcasts: Mapping[str, Mapping[bytes, bytes]] = {}

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        """Return the table that ``agent`` writes."""
        return self._tables[agent]

    def broadcast(self, topic: str) -> Mapping[bytes, bytes]:
        """Return the latest values of a broadcast topic, as they were last told."""
        return self._broadcasts.get(topic, {})

    def tell(self, broadcasts: Mapping[str, Mapping[bytes, bytes]]) -> None:
        """Let the steps that follow see these values of the broadcast topics."""
        self._broadcasts = broadcasts

    def step(self, record: Record) -> Step:
        """Return what the agent of the record's topic makes of it; nothing is kept."""
        return self._agents[record.topic].step(self, [record])

    def commit(self, topic: str, step: Step) -> None:
        """Keep what a step wrote."""
        table = self._tables[self._agents[topic].name]
        store(table, step.writes)

    def take(self, record: Record) -> Step:
        """Return what the agent of the record's topic makes of it, and keep what it wrote."""
        step = self.step(record)
        self.commit(record.topic, step)
        return step

    def name_previous(self, agent: str, key: bytes, identity: str) -> None:
        """Let the recommendation that ``agent`` noted last be the one that was published.

        Each recommendation names the one before it, so that without this one that cannot be
        recomputed would make all that follow differ.
        """
        table, previous = self._tables[agent], bytes.fromhex(identity)
        if agent == METRICS and key in table:
            rows = state.unpack([table[key]])
            rows["previous"] = np.void(previous)
            table[key] = state.pack(rows)[0]
        silence = Silence.read(table.get(key, b"")) if agent == TICKS else None
        if silence is not None:
            table[key] = silence._replace(recommendation=previous).packed()
