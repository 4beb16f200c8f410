"""Imports one file: reads, converts, and publishes or only counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from workers.importer.binding import Binding, choose
from workers.importer.convert import Converter, Published
from workers.importer.publishing import CHUNK, Import, Publisher, identify, publisher
from workers.importer.refusals import Refusal
from workers.importer.tables import Table, open_table
from workers.importer.tally import RefusedRows, Tally
from workers.kafka import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be imported, and how it is read."""

    path: Path
    map_name: str = ""
    """A built-in map or a map's path; empty to take the built-in one that fits."""
    constants: Mapping[str, str] = field(default_factory=dict)
    replay: bool = False
    refused_path: Path
    """Where refused rows go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where events go."""

    connection: Connection
    topic: str
    prefix: str
    again: bool = False
    """Publish the whole file even if it was published before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file with the map that fits it, ready to be converted."""

    table: Table
    binding: Binding
    request: Request

    def chunks(self, tally: Tally, refused: RefusedRows) -> Iterator[tuple[int, list[Published]]]:
        """Yield the valid rows of every `CHUNK` rows, and the number of the last row looked at."""
        converter = Converter(self.binding, replay=self.request.replay)
        results = converter.convert(self.table.rows)
        while looked_at := list(islice(results, CHUNK)):
            yield looked_at[-1].row, list(_sort(looked_at, tally, refused))
            tally.out_of_order = converter.out_of_order


def _sort(
    results: Iterable[Published | Refusal], tally: Tally, refused: RefusedRows
) -> Iterator[Published]:
    for result in results:
        if isinstance(result, Refusal):
            tally.refused[result.reason] += 1
            refused.add(result)
        else:
            tally.accept(result)
            yield result


@contextmanager
def reading(request: Request) -> Iterator[Reading]:
    """Open the file and fit a map to it.

    Raises
    ------
    UsageError
        The file cannot be read, or no map fits it.
    """
    with open_table(request.path) as table:
        header, binding = choose(table.head, dict(request.constants), request.map_name)
        for _ in range(header + 1):
            next(table.rows)
        yield Reading(table=table, binding=binding, request=request)


def dry_run(source: Reading, progress: Callable[[float], None]) -> Tally:
    """Validate every row and count; nothing is published.

    Parameters
    ----------
    source
        The file.
    progress
        Told the share of the file that is done, from time to time.
    """
    tally = Tally()
    with RefusedRows(source.request.refused_path, source.binding.header) as refused:
        for _ in source.chunks(tally, refused):
            progress(source.table.position())
    return tally


async def publish_file(source: Reading, target: Target, progress: Callable[[float], None]) -> Tally:
    """Publish every valid row that no earlier run of the same import has published.

    Rows that are done are converted once more but not written, so that counts, refused rows and
    the order of repeated hours are those of the whole file.
    """
    identity = identify(source.request.path, source.binding, replay=source.request.replay)
    job = Import(topic=target.topic, prefix=target.prefix, identity=identity)
    tally = Tally()
    async with AsyncExitStack() as stack:
        writer = await stack.enter_async_context(publisher(target.connection, job))
        refused = RefusedRows(source.request.refused_path, source.binding.header)
        stack.enter_context(refused)
        done = 0 if target.again else writer.done
        async for _ in _write(source.chunks(tally, refused), writer, tally, done):
            progress(source.table.position())
    return tally


async def _write(
    chunks: Iterable[tuple[int, list[Published]]], writer: Publisher, tally: Tally, done: int
) -> AsyncIterator[None]:
    for last, rows in chunks:
        fresh = [row for row in rows if row.row > done]
        tally.already += len(rows) - len(fresh)
        if last > done:
            await writer.write(fresh, through=last)
            tally.published += len(fresh)
        yield
