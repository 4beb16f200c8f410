"""Waits until workers have read, decided, set and ended all that there is at a simulated moment."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from schemas import Action, AuditEntry, decode
from schemas.audit import OPEN
from schemas.topic import Topic
from schemas.topics import ACTIONS, AUDIT, METRICS, PLANS, RECOMMENDATIONS, TICKS
from tests.faults.closed_loop.script import Clock
from workers.demo.children import last_words
from workers.simulator.wire import Heard, Wire
from workers.supervisor import Child

FOLLOWED: Final = (RECOMMENDATIONS, ACTIONS, AUDIT)
"""What the workers write, in transactions: those leave marks that nobody reads."""
PATIENCE_SECONDS: Final = 90.0
_READ: Final[Mapping[str, tuple[Topic, ...]]] = {
    "optimizer": (METRICS, TICKS, PLANS, AUDIT),
    "executor": (RECOMMENDATIONS, ACTIONS, PLANS, TICKS),
}
_LOOKS: Final = 2
"""In a row that find nothing missing: what one finds read may have led to more."""


@dataclass(slots=True, kw_only=True)
class Story:
    """What was released, and what ended."""

    actions: dict[str, Action] = field(default_factory=dict)
    trail: list[AuditEntry] = field(default_factory=list)
    ends: dict[str, dict[int, int]] = field(default_factory=dict)
    """The offset behind the last record, by topic and partition."""
    _open: set[str] = field(default_factory=set)
    _ended: set[str] = field(default_factory=set)

    def hear(self, heard: Heard) -> None:
        self.ends.setdefault(heard.topic, {})[heard.partition] = heard.offset + 1
        if heard.topic == ACTIONS.name:
            self._released(decode(heard.value, Action))
        elif heard.topic == AUDIT.name:
            self._told(decode(heard.value, AuditEntry))

    def _released(self, action: Action) -> None:
        if action.action_id not in self._ended:
            self._open.add(action.action_id)
        self.actions[action.action_id] = action

    def _told(self, entry: AuditEntry) -> None:
        self.trail.append(entry)
        if entry.status not in OPEN and not entry.is_of_part and entry.action_id:
            self._ended.add(entry.action_id)
            self._open.discard(entry.action_id)

    def pending(self, now: datetime) -> list[str]:
        """Return the actions that should have ended by now."""
        return [each for each in self._open if self.actions[each].valid_from <= now]


@dataclass(slots=True, kw_only=True)
class Settling:
    """The simulated time stands still meanwhile; only where it takes long it goes on by seconds."""

    clock: Clock
    line: Wire
    """Follows what is `FOLLOWED`."""
    admin: AIOKafkaAdminClient
    asking: AIOKafkaConsumer
    """Fetches nothing: an answer to another question waits for those to fetches before it."""
    workers: Sequence[Child]
    story: Story

    async def settle(self) -> None:
        """Wait; fail where nothing comes of it."""
        began = ticked = time.monotonic()
        calm = 0
        while calm < _LOOKS:
            missing = await self._missing()
            calm = 0 if missing else calm + 1
            now = time.monotonic()
            if now - began > PATIENCE_SECONDS:
                raise AssertionError(f"{missing} at {self.clock.now}\n{last_words(self.workers)}")
            if missing and now - ticked > 1.0:
                ticked = now
                self.clock.now += timedelta(seconds=5)
                await self.line.tick(self.clock.now)

    async def _missing(self) -> str:
        ends = await self.asking.end_offsets(list(self._places()))
        while await self._is_behind(ends):
            await self._hear(0.02)
        for worker, topics in _READ.items():
            if behind := await self._behind(worker, topics, ends):
                await self._hear(0.1)
                return f"{worker} has to read {behind} records"
        if pending := self.story.pending(self.clock.now):
            await self._hear(0.1)
            return f"ends of {len(pending)} actions: {sorted(pending)[:3]}"
        return ""

    def _places(self) -> set[TopicPartition]:
        topics = {topic for many in _READ.values() for topic in many}
        return {place for topic in topics for place in self._of(topic)}

    def _of(self, topic: Topic) -> list[TopicPartition]:
        name = topic.full_name(self.line.topics.prefix)
        return [TopicPartition(name, number) for number in range(self.line.topics.partitions)]

    async def _is_behind(self, ends: Mapping[TopicPartition, int]) -> bool:
        consumer = self.line.consumer
        return any([await consumer.position(each) < ends[each] for each in consumer.assignment()])

    async def _behind(
        self, worker: str, topics: Sequence[Topic], ends: Mapping[TopicPartition, int]
    ) -> int:
        """Return how many records a worker has still to read, marks of transactions left out."""
        wanted: dict[TopicPartition, int] = {}
        for topic in topics:
            heard = self.story.ends.get(topic.name, {})
            for place in self._of(topic):
                end = heard.get(place.partition, 0) if topic in FOLLOWED else ends[place]
                wanted |= {place: end} if end else {}
        group = f"{self.line.topics.prefix}-{worker}"
        try:
            found = await self.admin.list_consumer_group_offsets(group, partitions=list(wanted))
        except GroupCoordinatorNotAvailableError:
            return sum(wanted.values())  # a Kafka that has just been made keeps no offsets yet
        read = {place: offset.offset for place, offset in found.items()}
        return sum(max(end - max(read.get(place, 0), 0), 0) for place, end in wanted.items())

    async def _hear(self, seconds: float) -> None:
        for one in await self.line.hear(seconds):
            self.story.hear(one)
