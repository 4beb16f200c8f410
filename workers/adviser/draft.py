"""The adviser's steps under construction."""

from __future__ import annotations

from schemas.topic import Topic
from workers import draft
from workers.adviser.policy import AdviserPolicy
from workers.delivery.api import Output, View
from workers.partitioner import partition_of


class Draft(draft.Draft):
    """Collects one step of an agent of the adviser."""

    def __init__(self, policy: AdviserPolicy, view: View, agent: str) -> None:
        """Begin with the table of ``agent`` as the view has it."""
        super().__init__(view, agent)
        self.policy = policy

    def publish(self, topic: Topic, key: bytes, value: bytes, at: int) -> None:
        """Publish a record where its key belongs, at a clock in seconds."""
        home = partition_of(key, self.view.partitions)
        name = self.policy.topic(topic)
        self.outputs.append(Output(name, key, value, home, timestamp=at * 1_000))
