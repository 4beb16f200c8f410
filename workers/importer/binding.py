"""Fits a map to the columns of a file, and finds the built-in map that fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas import Reason
from workers.errors import UsageError
from workers.importer.cells import (
    Reader,
    action_reader,
    count_reader,
    decimal_reader,
    text_reader,
    truth_reader,
)
from workers.importer.local_time import parse_hour, parse_start
from workers.importer.mapping import Columns, Numbers, ReportMap, Source, built_in_names, load_map
from workers.importer.refusals import RowRefusedError
from workers.importer.tables import Row

REQUIRED = ("platform", "account_id", "campaign_id", "impressions", "clicks", "spend")

_COUNTS = frozenset({"impressions", "clicks", "sequence_number"})
_AMOUNTS = frozenset({"spend", "conversions", "revenue", "current_bid", "daily_budget"})
_CURRENCY = "{currency}"
_SAME_IN_ALL_ROWS = ("platform", "account_id", "campaign_id", "currency", "account_timezone")
"""What a whole file can have in common. A number of a row, given for all, would be made up."""
_MOST_COLUMNS = 30

Cells = Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One field, the cell that holds it, and how to read it."""

    field: str
    index: int
    read: Reader
    default: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A map that fits a header."""

    name: str
    report: ReportMap
    header: tuple[str, ...]
    constants: dict[str, object]
    columns: tuple[Column, ...]
    start: Callable[[Cells], datetime]
    """Returns the start of a row's hour, on the account's clock where it has no zone."""


class DoesNotFitError(Exception):
    """A map needs what a header does not have."""

    def __init__(self, missing: dict[str, tuple[str, ...]], header: tuple[str, ...]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing
        """Field to the columns that it was looked for in."""
        self.header = header


def choose(head: Sequence[Row], constants: dict[str, str], name: str = "") -> tuple[int, Binding]:
    """Find the header among the first rows of a file, and the map that fits it.

    Parameters
    ----------
    head
        The first rows.
    constants
        Fields that are the same in every row.
    name
        A built-in map or the path of one; empty to take the built-in one that fits.

    Returns
    -------
    Which row of ``head`` is the header, and the map bound to it.

    Raises
    ------
    UsageError
        No map fits; the text says what is missing from the one that fits best.
    """
    failures: list[tuple[str, DoesNotFitError]] = []
    for candidate in (name,) if name else built_in_names():
        report = load_map(candidate).setting(constants)
        for row, (_, cells) in enumerate(head):
            try:
                return row, bind(candidate, report, cells)
            except DoesNotFitError as error:
                failures.append((candidate, error))
    if not failures:
        raise UsageError("the file has no rows")
    best, nearest = min(failures, key=lambda failure: len(failure[1].missing))
    raise _explain(best, nearest, chosen=bool(name))


def _explain(name: str, error: DoesNotFitError, *, chosen: bool) -> UsageError:
    wanted = "; ".join(
        f"{field} (column {' or '.join(columns)})" if columns else field
        for field, columns in error.missing.items()
    )
    problem = f"the file does not fit the map {name}: it has no {wanted}"
    if not chosen:
        problem = f"no built-in map fits the file; {name} comes nearest, but there is no {wanted}"
    columns = ", ".join(error.header[:_MOST_COLUMNS]) + ", …" * (len(error.header) > _MOST_COLUMNS)
    remedy = "describe its columns in a map of your own: --map FILE.toml"
    if given := [field for field in error.missing if field in _SAME_IN_ALL_ROWS]:
        options = " ".join(f"--set {field}=VALUE" for field in given)
        also = "or" if len(given) == len(error.missing) else "and"
        remedy = f"give what is the same in all rows: {options}, {also} {remedy}"
    return UsageError(f"{problem}. Its columns: {columns}", remedy=remedy)


def bind(name: str, report: ReportMap, header: Cells) -> Binding:
    """Fit ``report`` to ``header``.

    Raises
    ------
    DoesNotFitError
        A required field has neither a column nor a constant.
    """
    names = tuple(str(cell).strip() for cell in header)
    found = {field: _find(report.sources(field), names) for field in report.fields}
    constants = {
        field: _reader(field, Numbers())(str(value)) for field, value in report.constants.items()
    }
    for source, index, currency in filter(None, found.values()):
        if currency and _CURRENCY in source.column and index >= 0:
            constants.setdefault("currency", currency)
    columns = tuple(
        _column(field, place, report)
        for field, place in found.items()
        if field not in constants and (place or field in report.defaults)
    )
    missing = _missing(report, names, {*constants, *(column.field for column in columns)})
    if missing:
        raise DoesNotFitError(missing, names)
    return Binding(
        name=name,
        report=report,
        header=names,
        constants=constants,
        columns=columns,
        start=_start(report, names),
    )


Place = tuple[Source, int, str]
"""Which source was found, in which column, and the currency that its header names."""


def _find(sources: tuple[Source, ...], names: tuple[str, ...]) -> Place | None:
    for source in sources:
        pattern = re.escape(source.column).replace(re.escape(_CURRENCY), "([A-Z]{3})")
        for index, name in enumerate(names):
            if match := re.fullmatch(pattern, name):
                return source, index, match[1] if match.groups() else ""
    return None


def _missing(
    report: ReportMap, names: tuple[str, ...], known: set[str]
) -> dict[str, tuple[str, ...]]:
    needed = (*REQUIRED, "event_id") if report.constants.get("record_mode") == "delta" else REQUIRED
    missing = {
        field: tuple(source.column for source in report.sources(field))
        for field in needed
        if field not in known
    }
    for wanted in (report.time.start, report.time.date, report.time.hour):
        if wanted and _index(wanted, names) < 0:
            missing["window_start"] = (wanted,) if isinstance(wanted, str) else wanted
    if report.time.hour and "account_timezone" not in known:
        sources = report.sources("account_timezone")
        missing["account_timezone"] = tuple(source.column for source in sources)
    return missing


def _index(wanted: Columns, names: tuple[str, ...]) -> int:
    several = (wanted,) if isinstance(wanted, str) else wanted
    return next((names.index(name) for name in several if name in names), -1)


def _column(field: str, place: Place | None, report: ReportMap) -> Column:
    default = report.defaults.get(field)
    given = None if default is None else _reader(field, Numbers())(default)
    if place is None:
        return Column(field=field, index=-1, read=lambda _: None, default=given)
    source, index, _ = place
    read = _reader(field, report.numbers, source)
    if source.action_type:
        read = action_reader(field, source, read)
    return Column(field=field, index=index, read=read, default=given)


def _reader(field: str, numbers: Numbers, source: Source | None = None) -> Reader:
    scale = {} if source is None else {"scale": source.scale}
    if field in _COUNTS:
        return count_reader(field, numbers, **scale)
    if field in _AMOUNTS:
        return decimal_reader(field, numbers, **scale)
    return (truth_reader if field == "is_final" else text_reader)(field, numbers)


def _start(report: ReportMap, names: tuple[str, ...]) -> Callable[[Cells], datetime]:
    text = text_reader("window_start", report.numbers)

    def cell(cells: Cells, index: int) -> str:
        found = text(cells[index])
        if found is None:
            raise RowRefusedError("window_start", Reason.MISSING, f"{names[index]} is empty")
        return str(found)

    if report.time.start:
        place = _index(report.time.start, names)
        return lambda cells: parse_start(cell(cells, place))
    day, hour = _index(report.time.date, names), _index(report.time.hour, names)
    form = report.time.date_format
    return lambda cells: parse_hour(cell(cells, day), cell(cells, hour), form)
