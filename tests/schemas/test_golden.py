"""What was stored once must always be readable, and must say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas import AuditEntry, decode, encode, hash_of
from tests.schemas.golden import FILES, RECORDS, record_type, stored


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_stored_bytes_of_version_1_decode_and_lose_nothing(file: Path) -> None:
    said = json.loads(file.read_bytes())

    read = json.loads(encode(decode(file.read_bytes(), record_type(file))))

    assert read == {"schema_version": 1, **said}


def test_every_record_has_stored_bytes_to_be_held_against() -> None:
    assert {record_type(file) for file in FILES} == set(RECORDS.values())
    assert len(FILES) >= 23


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


def test_a_stored_audit_entry_still_proves_itself() -> None:
    data = stored("audit.v1-full")

    assert hash_of(data) == decode(data, AuditEntry).hash
