"""Laws of proof: an untouched trail is intact, and whatever was done to one is found and named."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.audit import GENESIS, AuditEntry, AuditStatus, Mode, seal
from schemas.codec import canonical_bytes, decode
from tests.workers.executor.world import at
from workers.errors import UsageError, WorkerError
from workers.verify import AuditRecord, verify
from workers.verify.files import read_lines, write_line

LENGTH = 9


def an_entry(number: int, partition: int, campaign: str = "42") -> AuditEntry:
    return AuditEntry(
        platform="google",
        account_id="7",
        campaign_id=campaign,
        partition=partition,
        at=at(number),
        status=AuditStatus.SIMULATED,
        mode=Mode.SIMULATE,
        actor="ada",
        detail="Größe",
        entity_id=campaign,
        field="hourly_budget",
        before=Decimal(number),
        after=Decimal(number + 1),
        latency_seconds=Decimal("0.25"),
        versions={"plan": number},
    )


def a_trail(
    length: int = LENGTH, *, partition: int = 0, start: int = 0, campaign: str = "42"
) -> list[AuditRecord]:
    """Return a sealed trail; offsets have holes, as transaction markers make them."""
    previous, trail = GENESIS if start == 0 else "a" * 64, []
    for number in range(start, start + length):
        entry = seal(
            an_entry(number, partition, campaign),
            partition=partition,
            sequence=number,
            previous_hash=previous,
        )
        previous = entry.hash
        offset = 100 + 2 * (number - start)
        trail.append(AuditRecord(partition, offset, entry.key, canonical_bytes(entry)))
    return trail


def reseal(record: AuditRecord, **changes: object) -> AuditRecord:
    """Return an entry as a forger leaves it: changed, with a hash that fits the change."""
    entry = decode(record.value or b"", AuditEntry)
    forged = replace(entry, **changes)
    sealed = seal(
        forged,
        partition=forged.partition,
        sequence=forged.sequence,
        previous_hash=forged.previous_hash,
    )
    return record._replace(value=canonical_bytes(sealed))


def placed(records: list[AuditRecord]) -> list[AuditRecord]:
    """Return records at ascending offsets, in the order of the list."""
    return [record._replace(offset=100 + 2 * n) for n, record in enumerate(records)]


def found(records: list[AuditRecord], **options: bool) -> list[tuple[str, int | None, int | None]]:
    faults = verify(records, **options).faults
    assert all(fault.detail for fault in faults)
    return [(fault.kind.value, fault.offset, fault.sequence) for fault in faults]


def test_an_untouched_trail_is_intact() -> None:
    report = verify([*a_trail(), *a_trail(3, partition=1)], from_genesis=True)

    assert report.intact
    assert report.records == LENGTH + 3
    assert [(p.partition, p.first_sequence, p.last_sequence) for p in report.partitions] == [
        (0, 0, LENGTH - 1),
        (1, 0, 2),
    ]


def test_partitions_may_be_read_in_turns() -> None:
    mixed = [r for pair in zip(a_trail(), a_trail(partition=1), strict=True) for r in pair]

    assert verify(mixed, from_genesis=True).intact


def test_nothing_is_intact() -> None:
    assert verify([]).intact


def test_a_trail_may_begin_later_unless_it_is_asked_to_begin_with_entry_0() -> None:
    trail = a_trail()[4:]

    assert verify(trail).intact
    assert verify(trail).partitions[0].first_sequence == 4
    assert found(trail, from_genesis=True) == [("missing", trail[0].offset, 0)]


@given(
    number=st.integers(0, LENGTH - 1),
    position=st.integers(0, 10_000),
    change=st.integers(1, 255),
    from_genesis=st.booleans(),
)
def test_any_edit_of_a_single_byte_is_found_and_named(
    number: int,
    position: int,
    change: int,
    from_genesis: bool,  # noqa: FBT001 -- hypothesis
) -> None:
    trail = a_trail()
    value = bytearray(trail[number].value or b"")
    value[position % len(value)] ^= change
    trail[number] = trail[number]._replace(value=bytes(value))

    (fault,) = found(trail, from_genesis=from_genesis)
    assert fault[1] == trail[number].offset
    if number < LENGTH - 1 and (from_genesis or number > 0):
        assert fault[0] in {"edited", "unreadable"}
        assert fault[2] == number


@given(number=st.integers(0, LENGTH - 1), position=st.integers(0, 10), change=st.integers(1, 255))
def test_any_edit_of_a_key_is_found_and_named(number: int, position: int, change: int) -> None:
    trail = a_trail()
    key = bytearray(trail[number].key or b"")
    key[position] ^= change
    trail[number] = trail[number]._replace(key=bytes(key))

    assert found(trail, from_genesis=True) == [("edited", trail[number].offset, number)]


@given(number=st.integers(1, LENGTH - 2), position=st.integers(0, 10_000), size=st.integers(1, 40))
def test_any_cut_inside_an_entry_is_found_and_named(number: int, position: int, size: int) -> None:
    trail = a_trail()
    value = trail[number].value or b""
    start = position % len(value)
    trail[number] = trail[number]._replace(value=value[:start] + value[start + size :])

    (fault,) = found(trail)
    assert fault[1:] == (trail[number].offset, number)


@given(first=st.integers(1, LENGTH - 2), count=st.integers(1, 3))
def test_missing_entries_are_found_and_named_together(first: int, count: int) -> None:
    trail = a_trail()
    del trail[first : min(first + count, LENGTH - 1)]

    assert found(trail) == [("missing", trail[first].offset, first)]


@given(number=st.integers(1, LENGTH - 3))
def test_two_neighbours_that_changed_places_are_found_and_named(number: int) -> None:
    trail = a_trail()
    trail[number], trail[number + 1] = trail[number + 1], trail[number]
    trail = placed(trail)

    faults = found(trail, from_genesis=True)
    assert {kind for kind, _, _ in faults} == {"swapped"}
    assert ("swapped", trail[number + 1].offset, number) in faults


@given(number=st.integers(0, LENGTH - 1), to=st.integers(0, LENGTH - 1))
def test_an_entry_that_was_moved_is_found(number: int, to: int) -> None:
    trail = a_trail()
    trail.insert(to, trail.pop(number))
    faults = found(placed(trail), from_genesis=True)

    if number == to:
        assert faults == []
    else:
        assert {kind for kind, _, _ in faults} == {"swapped"}


@given(number=st.integers(0, LENGTH - 1), to=st.integers(0, LENGTH))
def test_a_repeated_entry_is_found_and_named(number: int, to: int) -> None:
    trail = a_trail()
    trail.insert(to, trail[number])
    (fault,) = found(placed(trail), from_genesis=True)

    assert (fault[0], fault[2]) == ("duplicated", number)


@given(to=st.integers(0, LENGTH), value=st.sampled_from([b"", b"{}", b"[]", b"\xff", None]))
def test_a_record_that_is_no_entry_is_found_where_it_is(to: int, value: bytes | None) -> None:
    trail = a_trail()
    trail.insert(to, AuditRecord(0, 0, b"google:7:42", value))
    trail = placed(trail)
    (fault,) = found(trail, from_genesis=True)

    assert fault == ("foreign" if value == b"{}" else "unreadable", trail[to].offset, None)


def test_an_entry_of_another_partition_is_foreign_and_the_one_it_replaced_is_missing() -> None:
    trail = a_trail()
    trail[3] = a_trail(partition=1)[3]._replace(partition=0)

    assert found(trail) == [
        ("foreign", trail[3].offset, 3),
        ("missing", trail[4].offset, 3),
    ]


@given(cut=st.integers(1, LENGTH - 1))
def test_another_chain_in_the_same_partition_is_foreign(cut: int) -> None:
    own, other = a_trail(), a_trail(4, campaign="43")
    faults = found(placed([*own[:cut], *other, *own[cut:]]), from_genesis=True)

    assert [(kind, number) for kind, _, number in faults] == [("foreign", n) for n in range(4)]


@given(number=st.integers(0, LENGTH - 2))
def test_an_entry_that_was_written_anew_with_a_good_hash_is_found_and_named(number: int) -> None:
    trail = a_trail()
    trail[number] = reseal(trail[number], after=Decimal(1_000_000))

    assert found(trail, from_genesis=True) == [("edited", trail[number].offset, number)]


@given(number=st.integers(1, LENGTH - 2))
def test_an_entry_that_names_another_one_before_it_is_found_and_named(number: int) -> None:
    trail = a_trail()
    trail[number] = reseal(trail[number], previous_hash="b" * 64)

    assert found(trail, from_genesis=True) == [("edited", trail[number].offset, number)]


def test_a_chain_that_was_begun_anew_from_something_else_is_found() -> None:
    trail = a_trail(3)
    trail[0] = reseal(trail[0], previous_hash="b" * 64)

    assert ("edited", trail[0].offset, 0) in found(trail)


def test_several_faults_are_all_found() -> None:
    trail = a_trail(20)
    trail[2] = trail[2]._replace(value=(trail[2].value or b"").replace(b"ada", b"bob"))
    trail[15], trail[16] = trail[16], trail[15]
    trail = placed(trail)
    del trail[6:9]
    faults = found(trail, from_genesis=True)

    assert ("edited", trail[2].offset, 2) in faults
    assert ("missing", trail[6].offset, 6) in faults
    assert {kind for kind, _, _ in faults} == {"edited", "missing", "swapped"}


def test_the_same_content_in_other_bytes_is_an_edit() -> None:
    trail = a_trail()
    trail[1] = trail[1]._replace(value=(trail[1].value or b"").replace(b'":', b'": ', 1))

    assert found(trail) == [("edited", trail[1].offset, 1)]


def test_an_export_has_every_byte_of_the_trail(tmp_path: Path) -> None:
    trail = [
        *a_trail(),
        AuditRecord(1, 5, None, None),
        AuditRecord(1, 6, b"\xff", b"\x00\xfe"),
        AuditRecord(1, 7, b"", b""),
    ]
    path = tmp_path / "trail.jsonl"
    with path.open("wb") as file:
        for record in trail:
            write_line(file, record)

    assert list(read_lines(path)) == trail


@pytest.mark.parametrize("line", ["{", "[]", '{"partition":0}', '{"partition":0,"offset":1,"x":2}'])
def test_a_damaged_export_is_refused_with_the_line_s_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "trail.jsonl"
    path.write_text('{"partition":0,"offset":1}\n' + line + "\n")

    with pytest.raises(WorkerError, match=r"line 2 of .*trail\.jsonl is not a line of an export"):
        list(read_lines(path))


def test_an_export_that_is_not_there_is_a_mistake_of_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        list(read_lines(tmp_path / "none"))
