"""Reads records whose header names are no UTF-8, which aiokafka's consumers stumble over for ever.

Kafka stores any bytes as the name of a header; a broker does not look at them. aiokafka decodes
them strictly, in C, so one such record would end whoever reads its partition, again and again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, SupportsIndex, overload

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy as SlowBatch
from aiokafka.record.memory_records import MemoryRecords

_LENGTH_AT = 8
_LENGTH_ENDS = 12
_FORMAT_AT = 16
_NAMES_SINCE = 2
"""The first format of batches whose records have headers."""


def read_any_header_name() -> None:
    """Let this process's consumers read every name; bytes that are no UTF-8 are spelt out."""
    fetcher.MemoryRecords = Batches


class Batches:
    """What a broker answered: aiokafka's own reader, with a second one for what stops it."""

    def __init__(self, data: bytes) -> None:
        """Read the batches that ``data`` consists of; the last one may be cut off."""
        self._data = memoryview(data)
        self._batches = MemoryRecords(data)
        self._next = 0
        self.has_next = self._batches.has_next
        self.size_in_bytes = self._batches.size_in_bytes

    def next_batch(self) -> Any:  # noqa: ANN401 -- of whatever class aiokafka has for its format
        """Return the next batch, or None after the last."""
        batch: Any = self._batches.next_batch()
        if batch is None:
            return None
        start = self._next
        length = int.from_bytes(self._data[start + _LENGTH_AT : start + _LENGTH_ENDS])
        self._next = start + _LENGTH_ENDS + length
        if self._data[start + _FORMAT_AT] < _NAMES_SINCE or batch.is_control_batch:
            return batch
        return _Batch(batch, self._data[start : self._next])


class _Batch:
    """One batch, read as fast as aiokafka can for as long as it can."""

    __slots__ = ("_batch", "_data")

    def __init__(self, batch: Any, data: memoryview) -> None:  # noqa: ANN401
        self._batch = batch
        self._data = data

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- all that is known of the batch
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        read = 0
        try:
            for record in self._batch:
                yield record
                read += 1
        except UnicodeDecodeError:
            for number, record in enumerate(_forgiving(self._data)):
                if number >= read:
                    yield record


def _forgiving(data: memoryview) -> SlowBatch:
    """Return a batch that is read in Python, from bytes that decode whatever they are."""
    batch = SlowBatch(data)
    batch._maybe_uncompress()  # noqa: SLF001 -- it replaces the bytes by others
    batch._buffer = _Forgiving(batch._buffer)  # noqa: SLF001
    return batch


class _Forgiving(bytearray):
    """Bytes whose slices are text, too: a byte that is none is spelt out, backslash and x first."""

    @overload
    def __getitem__(self, place: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> bytearray: ...
    def __getitem__(self, place: SupportsIndex | slice) -> int | bytearray:
        found = super().__getitem__(place)
        return found if isinstance(found, int) else _Forgiving(found)

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, errors)
