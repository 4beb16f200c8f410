"""Faust's consumer, changed in five places so that nothing fetched is lost unnoticed.

These are internals of one Faust version (:data:`FAUST_VERSION`); each override says what for.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from aiokafka.errors import KafkaError
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from workers.delivery.chunks import Chunk
from workers.delivery.lag import Lag, measure
from workers.delivery.lane import Lane
from workers.delivery.take_over import told_of

FAUST_VERSION = "0.15.3"

_MARKER = 1
"""Offsets that the end of a transaction occupies: the usual gap, and not worth a question."""

_log = logging.getLogger(__name__)

_FETCH_WAIT_MILLISECONDS = 40

BeforeRevocation = Callable[[], Awaitable[None]]
OnAssignment = Callable[[set[TP]], Awaitable[None]]


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Fetches whole chunks, read committed, and knows what each one covers."""

    def __init__(self, consumer: Consumer, **options: Any) -> None:
        """Remember, per partition, the fetcher's position: all before it was handed over."""
        super().__init__(consumer, **options)
        self._sources = consumer.sources
        self._covered: dict[TP, int] = {}

    def _create_worker_consumer(self, transport: Any) -> Any:
        # Faust reads committed only under its own ``exactly_once``, which starts its transaction
        # manager; the flag is borrowed for as long as the client is built.
        self.consumer.in_transaction = True
        try:
            client = super()._create_worker_consumer(transport)
        finally:
            self.consumer.in_transaction = False
        # A partition that has data in hand is left out of the next fetch, and then waits until the
        # broker answers that one, which it does at once only if another partition has news: up to
        # Faust's 1.5 s when the others are quiet topics.
        client._fetch_max_wait_ms = _FETCH_WAIT_MILLISECONDS  # noqa: SLF001 -- Faust sets it fixed
        return client

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Tell Kafka that this worker lives while it takes partitions over.

        aiokafka begins to only once this returns: reading large tables takes longer than a session.
        """
        self._ensure_consumer()._coordinator._start_heartbeat_task()  # noqa: SLF001 -- no other way
        await super().on_partitions_assigned(assigned, generation_id)

    async def highwaters(self, *tps: TP) -> Mapping[TP, int]:
        """Leave Faust's recovery nothing to wait for: partitions load themselves.

        Its own recovery waits for the changelog's last offset, which a transaction marker occupies.
        """
        return cast(Mapping[TP, int], dict.fromkeys(tps))  # Faust takes None for "no records"

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek every partition to its committed offset, or to its beginning."""
        offsets: Mapping[TP, int] = await self.call_thread(self._seek_all)
        return offsets

    async def _seek_all(self) -> Mapping[TP, int]:
        # aiokafka's own way asks for one offset after the other: what it fetches of a partition
        # between its seek and the last answer would not be known here. And it leaves a partition
        # without a committed offset where the fetcher happened to be.
        client = self._ensure_consumer()
        assigned = list(client.assignment())
        committed = {tp: await client.committed(tp) or 0 for tp in assigned}
        new = [tp for tp in assigned if not committed[tp] and tp.topic in self._sources]
        beginnings = await client.beginning_offsets(new) if new else {}
        offsets = committed | beginnings
        for tp, offset in offsets.items():
            if offset or tp in beginnings:
                self._seek(tp, offset)
        return offsets

    def _seek(self, tp: Any, offset: int) -> None:
        """Set a position and note it in the same breath: no await may come between the two."""
        client = self._ensure_consumer()
        if tp in client.assignment():  # it may have gone while its offset was asked for
            client.seek(tp, offset)
            self._covered[TP(*tp)] = offset

    async def lags(self, lanes: Sequence[Lane], now: float) -> Sequence[Lag]:
        """Return how far ``lanes`` are behind; positions move in this thread only."""
        return cast(Sequence[Lag], await self.call_thread(self._lags, lanes, now))

    async def _lags(self, lanes: Sequence[Lane], now: float) -> Sequence[Lag]:
        return measure(self._ensure_consumer(), lanes, now)

    async def seek_back(self, tp: TP, offset: int) -> None:
        """Fetch ``tp`` from ``offset`` again: what came after was lost on the way to its lane."""
        await self.call_thread(self._seek_back, tp, offset)

    async def _seek_back(self, tp: TP, offset: int) -> None:
        self._seek(driver.ensure_aiokafka_TP(tp), offset)

    async def _fetch_records(self, *arguments: Any, **options: Any) -> dict[TP, list[Any]]:
        # aiokafka moves a position as it takes records out, and returns them without another await:
        # what is covered follows the positions exactly.
        fetched: Mapping[TP, list[Any]] = await super()._fetch_records(*arguments, **options)
        chunked = {tp: self._chunked(tp, records) for tp, records in fetched.items()}
        await self._tell_deleted(chunk for chunks in chunked.values() for chunk in chunks)
        return chunked

    def _chunked(self, tp: TP, records: list[Any]) -> list[Any]:
        if tp.topic not in self._sources or not records:
            return records
        known = TP(tp.topic, tp.partition)
        first = records[0].offset
        start = self._covered.get(known, first)
        # aiokafka itself may have gone back to the committed offset.
        chunk = Chunk(min(start, first), records)
        self._covered[known] = chunk.end
        return [chunk]

    async def _tell_deleted(self, chunks: Iterable[Any]) -> None:
        gaps = {
            driver.ensure_aiokafka_TP(TP(chunk.topic, chunk.partition)): chunk
            for chunk in chunks
            if isinstance(chunk, Chunk) and chunk.gap > _MARKER
        }
        if not gaps:
            return
        try:
            beginnings = await self._ensure_consumer().beginning_offsets(list(gaps))
        except KafkaError as error:
            _log.warning("cannot ask why offsets are missing before %s: %s", gaps, error)
            return
        for tp, chunk in gaps.items():
            if beginnings[tp] > chunk.start:
                last = min(beginnings[tp], chunk.records[0].offset) - 1
                _log.error(
                    "%s[%d]: offsets %d to %d were deleted by retention before they were read; "
                    "raise the topic's retention",
                    *tp, chunk.start, last,
                )  # fmt: skip


class Consumer(driver.Consumer):
    """Leaves offsets to the lanes, and revokes only between their steps."""

    def __init__(self, transport: Transport, *arguments: Any, **options: Any) -> None:
        """Take what differs from Faust's consumer off the transport: Faust hands no more on."""
        self.sources = transport.sources
        self._before_revocation = transport.before_revocation
        super().__init__(transport, *arguments, **options)

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return (
            tp
            for tp in super()._filter_tps_with_pending_acks(topics)
            if tp.topic not in self.sources
        )

    def ack(self, message: Any) -> bool:
        """Note that a chunk was handed over; its lane's transactions commit its offsets."""
        if message.topic not in self.sources:
            return bool(super().ack(message))
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        if tp.topic not in self.sources:
            await super()._add_gap(tp, offset_from, offset_to)

    async def lags(self, lanes: Sequence[Lane], now: float) -> Sequence[Lag]:
        """Return how far ``lanes`` are behind at ``now``, seconds since the epoch."""
        return await cast(ConsumerThread, self._thread).lags(lanes, now)

    async def seek_back(self, tp: TP, offset: int) -> None:
        """Fetch ``tp`` from ``offset`` again."""
        # Faust drops what comes from before its read offset, so that goes back first.
        self._read_offset[tp] = None
        await cast(ConsumerThread, self._thread).seek_back(tp, offset)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: Faust would complain that it commits nothing; health watches the lanes."""

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let the transactions in hand end, then revoke."""
        await self._before_revocation()
        await super().on_partitions_revoked(revoked)


class Transport(driver.Transport):
    """Carries to the consumer what it needs to know of the lanes."""

    Consumer = Consumer

    def __init__(
        self, url: Any, app: Any, *, sources: Iterable[str], before_revocation: BeforeRevocation
    ) -> None:
        """Read ``sources`` in chunks; await ``before_revocation`` before giving partitions away."""
        super().__init__(url, app)
        self.sources = frozenset(sources)
        self.before_revocation = before_revocation


def table_manager(on_assignment: OnAssignment) -> type[TableManager]:
    """Return a table manager that opens and closes partitions where Faust would recover tables."""

    class PartitionedTables(TableManager):
        async def on_rebalance(
            self,
            assigned: set[TP],
            revoked: set[TP],
            newly_assigned: set[TP],
            generation_id: int = 0,
        ) -> None:
            async with told_of(newly_assigned):
                await on_assignment(assigned)
            await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    return PartitionedTables
