"""What all records have in common."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from schemas.errors import Reason, SchemaError
from schemas.fields import FIRST_YEAR, LAST_YEAR
from schemas.money import check_amount


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value inside a record: immutable, checked when built, in one canonical form.

    Times are kept in UTC, decimals are finite and bounded, and a value equal to
    its field's default is that default, so equal records have equal bytes.
    """

    def __post_init__(self) -> None:
        layout = _layout(type(self))
        for name in layout:
            value = getattr(self, name)
            if value.__class__ is datetime:
                _normalise_time(self, name, value)
            elif value.__class__ is Decimal:
                check_amount(value, name)
        for name, default in _defaults(type(self)):
            if getattr(self, name) == default:
                force_setattr(self, name, default)
        self._check()

    def _check(self) -> None:
        """Raise `SchemaError` when fields contradict each other."""


class Record(Part, frozen=True, kw_only=True, tag_field="schema_version", tag=1):
    """A record of a topic. ``schema_version`` is written always and may be left out by writers."""


def refuse_unordered(names: tuple[str, str], low: Any, high: Any) -> None:
    """Raise `SchemaError` when both values are given and ``low > high``."""
    if low is not None and high is not None and low > high:
        detail = f"must not be less than {names[0]}, which is {low}; was {high}"
        raise SchemaError(names[1], Reason.CONTRADICTION, detail)


def require(record: Part, names: Iterable[str], why: str) -> None:
    """Raise `SchemaError` for the first of ``names`` that has no value."""
    for name in names:
        if getattr(record, name) in (None, "", ()):
            raise SchemaError(name, Reason.MISSING, f"is required {why}")


def refuse_negative(record: Part, *names: str) -> None:
    """Raise `SchemaError` for the first of ``names`` whose value is below zero."""
    for name in names:
        value = getattr(record, name)
        if value is not None and value < 0:
            raise SchemaError(name, Reason.NEGATIVE, f"must not be negative, was {value}")


def _normalise_time(record: Part, name: str, value: datetime) -> None:
    if value.tzinfo is None:
        raise SchemaError(name, Reason.NAIVE_TIME, f"needs a zone, such as Z; was {value}")
    if not FIRST_YEAR <= value.year < LAST_YEAR:
        detail = f"must lie in the years {FIRST_YEAR} to {LAST_YEAR - 1}, was {value.isoformat()}"
        raise SchemaError(name, Reason.OUT_OF_RANGE, detail)
    if value.tzinfo is not UTC:
        force_setattr(record, name, value.astimezone(UTC))


@cache
def _layout(kind: type[Part]) -> tuple[str, ...]:
    """Names of the fields that may hold a time or a decimal."""
    wanted = (datetime, Decimal)
    fields = msgspec.structs.fields(kind)
    return tuple(field.name for field in fields if any(_mentions(field.type, w) for w in wanted))


def _mentions(annotation: Any, wanted: type) -> bool:
    if annotation is wanted:
        return True
    return any(_mentions(part, wanted) for part in getattr(annotation, "__args__", ()))


@cache
def _defaults(kind: type[Part]) -> tuple[tuple[str, Any], ...]:
    """Defaults that are not singletons: msgspec leaves out a default by identity."""
    singletons = (type(None), bool, tuple)
    return tuple(
        (field.name, field.default)
        for field in msgspec.structs.fields(kind)
        if field.default is not msgspec.NODEFAULT and not isinstance(field.default, singletons)
    )
