"""Opens report files as rows of cells: CSV, gzipped CSV, and Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from workers.errors import UsageError, WorkerError

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

HEADER_LINES = 20
"""The header is looked for in so many lines: some reports begin with a title and a period."""

Row = tuple[int, Sequence[object]]
"""Where a row is (the line of a CSV file, the row of a Parquet file, from 1), and its cells."""

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_UNREADABLE = (csv.Error, UnicodeError, EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An open file."""

    head: Sequence[Row]
    """Its first rows, one of which is the header."""
    rows: Iterator[Row]
    """All rows, from the first of ``head``."""
    position: Callable[[], float]
    """How far it has been read, as a share of the file in [0, 1]."""


def open_table(path: Path) -> AbstractContextManager[Table]:
    """Open ``path`` by what it holds, whatever its name.

    Raises
    ------
    UsageError
        It cannot be read, or is neither text nor Parquet.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(4)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if not begin:
        raise UsageError(f"{path} is empty")
    return _open_parquet(path) if begin == _PARQUET else _open_csv(path)


@contextmanager
def _open_csv(path: Path) -> Iterator[Table]:
    size = path.stat().st_size
    with path.open("rb") as raw, _unpacked(raw) as plain:
        try:
            begin = plain.peek(4096)
            encoding = "utf-16" if begin[:2] in _UTF_16 else "utf-8-sig"
            text = io.TextIOWrapper(plain, encoding=encoding, newline="")
            delimiter = _delimiter(begin.decode(encoding, errors="ignore"))
        except _UNREADABLE as error:
            raise _broken(path, error, 0) from error
        rows = _numbered(csv.reader(text, delimiter=delimiter), path)
        head = list(islice(rows, HEADER_LINES))
        yield Table(head=head, rows=chain(head, rows), position=lambda: min(raw.tell() / size, 1.0))


@contextmanager
def _unpacked(raw: io.BufferedReader) -> Iterator[io.BufferedReader]:
    if raw.peek(2)[:2] != _GZIP:
        yield raw
        return
    with gzip.GzipFile(fileobj=raw) as file:
        yield io.BufferedReader(cast("io.RawIOBase", file))


def _delimiter(begin: str) -> str:
    """Return what stands between cells: the mark that the fullest of the first lines has most."""
    lines = begin.splitlines()[:HEADER_LINES]
    return max(",;\t|", key=lambda mark: max((line.count(mark) for line in lines), default=0))


def _numbered(reader: CsvReader, path: Path) -> Iterator[Row]:
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except _UNREADABLE as error:
        raise _broken(path, error, reader.line_num) from error


def _broken(path: Path, error: Exception, line: int) -> WorkerError:
    return WorkerError(
        f"{path} cannot be read after line {line}: {error}",
        remedy="it must be CSV in UTF-8 or UTF-16, plain or gzipped, or Parquet",
    )


@contextmanager
def _open_parquet(path: Path) -> Iterator[Table]:
    # Not above: it takes a fifth of a second, and most files are CSV.
    from pyarrow import ArrowException, parquet  # noqa: PLC0415

    try:
        with parquet.ParquetFile(path) as file:
            names = tuple(file.schema_arrow.names)
            done = [0]
            head: list[Row] = [(0, names)]
            yield Table(
                head=head,
                rows=chain(head, _parquet_rows(file, done)),
                position=lambda: done[0] / max(file.metadata.num_rows, 1),
            )
    except ArrowException as error:
        raise WorkerError(f"{path} is not readable as Parquet: {error}") from error


def _parquet_rows(file: Any, done: list[int]) -> Iterator[Row]:  # noqa: ANN401 -- pyarrow has no types
    for batch in file.iter_batches(batch_size=8_192):
        columns = [column.to_pylist() for column in batch.columns]
        for cells in zip(*columns, strict=True):
            done[0] += 1
            yield done[0], cells
