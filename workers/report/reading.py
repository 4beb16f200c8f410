"""Reads a report's records from Kafka: everything that is committed now, topic by topic."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from schemas import (
    AuditEntry,
    Breakdowns,
    MetricsEvent,
    Outcome,
    Plan,
    Prior,
    Recommendation,
    Record,
    SchemaError,
    decode,
    decode_metrics,
)
from schemas.topic import Topic
from schemas.topics import AUDIT, BREAKDOWNS, METRICS, OUTCOMES, PLANS, PRIORS, RECOMMENDATIONS
from workers.delivery.api import Record as Stored
from workers.delivery.clock import at_its_clock
from workers.delivery.loading import read_to_end
from workers.errors import UsageError
from workers.kafka import Connection
from workers.reading import partitions_of, reader
from workers.report.building import Book
from workers.report.model import Wishes

RecordT = TypeVar("RecordT", bound=Record)


@dataclass(slots=True, kw_only=True)
class Source:
    """The topics of one prefix.

    Parameters
    ----------
    connection
        How to reach Kafka.
    prefix
        That of the topics.
    """

    connection: Connection
    prefix: str
    unreadable: int = field(default=0, init=False)
    """Records that were passed over: those who own the topics put them aside."""

    async def book(self, wishes: Wishes, *, also: Iterable[MetricsEvent] = ()) -> Book:
        """Return a book with all records of the topics, and with metrics that are not in them.

        Raises
        ------
        UsageError
            One of the topics does not exist, or there are no metrics.
        WorkerError
            Kafka could not be reached, or refused.
        """
        book = Book(wishes=wishes)
        await self.fill(book, also=also)
        return book

    async def fill(self, book: Book, *, also: Iterable[MetricsEvent] = ()) -> None:
        """Let a book take in all records of the topics; errors as of `book`."""
        async for plans, _ in self.batches(PLANS, decoder(Plan)):
            book.add_plans(plans)
        async for events, times in self.batches(METRICS, lambda value: decode_metrics(value).event):
            book.deliver(events, times)
        book.delivered.add(also)
        if not book.delivered.campaigns():
            raise UsageError(
                f"there is nothing in {METRICS.full_name(self.prefix)} to report about",
                remedy="publish metrics with `pacekeeper publish FILE`, or name another prefix "
                "with PACEKEEPER_TOPICS_PREFIX",
            )
        async for advice, _ in self.batches(RECOMMENDATIONS, decoder(Recommendation)):
            book.advise(advice)
        async for entries, _ in self.batches(AUDIT, decoder(AuditEntry)):
            book.audit(entries)
        async for outcomes, _ in self.batches(OUTCOMES, decoder(Outcome), needed=False):
            book.outcomes.add(outcomes)
        await self._fill_rates(book)

    async def _fill_rates(self, book: Book) -> None:
        if not book.rates.asks:
            return
        async for days, _ in self.batches(BREAKDOWNS, decoder(Breakdowns), needed=False):
            book.rates.hear(days)
        async for priors, _ in self.batches(PRIORS, decoder(Prior), needed=False):
            book.rates.teach(priors)

    async def batches(
        self, topic: Topic, read: Callable[[bytes], RecordT], *, needed: bool = True
    ) -> AsyncIterator[tuple[list[RecordT], list[int]]]:
        """Yield the records of a topic, a partition's in their order, and their clocks."""
        try:
            partitions = await partitions_of(self.connection, [topic.full_name(self.prefix)])
        except UsageError:
            if needed:
                raise
            return  # Topics of an earlier release lack it.
        async with reader(self.connection) as consumer:
            async for _, found in read_to_end(consumer, partitions):
                yield self._decoded(at_its_clock(found), read)

    def _decoded(
        self, found: Iterable[Stored], read: Callable[[bytes], RecordT]
    ) -> tuple[list[RecordT], list[int]]:
        """Return the records that can be read, and the seconds that they were told at."""
        records, times = [], []
        for stored in found:
            # An empty record deletes a plan; what it was for is reported still.
            if not stored.value:
                continue
            try:
                records.append(read(stored.value))
            except SchemaError:
                self.unreadable += 1
                continue
            times.append(stored.timestamp // 1_000)
        return records, times


def decoder(kind: type[RecordT]) -> Callable[[bytes], RecordT]:
    """Return what reads records of a kind."""
    return lambda value: decode(value, kind)
