"""Maps: what the columns of a report mean, as data.

A map is a TOML file. ``[fields]`` names, for fields of a metrics event, the columns that hold them
(the first that the file has is taken); ``[constants]`` gives fields that are the same in every row
and ``[defaults]`` those of a cell that is missing; ``[time]`` says where an hour is, either
``start``, or ``date`` and ``hour`` on the account's clock; ``[numbers]`` and ``[rows]`` say how a
file is written.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from schemas import MetricsEvent
from workers.errors import UsageError

SUFFIX = ".toml"

MAPPABLE = frozenset(MetricsEvent.__struct_fields__) - {"breakdown", "window_start", "window_end"}
"""Fields of an event that a column may hold; the window comes from ``[time]``."""


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column that may hold a field."""

    column: Annotated[str, Meta(min_length=1)]
    """The header's text; ``{currency}`` in it stands for a code: the currency of the file."""
    scale: Decimal = Decimal(1)
    """What to multiply by; micros have 0.000001."""
    action_type: str = ""
    """In a column of JSON ``[{"action_type": ..., "value": ...}]``: which of them."""


Sources = tuple[str | Source, ...]
Columns = str | tuple[str, ...]


class TimeColumns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a row says which hour it is about."""

    start: Columns = ()
    """Columns with the start of the hour; without a zone it is on the account's clock."""
    date: Columns = ()
    hour: Columns = ()
    """Columns with ``7``, ``07:00`` or ``07:00:00 - 07:59:59``, on the account's clock."""
    date_format: str = "%Y-%m-%d"
    """Python's ``strptime`` codes, for ``date``."""
    repeated_hour: Literal["in_order", "reject"] = "in_order"
    """What to do with the hour that autumn repeats: first row first, or refuse both."""


class Numbers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How numbers are written."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", "'", " "] = ""
    missing: tuple[str, ...] = ("",)
    """Cells that mean: no value."""


class Rows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows that are no data."""

    totals: str = ""
    """Rows whose first cell begins with this are sums over other rows and are passed over."""


class ReportMap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the columns of a report mean."""

    about: str
    fields: dict[str, str | Source | Sources] = {}
    constants: dict[str, str | int | bool] = {}
    defaults: dict[str, str] = {}
    time: TimeColumns
    numbers: Numbers = Numbers()
    rows: Rows = Rows()

    def __post_init__(self) -> None:
        for table in ("fields", "constants", "defaults"):
            for name in getattr(self, table):
                if name not in MAPPABLE:
                    raise ValueError(f"{table}.{name} is no field of a metrics event")
        if bool(self.time.start) == bool(self.time.date and self.time.hour):
            raise ValueError("time needs either start, or date and hour")
        if self.numbers.decimal == self.numbers.thousands:
            raise ValueError("numbers.decimal and numbers.thousands are the same")

    def sources(self, field: str) -> tuple[Source, ...]:
        """Return the columns that may hold ``field``, the preferred first."""
        given = self.fields.get(field, ())
        several = given if isinstance(given, tuple) else (given,)
        return tuple(Source(column=one) if isinstance(one, str) else one for one in several)

    def setting(self, constants: Mapping[str, str]) -> ReportMap:
        """Return the map with more constants, as people give them: ``currency=EUR``.

        Raises
        ------
        UsageError
            A name is no field of a metrics event.
        """
        for name in constants:
            if name not in MAPPABLE:
                known = ", ".join(sorted(MAPPABLE))
                raise UsageError(f"--set {name}: no such field", remedy=f"fields are {known}")
        return msgspec.structs.replace(self, constants={**self.constants, **constants})


def built_in_names() -> tuple[str, ...]:
    """Return the names of the maps that come with Pacekeeper."""
    folder = files(__package__).joinpath("maps")
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)))


def load_map(name: str) -> ReportMap:
    """Return the built-in map ``name``, or the map in the file of that path.

    Raises
    ------
    UsageError
        There is none, or it is not a map; the text says where and what.
    """
    if name in built_in_names():
        text = files(__package__).joinpath("maps", name + SUFFIX).read_text(encoding="utf-8")
        return _parse(text, name)
    try:
        return _parse(Path(name).read_text(encoding="utf-8"), name)
    except OSError as error:
        raise UsageError(
            f"cannot read the map {name}: {error.strerror}",
            remedy=f"give a TOML file, or one of {', '.join(built_in_names())}",
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"the map {name} is not UTF-8") from error


def _parse(text: str, name: str) -> ReportMap:
    try:
        found: dict[str, Any] = tomllib.loads(text)
        return msgspec.convert(found, ReportMap)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"the map {name} is wrong: {error}") from error
