"""The audit trail as it stands in Kafka, read committed, to what its end is now."""

from __future__ import annotations

from collections.abc import AsyncIterator

from workers.delivery.loading import read_to_end
from workers.kafka import Connection
from workers.reading import partitions_of, reader
from workers.verify.trail import AuditRecord


async def audit_records(connection: Connection, topic: str) -> AsyncIterator[AuditRecord]:
    """Yield the records of all partitions of ``topic``; those of one in the order of offsets.

    Raises
    ------
    UsageError
        There is no such topic.
    WorkerError
        Kafka could not be reached, or refused.
    """
    partitions = await partitions_of(connection, [topic])
    async with reader(connection) as consumer:
        async for tp, records in read_to_end(consumer, partitions):
            for record in records:
                yield AuditRecord(tp.partition, record.offset, record.key, record.value)
