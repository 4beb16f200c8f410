"""The allocator's steps under construction, where budgets are concerned."""

from __future__ import annotations

from schemas.topic import Topic
from workers import draft
from workers.allocator.policy import AllocatorPolicy
from workers.delivery.api import Output, View
from workers.partitioner import partition_of


class Draft(draft.Draft):
    """Collects one step of an agent of budgets."""

    def __init__(self, policy: AllocatorPolicy, view: View, agent: str) -> None:
        """Begin with the table of ``agent`` as the view has it."""
        super().__init__(view, agent)
        self.policy = policy
        self.children: dict[bytes, set[bytes]] | None = None
        """By group the groups that name it as their parent; None until somebody asks."""
        self.agent = agent

    def read_of(self, agent: str, key: bytes) -> bytes | None:
        """Return a value of an agent's table: as this step has left it where it is its own."""
        return self.read(key) if agent == self.agent else self.view.table(agent).get(key)

    def keys_of(self, agent: str) -> list[bytes]:
        """Return the keys of an agent's table: as this step has left it where it is its own."""
        keys = dict.fromkeys(self.view.table(agent))
        if agent == self.agent:
            keys.update(dict.fromkeys(self.writes))
            return [key for key in keys if self.read(key) is not None]
        return list(keys)

    def publish(self, topic: Topic, key: bytes, value: bytes, at: int) -> None:
        """Publish a record of a campaign where it belongs, at the decision's clock in seconds."""
        home = partition_of(key, self.view.partitions)
        name = self.policy.topic(topic)
        self.outputs.append(Output(name, key, value, home, timestamp=at * 1_000))
