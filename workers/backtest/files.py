"""Logs in files: CSV and Parquet, read as the importer reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from workers.backtest.events import Heap
from workers.backtest.span import Span
from workers.errors import UsageError
from workers.importer.convert import Converter
from workers.importer.refusals import Refusal
from workers.importer.run import Request, reading

_EVERY: Final = 1_000
"""Rows between two reports of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Which files, and what their columns mean."""

    paths: Sequence[Path]
    map_name: str = ""
    """A built-in map or a map's path; empty to take the built-in one that fits."""
    constants: Mapping[str, str] = field(default_factory=dict)
    span: Span = field(default_factory=Span)


def read_files(files: Files, progress: Callable[[float], None]) -> Heap:
    """Read all rows; those that are refused are counted and left out.

    Parameters
    ----------
    progress
        Told the share of all files that is read, from time to time.

    Raises
    ------
    UsageError
        A file cannot be read, no map fits it, or none of its rows can be taken.
    """
    heap = Heap()
    count = len(files.paths)
    for number, path in enumerate(files.paths):

        def told(share: float, done: int = number) -> None:
            progress((done + share) / count)

        _read(files, path, heap, told)
    if not heap.taken:
        why = f": {heap.example}" if heap.example else ""
        raise UsageError(
            f"no row of {', '.join(str(path) for path in files.paths)} can be taken{why}",
            remedy="`pacekeeper publish FILE --dry-run` shows every row that is refused, and why; "
            "look at --from and --to, too",
        )
    return heap


def _read(files: Files, path: Path, heap: Heap, progress: Callable[[float], None]) -> None:
    request = Request(
        path=path,
        map_name=files.map_name,
        constants=files.constants,
        refused_path=Path(f"{path.name}.rejected.csv"),
    )
    with reading(request) as source:
        results = Converter(source.binding).convert(source.table.rows)
        for number, result in enumerate(results):
            if isinstance(result, Refusal):
                what = f"{result.field}: {result.detail}" if result.field else result.detail
                heap.refuse(result.reason, f"row {result.row} of {path.name}: {what}")
            elif files.span.has(result.event.window_start):
                heap.add(result.event)
            if number % _EVERY == 0:
                progress(source.table.position())
