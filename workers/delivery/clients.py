"""The Kafka clients of delivery, built from one set of connection settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from workers.delivery.sizes import LARGEST_BATCH, LARGEST_LETTER, MEBIBYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """How to reach the broker, and how long to wait for it."""

    connection: Mapping[str, Any]
    """Arguments of every aiokafka client: ``bootstrap_servers``, ``security_protocol``, …"""
    transaction_timeout_seconds: float = 15.0
    """The broker ends a transaction that is open for longer; a new owner waits no longer for it."""

    def producer(self, transactional_id: str) -> AIOKafkaProducer:
        """Return the transactional producer of one partition; starting it fences the one before."""
        return AIOKafkaProducer(
            **self.connection,
            transactional_id=transactional_id,
            transaction_timeout_ms=int(self.transaction_timeout_seconds * 1000),
            linger_ms=0,  # batches are prebuilt: there is nothing to wait for
            max_batch_size=LARGEST_BATCH,
            max_request_size=LARGEST_LETTER + MEBIBYTE,
            retry_backoff_ms=10,  # the coordinator needs some milliseconds to finish the last one
        )

    def clock(self) -> AIOKafkaProducer:
        """Return the producer of ticks."""
        return AIOKafkaProducer(**self.connection, enable_idempotence=True)

    def reader(self, group: str | None = None) -> AIOKafkaConsumer:
        """Return a consumer that reads committed records only and joins no group."""
        return AIOKafkaConsumer(
            **self.connection,
            group_id=group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=8 * MEBIBYTE,
        )
