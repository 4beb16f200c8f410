"""Writes the events of a file to Kafka, each row once, however often the import is stopped.

Rows are written in transactions, and each transaction carries how far the file has been read: the
committed offset of a consumer group that is named after the import. What a killed run had not
committed is aborted when the next one begins, and that one goes on behind the last committed row.
A reader with ``isolation_level=read_committed`` sees every row exactly once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import ProducerFenced
from aiokafka.structs import OffsetAndMetadata

from schemas import digest
from workers.errors import WorkerError
from workers.importer.binding import Binding
from workers.importer.convert import Published
from workers.kafka import Connection

CHUNK = 2_000
"""Rows of one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import: the same file read in the same way into the same topic is the same import."""

    topic: str
    prefix: str
    identity: str

    @property
    def group(self) -> str:
        """The consumer group whose offset is the import's progress."""
        return f"{self.prefix}-publish-{self.identity}"

    @property
    def mark(self) -> TopicPartition:
        """The partition under which the group's offset is kept; any one of the topic would do."""
        return TopicPartition(self.topic, 0)


def identify(path: Path, binding: Binding, *, replay: bool) -> str:
    """Return a digest of the file's bytes and of how they are read."""
    with path.open("rb") as file:
        content = blake2b(digest_size=16)
        while block := file.read(1 << 20):
            content.update(block)
    reading = msgspec.json.encode((binding.report, binding.constants, replay), order="sorted")
    return digest(content.digest() + reading)


class Publisher:
    """Writes chunks of one import; made by `publisher`."""

    def __init__(self, producer: AIOKafkaProducer, job: Import, done: int) -> None:
        self._producer = producer
        self._job = job
        self.done = done
        """The last row that is committed, 0 before the first."""

    async def write(self, rows: Sequence[Published], *, through: int) -> None:
        """Commit ``rows`` and, with them, that the file is done up to row ``through``."""
        async with self._producer.transaction():
            sent = [
                await self._producer.send(self._job.topic, key=row.key, value=row.value)
                for row in rows
            ]
            await asyncio.gather(*sent)
            mark = {self._job.mark: OffsetAndMetadata(through, "")}
            await self._producer.send_offsets_to_transaction(mark, self._job.group)
        self.done = through


@asynccontextmanager
async def publisher(connection: Connection, job: Import) -> AsyncIterator[Publisher]:
    """Open an import, ending what an earlier run of it left open.

    Raises
    ------
    WorkerError
        Kafka cannot be reached or refuses; or the same import was started once more elsewhere.
    """
    producer = AIOKafkaProducer(
        transactional_id=job.group,
        acks="all",
        linger_ms=5,
        max_batch_size=1 << 18,
        **connection.client_options(),
    )
    async with connection.opened(producer.start, producer.stop), connection.explained():
        try:
            yield Publisher(producer, job, await _done(connection, job))
        except ProducerFenced as error:
            raise WorkerError(
                "the same import was started once more, and that run took over",
                remedy="let the other run end; nothing is lost or doubled",
            ) from error


async def _done(connection: Connection, job: Import) -> int:
    # An administration client would do, but does not wait for a coordinator that is just made.
    reader = AIOKafkaConsumer(
        group_id=job.group, enable_auto_commit=False, **connection.client_options()
    )
    async with connection.opened(reader.start, reader.stop):
        reader.assign([job.mark])
        return await reader.committed(job.mark) or 0
