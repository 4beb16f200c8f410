"""Exported audit trails: one JSON object per line, with the stored bytes in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
from msgspec import Meta, Struct

from workers.errors import UsageError, WorkerError
from workers.verify.trail import AuditRecord


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One record. Bytes that are text stand as text, others in base 64."""

    partition: Annotated[int, Meta(ge=0)]
    offset: Annotated[int, Meta(ge=0)]
    key: str | None = None
    value: str | None = None
    key_base64: bytes | None = None
    value_base64: bytes | None = None


_DECODER = msgspec.json.Decoder(Line)


def write_line(file: BinaryIO, record: AuditRecord) -> None:
    """Add a record to an export."""
    key, key_base64 = _as_text(record.key)
    value, value_base64 = _as_text(record.value)
    line = Line(
        partition=record.partition,
        offset=record.offset,
        key=key,
        value=value,
        key_base64=key_base64,
        value_base64=value_base64,
    )
    file.write(msgspec.json.encode(line) + b"\n")


def read_lines(path: Path) -> Iterator[AuditRecord]:
    """Yield the records of an export.

    Raises
    ------
    UsageError
        The file cannot be opened.
    WorkerError
        A line of it is no line of an export: it was damaged, or is no export at all.
    """
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                yield _record(text, f"line {number} of {path}")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _as_text(data: bytes | None) -> tuple[str | None, bytes | None]:
    if data is None:
        return None, None
    try:
        return data.decode(), None
    except UnicodeDecodeError:
        return None, data


def _record(text: bytes, where: str) -> AuditRecord:
    try:
        line = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problem = f"{where} is not a line of an exported audit trail"
        raise WorkerError(problem, remedy=f"{error}; export the trail again") from error
    key = line.key.encode() if line.key is not None else line.key_base64
    value = line.value.encode() if line.value is not None else line.value_base64
    return AuditRecord(line.partition, line.offset, key, value)
