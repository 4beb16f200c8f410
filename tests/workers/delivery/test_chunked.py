"""What a chunk covers: from where the last one ended, so that only lost fetches are holes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.delivery.build import TOPIC, lane_at, record
from workers.delivery.chunks import Chunk
from workers.delivery.errors import OffsetGapError
from workers.delivery.lane import Lane
from workers.delivery.transport import ConsumerThread

HERE = TP(TOPIC, 0)


def thread(sought: int | None = None) -> ConsumerThread:
    """Return a consumer's thread that fetches nothing by itself, after a seek to ``sought``."""
    made = ConsumerThread.__new__(ConsumerThread)
    made._sources = frozenset({TOPIC, "another", "quiet"})
    made._covered = {} if sought is None else {HERE: sought}
    return made


class Log:
    """A client of three partitions whose questions take a while; only one of them has records.

    ``between`` is called while a question waits: what is fetched then is fetched for good.
    """

    def __init__(self, *, committed: int, position: int, records: int) -> None:
        self.offsets = {TP("another", 0): 5, HERE: committed, TP("quiet", 0): None}
        self.position, self.records = position, records
        self.between: Callable[[], Awaitable[None]] = self.nothing

    async def nothing(self) -> None: ...

    def assignment(self) -> Collection[TP]:
        return self.offsets.keys()

    async def committed(self, tp: TP) -> int | None:
        await self.between()
        return self.offsets[tp]

    async def beginning_offsets(self, partitions: Sequence[TP]) -> Mapping[TP, int]:
        await self.between()
        return dict.fromkeys(partitions, 0)

    def seek(self, tp: TP, offset: int) -> None:
        if tp == HERE:
            self.position = offset

    async def read(self, *_: object, **__: object) -> Mapping[TP, list[Any]]:
        first, self.position = self.position, min(self.position + 3, self.records)
        return {HERE: [record(offset) for offset in range(first, self.position)]}


def reading(log: Log) -> ConsumerThread:
    """Return a consumer's thread that reads ``log`` and knows where it is."""
    made: Any = thread(sought=log.position)
    made.consumer = SimpleNamespace(flow_active=True)
    made._ensure_consumer = lambda: log
    return made  # type: ignore[no-any-return]


async def chunks_of(reader: ConsumerThread, log: Log) -> list[Chunk]:
    fetcher = SimpleNamespace(
        _closed=False,
        _subscriptions=SimpleNamespace(fetch_context=nullcontext),
        fetched_records=log.read,
    )
    client = SimpleNamespace(_closed=False, _fetcher=fetcher)
    return (await reader._fetch_records(client, {HERE}))[HERE]


def fetched(reader: ConsumerThread, *offsets: int) -> Chunk:
    (chunk,) = reader._chunked(HERE, [record(offset) for offset in offsets])
    assert isinstance(chunk, Chunk)
    return chunk


@given(st.sets(st.integers(0, 99), min_size=1).map(sorted), st.data())
def test_fetches_cover_the_log_without_holes_however_it_is_cut(
    log: list[int], data: st.DataObject
) -> None:
    reader, lane = thread(sought=0), lane_at(0, [])
    left = log
    while left:
        size = data.draw(st.integers(1, len(left)))
        lane.offer(fetched(reader, *left[:size]))
        left = left[size:]

    assert lane.waiting == len(log)


def test_a_fetch_that_is_lost_on_its_way_makes_the_next_one_a_hole() -> None:
    reader, lane = thread(sought=0), lane_at(0, [])
    lane.offer(fetched(reader, 0, 1, 2))
    fetched(reader, 3, 4)  # and dropped around a rebalance

    with pytest.raises(OffsetGapError):
        lane.offer(fetched(reader, 5))


def test_the_first_chunk_covers_from_where_the_seek_left_off() -> None:
    assert fetched(thread(sought=4), 9).start == 4


def test_a_fetch_that_went_back_by_itself_covers_what_it_holds() -> None:
    reader = thread(sought=50)

    assert fetched(reader, 10, 11).start == 10


@given(st.integers(0, 20), st.integers(0, 20), st.data())
async def test_a_lane_steps_over_nothing_whatever_is_fetched_and_lost_around_a_seek(
    committed: int, position: int, data: st.DataObject
) -> None:
    log = Log(committed=committed, position=position, records=20)
    reader, lane = reading(log), lane_at(committed, [])

    async def fetch() -> None:
        for chunk in await chunks_of(reader, log):
            if data.draw(st.booleans(), label="arrives"):
                await offer(reader, lane, chunk)

    async def fetch_some() -> None:
        for _ in range(data.draw(st.integers(0, 2), label="fetches")):
            await fetch()

    await fetch_some()
    log.between = fetch_some
    await reader._seek_all()
    log.between = log.nothing
    await fetch_some()
    while lane.taken_in < log.records:
        await all_arrives(reader, log, lane)

    assert lane.waiting == log.records - committed


async def offer(reader: ConsumerThread, lane: Lane, chunk: Chunk) -> None:
    try:
        lane.offer(chunk)
    except OffsetGapError:
        await reader._seek_back(HERE, lane.taken_in)


async def all_arrives(reader: ConsumerThread, log: Log, lane: Lane) -> None:
    """Fetch once more; where the log is at its end and the lane is not, one more record comes."""
    chunks = await chunks_of(reader, log)
    if not chunks:
        log.records += 1
    for chunk in chunks:
        await offer(reader, lane, chunk)


def test_without_a_seek_a_chunk_covers_no_more_than_its_records() -> None:
    assert fetched(thread(), 7, 8).start == 7


@given(st.lists(st.integers(0, 5), min_size=1))
def test_what_is_no_source_passes_untouched(offsets: list[int]) -> None:
    records = [SimpleNamespace(offset=offset) for offset in offsets]
    made: Any = thread()

    assert made._chunked(TP("foreign", 0), records) is records
    assert made._chunked(HERE, []) == []
