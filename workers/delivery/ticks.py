"""The clock of the log: now and then a record that says what time it is.

Each worker writes ticks to the partitions that it owns. They are outside of any transaction: a tick
too many, or one that is written twice, does no harm, as it only says that time has passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer

from workers.delivery.api import Ticks


async def tick(
    producer: AIOKafkaProducer, ticks: Ticks, partitions: Iterable[int], now: float
) -> None:
    """Write one tick of ``now``, seconds since the epoch, to each of ``partitions``."""
    stored = []
    for number in partitions:
        key, value = ticks.encode(number, now)
        at = int(now * 1_000)
        send = producer.send(ticks.topic, value, key=key, partition=number, timestamp_ms=at)
        stored.append(await send)
    await asyncio.gather(*stored)
