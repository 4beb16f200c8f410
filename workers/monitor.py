"""Looks, from outside of the path that records take, whether every lane of a worker moves.

The worker's own consumer cannot tell: one that has silently stopped believes that it is at the end.
So a second client asks Kafka where the topics end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from workers.delivery.lane import Lane
from workers.health import Health, LaneSighting

_log = structlog.get_logger(__name__)


class Monitor:
    """Feeds :class:`~workers.health.Health` with what Kafka says and what the lanes have done."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        health: Health,
        *,
        lanes: Callable[[], Iterable[Lane]],
        clock: Callable[[], float],
    ) -> None:
        """Look at ``lanes`` with ``consumer``, which must read committed and join no group."""
        self._consumer = consumer
        self._health = health
        self._lanes = lanes
        self._clock = clock

    async def run(self, *, every_seconds: float) -> None:
        """Look now and then, until cancelled; an unreachable Kafka is a reason to ask again."""
        while True:
            try:
                await self.look()
            except (KafkaError, TimeoutError, OSError) as error:
                _log.warning("lag_unknown", problem=str(error) or type(error).__name__)
            await asyncio.sleep(every_seconds)

    async def look(self) -> None:
        """Compare each lane with the end of its topic, and look closer where one stands still."""
        lanes = {
            TopicPartition(lane.agent.source, lane.partition): lane.applied
            for lane in self._lanes()
        }
        ends = await self._consumer.end_offsets(list(lanes))
        sightings = [
            LaneSighting(topic=tp.topic, partition=tp.partition, applied=applied, end=ends[tp])
            for tp, applied in lanes.items()
        ]
        self._health.saw(sightings, now=self._clock())
        for sighting in _named(sightings, self._health.suspects):
            if not await self._anything_waits(sighting):
                self._health.vouch(sighting.lane, now=self._clock())

    async def _anything_waits(self, sighting: LaneSighting) -> bool:
        """Read on from where the lane is: transactions end in markers, which are no records."""
        partition = TopicPartition(sighting.topic, sighting.partition)
        self._consumer.assign([partition])
        try:
            self._consumer.seek(partition, sighting.applied)
            while await self._consumer.position(partition) < sighting.end:
                if await self._consumer.getmany(timeout_ms=500, max_records=1):
                    return True
            return False
        finally:
            self._consumer.unsubscribe()


def _named(
    sightings: Sequence[LaneSighting], lanes: set[tuple[str, int]]
) -> Iterable[LaneSighting]:
    return (sighting for sighting in sightings if sighting.lane in lanes)
