"""Reading metrics: a fast strict path, and a forgiving one for other producers' names."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec

from schemas.codec import UNREADABLE, decode, decoder, refuse_size
from schemas.errors import Reason, SchemaError
from schemas.metrics import Breakdown, MetricsEvent
from schemas.money import from_micros
from schemas.refusals import as_schema_error

ALIASES: dict[str, str] = {
    "cost": "spend",
    "cost_micros": "spend",
    "conversion_value": "revenue",
    "conversion_values": "revenue",
    "conversions_value": "revenue",
    "time_window_start": "window_start",
    "idempotency_id": "event_id",
    "advertiser_id": "account_id",
}
"""Other producers' names of our fields; ``cost_micros`` is in millionths of the currency."""

CLICKS_ABOVE_IMPRESSIONS = "clicks_above_impressions"
"""Suspect: possible when a click is counted in a later hour than its impression."""

_Fields = dict[str, msgspec.Raw]
_TYPES = {field.name: field.type for field in msgspec.structs.fields(MetricsEvent)}


class Decoded(NamedTuple):
    """A metrics event and what was noticed while it was read."""

    event: MetricsEvent
    unknown_fields: tuple[str, ...] = ()
    """Paths of fields that no version knows; they were ignored."""
    suspect: tuple[str, ...] = ()
    """Codes of what is possible but unlikely; the event counts all the same."""


def decode_metrics(data: bytes) -> Decoded:
    """Read a metrics event, whoever wrote it.

    Raises
    ------
    SchemaError
        With the field and the reason. Nothing is repaired.
    """
    refuse_size(data)
    try:
        event = decoder(MetricsEvent).decode(data)
    except UNREADABLE:
        return _decode_slowly(data)
    return Decoded(event, (), _suspicions(event))


def _decode_slowly(data: bytes) -> Decoded:
    try:
        given = msgspec.json.decode(data, type=_Fields)
    except UNREADABLE as error:
        raise as_schema_error(error, data) from error
    unknown: list[str] = []
    known = _rename(given, MetricsEvent, "", unknown)
    if "breakdown" in known:
        known["breakdown"] = _rename_rows(known["breakdown"], unknown)
    event = decode(msgspec.json.encode(known), MetricsEvent)
    return Decoded(event, tuple(unknown), _suspicions(event))


def _rename_rows(rows: msgspec.Raw, unknown: list[str]) -> msgspec.Raw:
    try:
        given = msgspec.json.decode(rows, type=list[_Fields])
    except UNREADABLE:
        return rows
    known = [
        _rename(row, Breakdown, f"breakdown[{number}].", unknown)
        for number, row in enumerate(given)
    ]
    return msgspec.Raw(msgspec.json.encode(known))


def _rename(given: _Fields, kind: type, path: str, unknown: list[str]) -> _Fields:
    """Return the fields under our names; refuse two that say different things."""
    names = {*kind.__struct_fields__, kind.__struct_config__.tag_field}  # type: ignore[attr-defined]
    known: _Fields = {name: value for name, value in given.items() if name in names}
    source = {name: name for name in known}
    for name, value in given.items():
        if name in names:
            continue
        target = ALIASES.get(name)
        if target is None or target not in names:
            unknown.append(path + name)
            continue
        renamed = _from_micros(value, path + name) if name == "cost_micros" else value
        if target in known and not _same(known[target], renamed, _TYPES[target]):
            detail = f"contradicts {source[target]}: {_text(renamed)} and {_text(known[target])}"
            raise SchemaError(path + name, Reason.CONTRADICTION, detail)
        known.setdefault(target, renamed)
        source.setdefault(target, name)
    return known


def _from_micros(value: msgspec.Raw, field: str) -> msgspec.Raw:
    try:
        micros = msgspec.json.decode(value, type=Decimal)
    except UNREADABLE as error:
        raise as_schema_error(error, bytes(value)).inside(field) from error
    return msgspec.Raw(msgspec.json.encode(from_micros(micros, field)))


def _same(one: msgspec.Raw, other: msgspec.Raw, kind: object) -> bool:
    if bytes(one) == bytes(other):
        return True
    try:
        return bool(msgspec.json.decode(one, type=kind) == msgspec.json.decode(other, type=kind))
    except (*UNREADABLE, ArithmeticError):
        return False


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw)[:60].decode(errors="replace")


def _suspicions(event: MetricsEvent) -> tuple[str, ...]:
    if event.clicks > event.impressions and not event.is_delta:
        return (CLICKS_ABOVE_IMPRESSIONS,)
    return ()
