"""Writes records where their readers look for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from aiokafka import AIOKafkaProducer

from schemas.codec import encode
from schemas.record import CampaignRecord
from schemas.topic import Topic


class Publisher(Protocol):
    """Publishes records of a topic; returns once all are stored."""

    async def publish(self, topic: Topic, records: Sequence[CampaignRecord]) -> None:
        """Publish them, keyed by campaign."""


class KafkaPublisher:
    """Publishes by one producer, which finds partitions by murmur2 of keys like all others."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str) -> None:
        self._producer = producer
        self._prefix = prefix

    async def publish(self, topic: Topic, records: Sequence[CampaignRecord]) -> None:
        """Publish them; what was stored before an error is stored, and repeating it is harmless."""
        name = topic.full_name(self._prefix)
        stored = [
            await self._producer.send(name, encode(record), key=record.key) for record in records
        ]
        await asyncio.gather(*stored)
