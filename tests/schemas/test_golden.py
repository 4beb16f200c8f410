"""What was stored once must always be readable, and must say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas import AuditEntry, Shape, decode, encode, hash_of
from tests.schemas.golden import FILES, RECORDS, record_type, stored

NEVER_HONOURED = {"shapes.v1": {"revision"}}
"""Fields that were declared once, and that nothing ever wrote or acted on."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_stored_bytes_of_version_1_decode_and_lose_nothing(file: Path) -> None:
    gone = NEVER_HONOURED.get(file.stem.split("-", 1)[0], set())
    said = {
        name: value for name, value in json.loads(file.read_bytes()).items() if name not in gone
    }

    read = json.loads(encode(decode(file.read_bytes(), record_type(file))))

    assert read == {"schema_version": 1, **said}


def test_every_record_has_stored_bytes_to_be_held_against() -> None:
    assert {record_type(file) for file in FILES} == set(RECORDS.values())
    assert len(FILES) >= 25


def test_together_the_stored_bytes_use_every_field_of_every_record() -> None:
    unused = {
        f"{name}: {field}"
        for name, kind in RECORDS.items()
        for field in kind.__struct_fields__
        if not any(
            field in json.loads(file.read_bytes()) for file in FILES if record_type(file) is kind
        )
    }

    assert unused == set()


def test_a_field_that_nothing_honours_is_gone_and_may_be_there_all_the_same() -> None:
    data = stored("shapes.v1-short-day")

    assert b'"revision":1' in data
    assert "revision" not in Shape.__struct_fields__
    assert decode(data, Shape) == decode(data.replace(b'"revision":1,', b""), Shape)


def test_a_stored_audit_entry_still_proves_itself() -> None:
    data = stored("audit.v1-full")

    assert hash_of(data) == decode(data, AuditEntry).hash
