"""Laws that hold for every record."""

from __future__ import annotations

import json
import math
import pickle
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from inspect import Parameter, signature

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from schemas import (
    Budget,
    BudgetPeriod,
    Explanation,
    Plan,
    Range,
    Reason,
    SchemaError,
    Tick,
    canonical_bytes,
    decode,
    digest,
    encode,
    format_time,
    sha256,
)
from schemas.codec import canonical_json
from schemas.record import Part, Record
from tests.schemas.golden import FILES, RECORDS, record_type
from tests.schemas.strategies import records


@given(records())
def test_what_is_written_reads_back_the_same(record: Record) -> None:
    assert decode(encode(record), type(record)) == record


@given(records(), st.randoms())
def test_canonical_bytes_do_not_depend_on_the_order_of_keys(record: Record, chance: object) -> None:
    shuffled = json.dumps(_shuffled(json.loads(encode(record)), chance), ensure_ascii=False)

    again = decode(shuffled.encode(), type(record))

    assert canonical_json(shuffled.encode()) == canonical_bytes(record)
    assert canonical_bytes(again) == canonical_bytes(record)


@given(records())
def test_a_field_given_its_default_is_written_like_one_left_out(record: Record) -> None:
    explicit = {
        field.encode_name: getattr(record, field.name)
        for field in msgspec.structs.fields(type(record))
    }

    assert canonical_bytes(decode(msgspec.json.encode(explicit), type(record))) == canonical_bytes(
        record
    )


@given(records())
def test_canonical_bytes_are_sorted_at_every_level_and_compact(record: Record) -> None:
    def in_order(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert [name for name, _ in pairs] == sorted(name for name, _ in pairs)
        return dict(pairs)

    text = canonical_bytes(record)
    parsed = json.loads(text, object_pairs_hook=in_order)

    assert parsed == json.loads(encode(record))
    assert not re.search(rb"\s", re.sub(rb'"(?:[^"\\]|\\.)*"', b"", text))


@pytest.mark.parametrize("kind", RECORDS.values(), ids=lambda kind: kind.__name__)
def test_records_are_frozen_keyword_only_and_versioned(kind: type[Record]) -> None:
    config = kind.__struct_config__

    assert (config.frozen, config.omit_defaults) == (True, True)
    parameters = signature(kind).parameters.values()
    assert all(parameter.kind is Parameter.KEYWORD_ONLY for parameter in parameters)
    assert (config.tag_field, config.tag) == ("schema_version", 1)


@pytest.mark.parametrize("kind", RECORDS.values(), ids=lambda kind: kind.__name__)
def test_a_record_of_another_version_is_refused_by_that_name(kind: type[Record]) -> None:
    with pytest.raises(SchemaError) as refusal:
        decode(b'{"schema_version": 2}', kind)

    assert (refusal.value.field, refusal.value.reason) == (
        "schema_version",
        Reason.UNSUPPORTED_VERSION,
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_record_names_its_own_key(file: object) -> None:
    record = decode(file.read_bytes(), record_type(file))  # type: ignore[attr-defined,arg-type]

    assert record.key  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"   ", Reason.NOT_JSON),
        (b"not json", Reason.NOT_JSON),
        (b"\xff\xfe", Reason.NOT_JSON),
        (b'{"partition": 1, "time": "2026-03-02T00:00:00Z"} trailing', Reason.NOT_JSON),
        (b'{"x": ' + b"[" * 100_000, Reason.NOT_JSON),
        (b'{"x": "' + b"x" * 2_000_000 + b'"}', Reason.TOO_LARGE),
        (b"[]", Reason.WRONG_TYPE),
        (b"null", Reason.WRONG_TYPE),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_record_at_all_is_refused_as_a_whole(data: bytes, reason: Reason) -> None:
    with pytest.raises(SchemaError) as refusal:
        decode(data, Tick)

    assert (refusal.value.field, refusal.value.reason) == ("", reason)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_schema_error(data: bytes) -> None:
    for kind in RECORDS.values():
        with pytest.raises(SchemaError):
            decode(data, kind)


def test_every_integer_of_a_record_has_bounds_within_what_can_be_written() -> None:
    found = [
        (name, info)
        for name, kind in RECORDS.items()
        for info in _integers_in(inspect.type_info(kind))
    ]

    assert len(found) > len(RECORDS)
    for name, info in found:
        assert info.ge is not None, name
        assert info.le is not None, name
        assert msgspec.json.encode(info.ge) + msgspec.json.encode(info.le)


def test_times_are_kept_and_written_in_utc() -> None:
    east = datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    tick = Tick(partition=0, time=east)

    assert encode(tick) == b'{"schema_version":1,"partition":0,"time":"2026-03-02T04:00:00Z"}'
    assert format_time(east) == "2026-03-02T04:00:00Z"


@pytest.mark.parametrize("year", [1999, 2100, 9999, 1])
def test_times_outside_the_century_are_refused(year: int) -> None:
    with pytest.raises(SchemaError) as refusal:
        Tick(partition=0, time=datetime(year, 1, 1, tzinfo=UTC))

    assert (refusal.value.field, refusal.value.reason) == ("time", Reason.OUT_OF_RANGE)


def test_naive_times_are_refused_when_built_and_when_read() -> None:
    naive = datetime(2026, 3, 2)  # noqa: DTZ001
    with pytest.raises(SchemaError) as built:
        Tick(partition=0, time=naive)
    with pytest.raises(SchemaError) as read:
        decode(b'{"partition": 0, "time": "2026-03-02T00:00:00"}', Tick)
    with pytest.raises(SchemaError) as written:
        format_time(naive)

    assert (built.value.field, read.value.field) == ("time", "time")
    assert {error.value.reason for error in (built, read, written)} == {Reason.NAIVE_TIME}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_floats_must_be_finite_because_json_has_no_other(value: float) -> None:
    with pytest.raises(SchemaError) as refusal:
        Range(p10=0.0, p50=value, p90=1.0)
    assert (refusal.value.field, refusal.value.reason) == ("p50", Reason.NOT_FINITE)
    with pytest.raises(SchemaError) as refusal:
        Explanation(code="x", text="", evidence={"pace": value})
    assert (refusal.value.field, refusal.value.reason) == ("evidence.pace", Reason.NOT_FINITE)


def test_a_refusal_inside_a_part_names_the_whole_path() -> None:
    inner = {"amount": "NaN", "period": "day"}

    with pytest.raises(SchemaError) as refusal:
        decode(json.dumps({"budget": inner, "platform": "x"}).encode(), Plan)

    assert (refusal.value.field, refusal.value.reason) == ("budget.amount", Reason.NOT_FINITE)


def test_errors_survive_pickling_with_all_their_fields() -> None:
    error = SchemaError("budget", Reason.NEGATIVE, "must not be negative")

    again = pickle.loads(pickle.dumps(error))  # noqa: S301

    assert (again.field, again.reason, again.detail) == ("budget", "negative", error.detail)
    assert str(error) == "budget: must not be negative"


def test_errors_stay_short_whatever_the_record_held() -> None:
    error = SchemaError("f" * 10_000, Reason.MISSING, "d" * 10_000)

    assert len(str(error)) < 1_000


def test_digests_have_their_published_lengths_and_values() -> None:
    assert digest(b"") == "cae66941d9efbd404e4d88758ea67670"
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_wrong_amount_is_refused_when_it_is_built() -> None:
    with pytest.raises(SchemaError) as refusal:
        Budget(amount=Decimal(0), period=BudgetPeriod.DAY)

    assert refusal.value.field == "amount"


def test_defaults_are_immutable_or_made_anew() -> None:
    harmless = (type(None), bool, int, float, str, Decimal, tuple, Enum, Part)
    for kind in RECORDS.values():
        for field in msgspec.structs.fields(kind):
            if field.default is not msgspec.NODEFAULT:
                assert isinstance(field.default, harmless), f"{kind.__name__}.{field.name}"


def _integers_in(info: object) -> Iterator[inspect.IntType]:
    """Yield each type of integers that a value of this type may hold, at any depth."""
    if isinstance(info, inspect.IntType):
        yield info
    elif isinstance(info, inspect.StructType):
        for field in info.fields:
            yield from _integers_in(field.type)
    else:
        for name in ("type", "types", "item_type", "item_types", "key_type", "value_type"):
            parts = getattr(info, name, ())
            for part in parts if isinstance(parts, tuple) else (parts,):
                yield from _integers_in(part)


def _shuffled(value: object, chance: object) -> object:
    if isinstance(value, dict):
        items = [(name, _shuffled(part, chance)) for name, part in value.items()]
        chance.shuffle(items)  # type: ignore[attr-defined]
        return dict(items)
    return [_shuffled(part, chance) for part in value] if isinstance(value, list) else value
