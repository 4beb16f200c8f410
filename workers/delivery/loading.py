"""Reading a partition of a table back from its changelog, when it is taken over."""

from __future__ import annotations

from collections.abc import AsyncIterator, MutableMapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

Table = MutableMapping[bytes, bytes]


async def read_to_end(
    reader: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> AsyncIterator[tuple[TopicPartition, Sequence[ConsumerRecord]]]:
    """Yield the records of ``partitions`` from the beginning to what their end is now.

    The end is a position, not a record: the last offsets may be transaction markers.
    """
    reader.assign(list(partitions))
    await reader.seek_to_beginning(*partitions)
    ends = await reader.end_offsets(partitions)
    unread = [tp for tp in partitions if ends[tp] > 0]
    while unread:
        for tp, records in (await reader.getmany(*unread, timeout_ms=200)).items():
            yield tp, records
        unread = [tp for tp in unread if await reader.position(tp) < ends[tp]]


def replay(table: Table, records: Sequence[ConsumerRecord]) -> None:
    """Apply changelog ``records`` to ``table`` in order; one without a value deletes its key."""
    for record in records:
        if record.value is None:
            table.pop(record.key, None)
        else:
            table[record.key] = record.value
