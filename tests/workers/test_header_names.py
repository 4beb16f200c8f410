"""Laws of reading batches: every header name is read, and all else as aiokafka reads it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from aiokafka.consumer import fetcher
from aiokafka.record.memory_records import MemoryRecords

from tests.odd_headers import READ_AS, odd_builder, odd_header
from workers.header_names import Batches
from workers.kafka import connect
from workers.settings import BrokerSettings

NONE, GZIP, ZSTD = 0, 1, 4

Row = tuple[int, bytes | None, bytes | None, list[tuple[str, bytes | None]]]


def batch(count: int, *, odd: Sequence[int] = (), compression: int = NONE) -> bytes:
    """Return a batch of ``count`` records; those at ``odd`` have a name that is no text."""
    builder = odd_builder(compression=compression)
    for number in range(count):
        header = odd_header() if number in odd else ("näme", None)
        value = b"v%d" % number
        builder.append(number, 1_000, b"k", value, headers=[("first", b"1"), header])
    return bytes(builder.build())


def rows(records: MemoryRecords | Batches) -> list[Row]:
    found: list[Row] = []
    while records.has_next():
        found += [(r.offset, r.key, r.value, r.headers) for r in records.next_batch()]
    assert records.next_batch() is None
    return found


@pytest.mark.parametrize("compression", [NONE, GZIP, ZSTD])
@pytest.mark.parametrize("odd", [[0], [2], [4], [1, 3]])
def test_a_name_that_is_no_text_is_read_with_its_bytes_spelt_out_and_all_others_as_they_are(
    odd: list[int], compression: int
) -> None:
    data = batch(2) + batch(5, odd=odd, compression=compression) + batch(1)

    read = rows(Batches(data))

    assert [(offset, value) for offset, _, value, _ in read] == [
        *((number, b"v%d" % number) for count in (2, 5, 1) for number in range(count)),
    ]
    expected = [(READ_AS, b"1") if number in odd else ("näme", None) for number in range(5)]
    assert [headers for *_, headers in read[2:7]] == [[("first", b"1"), one] for one in expected]


@pytest.mark.parametrize("cut", [0, 1, 12, 40])
def test_what_aiokafka_can_read_is_read_as_it_does_also_where_the_answer_was_cut_off(
    cut: int,
) -> None:
    data = batch(3, compression=GZIP) + batch(2) + batch(2)
    data = data[: len(data) - cut]

    assert rows(Batches(data)) == rows(MemoryRecords(data))
    assert Batches(data).size_in_bytes() == len(data)


def test_whoever_connects_reads_every_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)

    connect(BrokerSettings(bootstrap="here:9"))

    assert fetcher.MemoryRecords is Batches
