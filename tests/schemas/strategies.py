"""Records to test laws with: stored ones, some fields drawn anew from their types."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from hypothesis import reject
from hypothesis import strategies as st
from msgspec import inspect

from schemas import SchemaError, decode, format_time
from schemas.currencies import EXPONENTS
from schemas.record import Record
from tests.schemas.golden import FILES, record_type

Json = st.SearchStrategy[object]

NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=20)
MOMENTS = st.integers(978_307_200, 4_070_908_800).map(
    lambda second: format_time(datetime.fromtimestamp(second, UTC))
)
DATES = st.dates(date(2001, 1, 1), date(2098, 12, 31)).map(str)
AMOUNTS = st.decimals(-(10**9), 10**9, places=6).map(str) | st.integers(0, 10**9).map(str)

_BY_NAME: dict[str, Json] = {
    "platform": st.sampled_from(["google", "meta", "amazon"]),
    "timezone": st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
    "account_timezone": st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
    "currency": st.sampled_from(sorted(EXPONENTS)),
}


_MANY = 5
"""Longer arrays repeat one value: drawing each entry takes seconds and finds no more."""


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Draw a stored record with up to four of its fields drawn anew."""
    file = draw(st.sampled_from(FILES))
    kind = record_type(file)
    value = json.loads(file.read_bytes())
    fields = st.sampled_from(msgspec.structs.fields(kind))
    for field in draw(st.lists(fields, max_size=4, unique_by=lambda field: field.name)):
        value[field.name] = draw(_field(field))
    try:
        return decode(json.dumps(value).encode(), kind)
    except SchemaError:
        reject()


def _field(field: msgspec.structs.FieldInfo) -> Json:
    if field.name in _BY_NAME:
        return _BY_NAME[field.name]
    return values(inspect.type_info(field.type))


def values(info: inspect.Type) -> Json:
    """Return JSON values of a msgspec type, mostly valid ones."""
    return _MAKERS[type(info)](info)


def _arrays(info: inspect.VarTupleType) -> Json:
    size = info.min_length or 0
    if size > _MANY:
        return values(info.item_type).map(lambda value: [value] * size)
    return st.lists(values(info.item_type), min_size=size, max_size=info.max_length or 3)


def _objects(info: inspect.StructType) -> Json:
    required = {field.encode_name: values(field.type) for field in info.fields if field.required}
    optional = {
        field.encode_name: values(field.type) for field in info.fields if not field.required
    }
    return st.fixed_dictionaries(required, optional=optional)


def _integers(info: inspect.IntType) -> Json:
    return st.integers(-(10**6) if info.ge is None else info.ge, info.le or 10**9)


def _floats(info: inspect.FloatType) -> Json:
    low = info.gt if info.ge is None else info.ge
    above = info.gt is not None
    return st.floats(low, info.le, exclude_min=above, allow_infinity=False, allow_nan=False)


def _bytes(info: inspect.BytesType) -> Json:
    size = info.min_length or 0
    return st.binary(min_size=4, max_size=4).map(
        lambda part: b64encode(part * (size // 4)).decode()
    )


_MAKERS: dict[type, Callable[[Any], Json]] = {
    inspect.Metadata: lambda info: values(info.type),
    inspect.UnionType: lambda info: st.one_of(*map(values, info.types)),
    inspect.VarTupleType: _arrays,
    inspect.DictType: lambda info: st.dictionaries(NAMES, values(info.value_type), max_size=3),
    inspect.StructType: _objects,
    inspect.EnumType: lambda info: st.sampled_from([member.value for member in info.cls]),
    inspect.NoneType: lambda _: st.none(),
    inspect.BoolType: lambda _: st.booleans(),
    inspect.IntType: _integers,
    inspect.FloatType: _floats,
    inspect.StrType: lambda info: (
        st.from_regex(info.pattern, fullmatch=True) if info.pattern else NAMES
    ),
    inspect.BytesType: _bytes,
    inspect.DecimalType: lambda _: AMOUNTS,
    inspect.DateTimeType: lambda _: MOMENTS,
    inspect.DateType: lambda _: DATES,
}
