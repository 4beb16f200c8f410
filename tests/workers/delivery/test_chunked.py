"""What a chunk covers: from where the last one ended, so that only lost fetches are holes."""

from __future__ import annotations

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
    return made


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


def test_without_a_seek_a_chunk_covers_no_more_than_its_records() -> None:
    assert fetched(thread(), 7, 8).start == 7


@given(st.lists(st.integers(0, 5), min_size=1))
def test_what_is_no_source_passes_untouched(offsets: list[int]) -> None:
    records = [SimpleNamespace(offset=offset) for offset in offsets]
    made: Any = thread()

    assert made._chunked(TP("another", 0), records) is records
    assert made._chunked(HERE, []) == []
