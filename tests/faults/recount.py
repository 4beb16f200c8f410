"""What the counting worker must have written, counted anew from the sources alone.

Everything is compared as a list, in the order of the log: what is missing, repeated or out of order
shows, and so does what was counted twice or not at all, because each count carries a digest of all
events of its key before it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord, TopicPartition

from tests.faults.topics import PARTITIONS, Topics, read

Log = Mapping[int, Sequence[ConsumerRecord]]


@dataclass
class Expected:
    """What there must be in one partition."""

    counts: list[tuple[bytes, bytes]] = field(default_factory=list)
    tallied: list[tuple[bytes, bytes]] = field(default_factory=list)
    """The journal's entries of tally; those of notes may lie anywhere between them."""
    elsewhere: list[tuple[bytes, bytes]] = field(default_factory=list)
    unreadable: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    table: dict[bytes, bytes] = field(default_factory=dict)


def expect(records: Iterable[ConsumerRecord]) -> Expected:
    """Count one partition of the events."""
    expected = Expected()
    counted: dict[bytes, tuple[int, int, str]] = {}
    for record in records:
        digits = record.value.split(b" ")[0]
        if not digits.isdigit():
            expected.unreadable.append((record.key, record.value, record.offset))
            continue
        count, total, digest = counted.get(record.key, (0, 0, "-"))
        digest = hashlib.blake2b(digest.encode() + digits, digest_size=8).hexdigest()
        count, total = count + 1, total + int(digits)
        counted[record.key] = count, total, digest
        expected.table[record.key] = b"%d %d %s" % (count, total, digest.encode())
        expected.counts.append((record.key, expected.table[record.key]))
        if count % 50 == 0:
            expected.tallied.append((record.key, b"tally %d" % count))
        if count % 100 == 0:
            expected.elsewhere.append((record.key, b"%d" % count))
    return expected


async def assert_exactly_once(
    bootstrap: str,
    topics: Topics,
    *,
    applied: Mapping[TopicPartition, int] | None = None,
    events: Log | None = None,
) -> None:
    """Compare everything that the worker wrote, read committed, with what there must be.

    ``applied`` are the committed offsets, where not all is applied yet; ``events`` are the events
    that count, where the topic does not hold them any more.
    """
    known = {topics.events: events or await read(bootstrap, topics.events)}
    known[topics.notes] = await read(bootstrap, topics.notes)
    if applied is not None:
        known = {topic: _before(applied, topic, log) for topic, log in known.items()}
    expected = {number: expect(records) for number, records in known[topics.events].items()}
    await _assert_outputs(bootstrap, topics, expected)
    await _assert_dead_letters(bootstrap, topics, expected)
    await _assert_tables(bootstrap, topics, expected, known[topics.notes])
    await _assert_journal(bootstrap, topics, expected, known[topics.notes])


def _before(applied: Mapping[TopicPartition, int], topic: str, log: Log) -> Log:
    return {
        number: [one for one in records if one.offset < applied[TopicPartition(topic, number)]]
        for number, records in log.items()
    }


async def _assert_outputs(bootstrap: str, topics: Topics, expected: Mapping[int, Expected]) -> None:
    for number, records in (await read(bootstrap, topics.counts)).items():
        told = [(record.key, *record.value.rsplit(b" ", 2)) for record in records]
        _assert_same(
            topics.counts, number, [(k, v) for k, v, _, _ in told], expected[number].counts
        )
        assert {whole for *_, whole in told} <= {b"whole"}, "a step saw half of another lane's step"
    for number, records in (await read(bootstrap, topics.elsewhere)).items():
        source = expected[(number - 1) % PARTITIONS]
        got = [(record.key, record.value) for record in records]
        _assert_same(topics.elsewhere, number, got, source.elsewhere)


async def _assert_dead_letters(
    bootstrap: str, topics: Topics, expected: Mapping[int, Expected]
) -> None:
    for number, records in (await read(bootstrap, topics.unreadable)).items():
        got = [
            (record.key, record.value, int(dict(record.headers)["pacekeeper-dead-letter-offset"]))
            for record in records
        ]
        _assert_same(topics.unreadable, number, got, expected[number].unreadable)


async def _assert_tables(
    bootstrap: str, topics: Topics, expected: Mapping[int, Expected], noted: Log
) -> None:
    tally = await table(bootstrap, topics.changelog("tally"))
    assert tally == {number: each.table for number, each in expected.items()}, "tally's table"
    notes = {number: _last(log) for number, log in noted.items()}
    twice = {
        number: kept | {key + b"'": value for key, value in kept.items()}
        for number, kept in notes.items()
    }
    assert await table(bootstrap, topics.changelog("notes")) == twice, "the table of notes"


async def _assert_journal(
    bootstrap: str, topics: Topics, expected: Mapping[int, Expected], notes: Log
) -> None:
    heads = await table(bootstrap, topics.changelog("journal"))
    for number, records in (await read(bootstrap, topics.journal)).items():
        entries = [(record.key, record.value) for record in records]
        by_agent: dict[bytes, list[tuple[bytes, bytes]]] = defaultdict(list)
        for key, value in entries:
            by_agent[value.split(b" ")[0]].append((key, value))
        noted = [(note.key, b"note %s" % (note.value or b"deleted")) for note in notes[number]]
        _assert_same(topics.journal, number, by_agent[b"tally"], expected[number].tallied)
        _assert_same(topics.journal, number, by_agent[b"note"], noted)
        assert len(entries) == len(by_agent[b"tally"]) + len(by_agent[b"note"])
        assert _assert_chain(number, records) == heads[number].get(b"head"), "the stored head"


def _assert_chain(number: int, records: Sequence[ConsumerRecord]) -> bytes | None:
    head: bytes | None = None
    for place, record in enumerate(records):
        said = (head or b"") + record.key + record.value
        head = hashlib.blake2b(said, digest_size=16).hexdigest().encode()
        assert dict(record.headers)["hash"] == head, f"the chain of {number} breaks at {place}"
    return head


async def table(bootstrap: str, changelog: str) -> dict[int, dict[bytes, bytes]]:
    """Return the table that a changelog restores, by partition."""
    return {number: _last(log) for number, log in (await read(bootstrap, changelog)).items()}


def _last(records: Iterable[ConsumerRecord]) -> dict[bytes, bytes]:
    latest = {record.key: record.value for record in records}
    return {key: value for key, value in latest.items() if value is not None}


def _assert_same(topic: str, number: int, got: Sequence[object], wanted: Sequence[object]) -> None:
    if got == wanted:
        return
    at = next(
        (i for i, (one, other) in enumerate(zip(got, wanted, strict=False)) if one != other),
        min(len(got), len(wanted)),
    )
    raise AssertionError(
        f"{topic}[{number}]: {len(got)} records where {len(wanted)} must be; they differ from "
        f"number {at} on: {got[at : at + 3]} instead of {wanted[at : at + 3]}"
    )


async def ends(bootstrap: str, topics: Sequence[str]) -> dict[TopicPartition, int]:
    """Return, by partition with records, the offset behind the last committed one."""
    return {
        TopicPartition(topic, number): records[-1].offset + 1
        for topic in topics
        for number, records in (await read(bootstrap, topic)).items()
        if records
    }
