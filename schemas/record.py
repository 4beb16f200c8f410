"""What all records have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from math import isfinite
from operator import attrgetter
from types import UnionType
from typing import Annotated, Any, ClassVar, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec.structs import force_setattr

from schemas.errors import Reason, SchemaError
from schemas.fields import FIRST_YEAR, LAST_YEAR, KeyName, Platform
from schemas.keys import campaign_key, check_names
from schemas.money import MAX_AMOUNT, check_amount

Ordered = TypeVar("Ordered", date, Decimal)
ValuesOf = Callable[["Part"], tuple[Any, ...]]


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value inside a record: immutable, and in one canonical form.

    When it is built, times are brought to UTC, numbers are checked to be finite and
    amounts to be bounded, and fields must not contradict each other. Types and
    ranges are checked when it is decoded. A field that has its default is not
    written.
    """

    _largest: ClassVar[Decimal] = Decimal(MAX_AMOUNT)
    """Bound of the amounts in a value of this type."""
    refuses_repeats: ClassVar[bool] = False
    """Whether a field that is given twice is refused; to look for one takes as long as decoding."""

    def __post_init__(self) -> None:
        names, values_of = _delicate_fields(type(self))
        for name, value in zip(names, values_of(self), strict=True):
            if value is None:
                continue
            kind = value.__class__
            if kind is Decimal:
                check_amount(value, name, limit=self._largest)
            elif kind is datetime:
                time_in_utc(self, name, value)
            elif kind is float and not isfinite(value):
                raise SchemaError(name, Reason.NOT_FINITE, f"must be finite, was {value}")
        intern_defaults(self)
        self._check()

    def _check(self) -> None:
        """Raise `SchemaError` when fields contradict each other."""


class Record(Part, frozen=True, kw_only=True, tag_field="schema_version", tag=1):
    """A record of a topic. ``schema_version`` is always written; readers do not insist on it."""


class CampaignRecord(Record, frozen=True, kw_only=True):
    """A record about one campaign."""

    platform: Platform
    account_id: KeyName
    campaign_id: KeyName

    @property
    def key(self) -> bytes:
        """Kafka key: ``platform:account_id:campaign_id``."""
        return campaign_key(self.platform, self.account_id, self.campaign_id)

    def _check(self) -> None:
        check_names(self.platform, self.account_id, self.campaign_id)


def time_in_utc(record: Part, name: str, value: datetime) -> datetime:
    """Set a field of a record under construction to the same instant in UTC."""
    if value.tzinfo is None:
        raise SchemaError(name, Reason.NAIVE_TIME, f"needs a zone, such as Z; was {value}")
    if not FIRST_YEAR <= value.year < LAST_YEAR:
        detail = f"must lie in the years {FIRST_YEAR} to {LAST_YEAR - 1}, was {value.isoformat()}"
        raise SchemaError(name, Reason.OUT_OF_RANGE, detail)
    if value.tzinfo is UTC:
        return value
    moved = value.astimezone(UTC)
    force_setattr(record, name, moved)
    return moved


def intern_defaults(record: Part) -> None:
    """Replace values that equal their field's default by the default itself.

    msgspec leaves out a default by identity; with this, equal values are written
    alike whether they were given or left to the default.
    """
    names, values_of, defaults = _defaults(type(record))
    for name, value, default in zip(names, values_of(record), defaults, strict=True):
        if value is not default and value == default:
            force_setattr(record, name, default)


def refuse_unordered(names: tuple[str, str], low: Ordered | None, high: Ordered | None) -> None:
    """Raise `SchemaError` when both values are given and ``low > high``."""
    if low is not None and high is not None and low > high:
        detail = f"must not be less than {names[0]}, which is {low}; was {high}"
        raise SchemaError(names[1], Reason.CONTRADICTION, detail)


def require(record: Part, names: Iterable[str], why: str) -> None:
    """Raise `SchemaError` for the first of ``names`` that has no value."""
    for name in names:
        if getattr(record, name) in (None, "", ()):
            raise SchemaError(name, Reason.MISSING, f"is required {why}")


def refuse(record: Part, names: Iterable[str], why: str) -> None:
    """Raise `SchemaError` for the first of ``names`` that has a value."""
    for name in names:
        if getattr(record, name) is not None:
            raise SchemaError(name, Reason.CONTRADICTION, f"has no place {why}")


def refuse_negative(record: Part, *names: str) -> None:
    """Raise `SchemaError` for the first of ``names`` whose value is below zero."""
    for name in names:
        value = getattr(record, name)
        if value is not None and value < 0:
            raise SchemaError(name, Reason.NEGATIVE, f"must not be negative, was {value}")


@cache
def _delicate_fields(kind: type[Part]) -> tuple[tuple[str, ...], ValuesOf]:
    """Names of the fields that may hold a time, a decimal or a float, and how to read them."""
    names = tuple(
        field.name
        for field in msgspec.structs.fields(kind)
        if any(_may_be(field.type, wanted) for wanted in (datetime, Decimal, float))
    )
    return names, _values_of(names)


def _values_of(names: tuple[str, ...]) -> ValuesOf:
    """Return what reads several fields of a record at once, which is much quicker."""
    if not names:
        return lambda _: ()
    read = attrgetter(*names)
    return read if len(names) > 1 else lambda record: (read(record),)


def _may_be(annotation: object, wanted: type) -> bool:
    """Return whether a value may be of a type; what a collection holds is checked elsewhere."""
    if get_origin(annotation) in (Annotated, Union, UnionType):
        return any(_may_be(part, wanted) for part in get_args(annotation))
    return annotation is wanted


@cache
def _defaults(kind: type[Part]) -> tuple[tuple[str, ...], ValuesOf, tuple[object, ...]]:
    """Fields with defaults that equal values need not be identical to, how to read them, these."""
    singletons = (type(None), bool, tuple, Enum)
    fields = [
        field
        for field in msgspec.structs.fields(kind)
        if field.default is not msgspec.NODEFAULT and not isinstance(field.default, singletons)
    ]
    names = tuple(field.name for field in fields)
    return names, _values_of(names), tuple(field.default for field in fields)
