"""What topics say already of what a collector would tell: all that it needs after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.codec import decode
from schemas.edit import PlatformEdit
from schemas.errors import SchemaError
from schemas.metrics import MetricsEvent
from schemas.topics import EDITS, METRICS
from workers.collector import daily
from workers.collector.account import HISTORY, AccountCollector
from workers.kafka import Connection
from workers.reading import partitions_of, reader

_FETCH_MS: Final = 500

RecordT = TypeVar("RecordT", MetricsEvent, PlatformEdit)
Accounts = Mapping[tuple[str, str], AccountCollector]


async def hear_stored(
    accounts: Sequence[AccountCollector], connection: Connection, prefix: str, now: datetime
) -> None:
    """Let accounts hear what was told of them: derived hours and edits, and no more than needed."""
    derived = {_name(each): each for each in accounts if not each.capabilities.hourly}
    if derived:
        since = now - timedelta(days=daily.MOST_DAYS + 2)
        await _hear_hours(derived, connection, METRICS.full_name(prefix), since)
    edited = {_name(each): each for each in accounts if each.capabilities.history}
    if edited:
        since = now - HISTORY - timedelta(days=1)
        await _hear_edits(edited, connection, EDITS.full_name(prefix), since)


def _name(account: AccountCollector) -> tuple[str, str]:
    return account.platform, account.account_id


async def _hear_hours(
    accounts: Accounts, connection: Connection, topic: str, since: datetime
) -> None:
    mark = daily.SOURCE.encode()
    async for value in _values(connection, topic, since):
        if mark not in value:
            continue  # most are reported hours, which need not be read
        event = _decoded(value, MetricsEvent)
        account = event and accounts.get((event.platform, event.account_id))
        if event and account:
            account.days.hear(event)


async def _hear_edits(
    accounts: Accounts, connection: Connection, topic: str, since: datetime
) -> None:
    async for value in _values(connection, topic, since):
        edit = _decoded(value, PlatformEdit)
        account = edit and accounts.get((edit.platform, edit.account_id))
        if edit and account:
            account.edits[edit.edit_id] = edit.at


def _decoded(value: bytes, kind: type[RecordT]) -> RecordT | None:
    try:
        return decode(value, kind)
    except SchemaError:
        return None  # not ours: we write what can be read


async def _values(connection: Connection, topic: str, since: datetime) -> AsyncIterator[bytes]:
    """Yield the values of records that were written since, up to where the topic ends now."""
    partitions = await partitions_of(connection, [topic])
    async with reader(connection) as consumer:
        consumer.assign(partitions)
        stamp = int(since.timestamp() * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, stamp))
        ends = await consumer.end_offsets(partitions)
        for partition in partitions:
            first = found[partition]
            consumer.seek(partition, first.offset if first else ends[partition])
        while await _behind(consumer, ends):
            for records in (await consumer.getmany(timeout_ms=_FETCH_MS)).values():
                for record in records:
                    if record.value:
                        yield record.value


async def _behind(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    positions = [await consumer.position(partition) for partition in ends]
    return any(position < end for position, end in zip(positions, ends.values(), strict=True))
