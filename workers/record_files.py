"""Records from people's files, JSON or TOML: read exactly, checked, none of them told twice."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from schemas.codec import decode
from schemas.errors import SchemaError
from schemas.record import Part
from workers.errors import UsageError


class Keyed(Protocol):
    """A record that is known by its key."""

    @property
    def key(self) -> bytes:
        """Its Kafka key."""


KeyedT = TypeVar("KeyedT", bound=Keyed)
PartT = TypeVar("PartT", bound=Part)

_EXACT = msgspec.json.Decoder(float_hook=Decimal)
_NUMBERS = msgspec.json.Encoder(decimal_format="number")
"""Writes what a file says as JSON, its numbers exact."""


def _as_it_is(record: KeyedT) -> KeyedT:
    return record


def _any(_file: Path, _found: Mapping[str, object]) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Generic[KeyedT]):
    """What files of one kind of record look like."""

    read: Callable[[bytes], KeyedT]
    """Decodes one record; raises `SchemaError`."""
    one: str
    """What errors call a record."""
    many: str
    """The name that a list of them may stand under."""
    amend: Callable[[KeyedT], KeyedT] = _as_it_is
    """Fills in what the file leaves out; may raise `SchemaError`."""
    check: Callable[[Path, Mapping[str, object]], None] = _any
    """Looks at a file's table first; raises `UsageError`."""


def reader_of(kind: type[PartT]) -> Callable[[bytes], PartT]:
    """Return what decodes a record of ``kind``."""
    return lambda text: decode(text, kind)


def read_records(files: Iterable[Path], form: Form[KeyedT]) -> list[KeyedT]:
    """Read all records of ``files``: one, a list, or a list under the name of many.

    Raises
    ------
    UsageError
        Names the file, the record and the field that is wrong; or a key that has two records.
    """
    read: dict[bytes, tuple[KeyedT, str]] = {}
    for file in files:
        for number, content in enumerate(_contents(file, form), 1):
            where = f"{file}, {form.one} {number}"
            try:
                record = form.amend(form.read(_NUMBERS.encode(content)))
            except SchemaError as error:
                raise UsageError(f"{where}: {error}") from error
            if record.key in read:
                name, before = record.key.decode(), read[record.key][1]
                raise UsageError(f"{where}: {name} has a {form.one} already in {before}")
            read[record.key] = record, where
    return [record for record, _ in read.values()]


def stored_record(stored: bytes | None, kind: type[PartT]) -> PartT | None:
    """Return a record as Kafka has it; None when there is none that can be read."""
    try:
        return decode(stored, kind) if stored else None
    except SchemaError:
        return None


def _contents(file: Path, form: Form[KeyedT]) -> Sequence[object]:
    found = _read_file(file)
    if isinstance(found, dict):
        form.check(file, found)
        found = found[form.many] if set(found) == {form.many} else found
    return found if isinstance(found, list) else [found]


def _read_file(file: Path) -> object:
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".toml":
            return tomllib.loads(text, parse_float=Decimal)
        if file.suffix == ".json":
            return _EXACT.decode(text)
        raise UsageError(f"{file} is neither .json nor .toml")
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
