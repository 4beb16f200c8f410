"""Which partition a key belongs to: Kafka's default partitioner."""

from __future__ import annotations

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that murmur2, as in the Java client, gives ``key``."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
