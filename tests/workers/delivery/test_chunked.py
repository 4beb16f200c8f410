"""What a chunk covers: from where the last one ended, so that only lost fetches are holes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
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
from workers.delivery.transport import ConsumerThread

HERE = TP(TOPIC, 0)


def thread(sought: int | None = None) -> ConsumerThread:
    """Return a consumer's thread that fetches nothing by itself, after a seek to ``sought``."""
    made = ConsumerThread.__new__(ConsumerThread)
    made._sources = frozenset({TOPIC})
    made._covered = {} if sought is None else {HERE: sought}
    made._sought = 0
    return made


class Log:
    """A client whose position moves as records are fetched, and whose questions take a while."""

    def __init__(self, committed: Mapping[TP, int], position: int) -> None:
        self.committed, self.position = committed, position
        self.asked, self.answer = asyncio.Event(), asyncio.Event()
        self.arrived = asyncio.Event()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        self.position = self.committed[HERE]
        return self.committed

    async def beginning_offsets(self, partitions: Sequence[TP]) -> Mapping[TP, int]:
        self.asked.set()
        await self.answer.wait()
        return dict.fromkeys(partitions, 0)

    def seek(self, tp: TP, _: int) -> None:
        assert tp != HERE

    async def read(self, *_: object, **__: object) -> Mapping[TP, list[Any]]:
        await self.arrived.wait()
        first, self.position = self.position, self.position + 10
        return {HERE: [record(offset) for offset in range(first, self.position)]}


def reading(log: Log, sought: int) -> ConsumerThread:
    """Return a consumer's thread that reads ``log``."""
    made: Any = thread(sought)
    made._sources = frozenset({TOPIC, "quiet"})
    made.consumer = SimpleNamespace(flow_active=True)
    made._ensure_consumer = lambda: log
    return made  # type: ignore[no-any-return]


async def chunk_of(reader: ConsumerThread, log: Log) -> Chunk:
    fetcher = SimpleNamespace(
        _closed=False,
        _subscriptions=SimpleNamespace(fetch_context=nullcontext),
        fetched_records=log.read,
    )
    client = SimpleNamespace(_closed=False, _fetcher=fetcher)
    (chunk,) = (await reader._fetch_records(client, {HERE}))[HERE]
    assert isinstance(chunk, Chunk)
    return chunk


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


async def test_what_is_fetched_and_lost_while_new_partitions_are_asked_for_is_a_hole() -> None:
    # Both partitions are assigned; of the quiet one nothing was ever committed.
    log = Log({HERE: 20, TP("quiet", 0): 0}, position=60)
    log.arrived.set()
    reader, lane = reading(log, sought=60), lane_at(20, [])
    seeking = asyncio.create_task(reader._seek_all())
    await log.asked.wait()
    await chunk_of(reader, log)  # 20 to 29, and dropped around the rebalance
    log.answer.set()
    await seeking

    with pytest.raises(OffsetGapError):
        lane.offer(await chunk_of(reader, log))


async def test_what_is_fetched_across_a_seek_covers_its_records_alone() -> None:
    log = Log({HERE: 20}, position=60)
    log.answer.set()
    reader = reading(log, sought=60)
    fetching = asyncio.create_task(chunk_of(reader, log))
    await asyncio.sleep(0)
    await reader._seek_all()
    log.position = 60  # What was under way had been asked for before the seek.
    log.arrived.set()

    assert ((await fetching).start, (await fetching).end) == (60, 70)


def test_without_a_seek_a_chunk_covers_no_more_than_its_records() -> None:
    assert fetched(thread(), 7, 8).start == 7


@given(st.lists(st.integers(0, 5), min_size=1))
def test_what_is_no_source_passes_untouched(offsets: list[int]) -> None:
    records = [SimpleNamespace(offset=offset) for offset in offsets]
    made: Any = thread()

    assert made._chunked(TP("another", 0), records) is records
    assert made._chunked(HERE, []) == []
