"""Topics that every worker reads whole: few records, wanted by all partitions.

Not Faust's ``GlobalTable``: its recovery is what :mod:`workers.delivery.transport` switches off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from workers.delivery.clients import Clients
from workers.delivery.loading import Table, read_to_end, replay
from workers.partitioner import partition_of


def originals(
    records: Sequence[ConsumerRecord], partition: int, partitions: int
) -> Sequence[ConsumerRecord]:
    """Return the records whose keys belong to the partition that they were read from.

    In others there are copies, which may be older, and misplaced ones, which are sent on.
    """
    return [
        record
        for record in records
        if record.key is not None and partition_of(record.key, partitions) == partition
    ]


class Broadcasts:
    """The latest value of each key of the broadcast topics, read committed and kept up to date."""

    def __init__(
        self, topics: Sequence[str], clients: Clients, fail: Callable[[BaseException], None]
    ) -> None:
        """Read ``topics`` once started; ``fail`` ends the process when following them breaks."""
        self._tables: dict[str, Table] = {topic: {} for topic in topics}
        self.tables: Mapping[str, Mapping[bytes, bytes]] = MappingProxyType(
            {topic: MappingProxyType(table) for topic, table in self._tables.items()}
        )
        self._counts: dict[str, int] = {}
        self._clients = clients
        self._fail = fail
        self._starting: asyncio.Task[AIOKafkaConsumer] | None = None
        self._following: asyncio.Task[None] | None = None

    async def caught_up(self) -> None:
        """Return when all that was published before the first call was read."""
        if not self._tables:
            return
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        await asyncio.shield(self._starting)

    async def close(self) -> None:
        """Stop following."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    async def _start(self) -> AIOKafkaConsumer:
        reader = self._clients.reader()
        await reader.start()
        async for tp, records in read_to_end(reader, await self._partitions(reader)):
            self._take(tp, records)
        self._following = asyncio.create_task(self._follow(reader), name="broadcasts")
        return reader

    async def _partitions(self, reader: AIOKafkaConsumer) -> list[TopicPartition]:
        found = []
        for topic in self._tables:
            # Fetches the topic's metadata; ``partitions_for_topic`` only looks at what is known.
            await reader._client._wait_on_metadata(topic)  # noqa: SLF001 -- aiokafka offers no public way
            numbers = reader.partitions_for_topic(topic) or set()
            self._counts[topic] = len(numbers)
            found += [TopicPartition(topic, number) for number in numbers]
        return found

    def _take(self, tp: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        replay(self._tables[tp.topic], originals(records, tp.partition, self._counts[tp.topic]))

    async def _follow(self, reader: AIOKafkaConsumer) -> None:
        try:
            while True:
                for tp, records in (await reader.getmany(timeout_ms=1_000)).items():
                    self._take(tp, records)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 -- stale conditions must not go on deciding
            self._fail(error)
        finally:
            await reader.stop()
