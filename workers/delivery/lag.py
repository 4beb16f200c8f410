"""How far the lanes are behind the ends of their topics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from workers.delivery.lane import Lane

MILLISECONDS = 1_000


@dataclass(frozen=True, slots=True)
class Lag:
    """What one lane has not applied yet."""

    topic: str
    agent: str
    partition: int
    applied: int
    """The next offset to apply, or to fetch when nothing waits."""
    end: int
    """The offset behind the last record that may be read: the last stable one."""
    seconds: float
    """Age of the oldest record that is known to wait, 0 when none is."""

    @property
    def records(self) -> int:
        """Return how many offsets are left: an upper bound, as markers occupy offsets too."""
        return max(0, self.end - self.applied)


def measure(client: AIOKafkaConsumer, lanes: Sequence[Lane], now: float) -> Sequence[Lag]:
    """Return the lag of ``lanes`` at ``now``, seconds since the epoch.

    To be called in the thread that owns ``client``: positions move there.
    """
    assigned = client.assignment()
    return [
        _lag(client, lane, now)
        for lane in lanes
        if TopicPartition(lane.agent.source, lane.partition) in assigned
    ]


def _lag(client: AIOKafkaConsumer, lane: Lane, now: float) -> Lag:
    topic = lane.agent.source
    state = client._subscription.subscription.assignment.state_value(  # noqa: SLF001 -- the public call may wait
        TopicPartition(topic, lane.partition)
    )
    end = state.lso or 0
    # Only the fetcher knows that nothing but a transaction's marker is left to read.
    position = state._position or 0  # noqa: SLF001 -- as above
    applied = lane.applied if lane.waiting else max(lane.applied, position)
    oldest = lane.oldest_waiting
    seconds = 0.0 if oldest is None else max(0.0, now - oldest / MILLISECONDS)
    return Lag(topic, lane.agent.name, lane.partition, applied, end, seconds)
