"""An allocator whose records are kept, to recompute its advice from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from schemas import Recommendation, decode, topics
from schemas.topic import Topic
from tests.workers.allocator.groups import Allocator
from tests.workers.stored import Stored
from workers.explain.group_budgets import recomputed


@dataclass
class Kept(Allocator):
    """An allocator whose records are kept."""

    log: list[Stored] = field(default_factory=list)

    def stored(self, topic: Topic, key: bytes, value: bytes | None, time: datetime) -> Stored:
        self.log.append(super().stored(topic, key, value, time))
        return self.log[-1]

    def again(self, value: bytes) -> bytes | None:
        """Return a recommendation as it is made from the records now."""
        return recomputed(self.policy, decode(value, Recommendation), self.log, (0, 1))

    @property
    def published(self) -> list[bytes]:
        """All recommendations as they were published."""
        name = self.policy.topic(topics.RECOMMENDATIONS)
        return [output.value or b"" for output in self.outputs if output.topic == name]
