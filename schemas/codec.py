"""Bytes of records: wire form, canonical form, digests, times."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar

import msgspec
import orjson

from schemas.errors import Reason, SchemaError
from schemas.hints import with_hint
from schemas.record import Part
from schemas.refusals import as_schema_error, refuse_repeats

MAX_RECORD_BYTES = 1_000_000
"""Largest record that is decoded: Kafka's own default limit, a MiB, less room for what is stored or
sent on beside it."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the decoder raises, for whatever reason."""

PartT = TypeVar("PartT", bound=Part)


def encode(record: Part) -> bytes:
    """Return the record as JSON, fields in their declared order."""
    return msgspec.json.encode(record)


def decode(data: bytes, kind: type[PartT]) -> PartT:
    """Read a record.

    Raises
    ------
    SchemaError
        With the path of the field and the reason, whatever is wrong with it.
    """
    refuse_size(data)
    try:
        record: PartT = decoder(kind).decode(data)
    except UNREADABLE as error:
        raise with_hint(as_schema_error(error, data), kind) from error
    if kind.refuses_repeats:
        refuse_repeats(data)
    return record


def canonical_bytes(record: Part) -> bytes:
    """Return the one JSON text of a record that digests are computed over.

    Keys are sorted at every level, there are no blanks, text is UTF-8, floats
    have their shortest form, decimals the digits they were written with, and
    fields that have their default are left out.
    """
    return canonical_json(encode(record))


def canonical_json(data: bytes) -> bytes:
    """Return any JSON text in canonical form: what `canonical_bytes` does to stored bytes."""
    return orjson.dumps(orjson.loads(data), option=orjson.OPT_SORT_KEYS)


def digest(data: bytes) -> str:
    """Return BLAKE2b with 16 bytes as 32 hexadecimal characters: ids of content."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def sha256(data: bytes) -> str:
    """Return SHA-256 as 64 hexadecimal characters: links of the audit chain."""
    return hashlib.sha256(data).hexdigest()


def format_time(value: datetime) -> str:
    """Return a time as RFC 3339 in UTC, ending in ``Z``.

    Raises
    ------
    SchemaError
        ``naive_time`` when it has no zone.
    """
    if value.tzinfo is None:
        raise SchemaError("", Reason.NAIVE_TIME, f"needs a zone, was {value}")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def refuse_size(data: bytes) -> None:
    """Raise `SchemaError` for an empty value and for one above `MAX_RECORD_BYTES`."""
    if not data:
        raise SchemaError("", Reason.EMPTY, "the record has no value")
    if len(data) > MAX_RECORD_BYTES:
        detail = f"may have at most {MAX_RECORD_BYTES:,} bytes, has {len(data):,}"
        raise SchemaError("", Reason.TOO_LARGE, detail)


@cache
def decoder(kind: type[PartT]) -> msgspec.json.Decoder[PartT]:
    """Return the strict JSON decoder of a record type."""
    return msgspec.json.Decoder(kind)
