"""One partition of the audit trail, read once: the stretches of it that hang together.

An untouched trail is one run. Whatever was done to it breaks it into several, or leaves records
that are part of none, so that what is to be judged is small however long the trail is: about 40
bytes are kept per entry.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from workers.executor.chain import Head, seal_entry

FINGERPRINT = 32
"""Characters of a hash that are kept: 128 bits."""


class AuditRecord(NamedTuple):
    """One record of the topic, as bytes."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


class Flaw(StrEnum):
    """Why a record is no link of a chain."""

    UNREADABLE = "unreadable"
    UNSEALED = "unsealed"
    """An object of JSON without number or hashes."""
    BROKEN = "broken"
    """Its hash is not that of its bytes, or its key is not that of its campaign."""
    ELSEWHERE = "elsewhere"
    """It was sealed for another partition."""


class Broken(NamedTuple):
    """A record that is no link of this partition's chain."""

    offset: int
    flaw: Flaw
    number: int | None
    """The number that it claims."""
    detail: str


class Link(NamedTuple):
    """A record whose seal holds."""

    number: int
    previous: str
    hash: str


@dataclass(slots=True)
class Run:
    """Entries of which each names the one before."""

    first: int
    previous: str
    """Fingerprint of the hash that the first entry names as the one before it."""
    offsets: array[int] = field(default_factory=lambda: array("q"))
    hashes: bytearray = field(default_factory=bytearray)

    @property
    def last(self) -> int:
        """Number of the last entry."""
        return self.first + len(self.offsets) - 1

    def add(self, offset: int, own: str) -> None:
        """Add the next entry."""
        self.offsets.append(offset)
        self.hashes += own[:FINGERPRINT].encode()

    def offset_of(self, number: int) -> int:
        """Return where entry ``number`` is stored."""
        return self.offsets[number - self.first]

    def hash_of(self, number: int) -> bytes:
        """Return the fingerprint of entry ``number``; of the one before the first too."""
        if number < self.first:
            return self.previous.encode()
        start = (number - self.first) * FINGERPRINT
        return bytes(self.hashes[start : start + FINGERPRINT])


@dataclass(slots=True)
class Trail:
    """What was read of one partition, in the order of its offsets."""

    partition: int
    runs: list[Run] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    records: int = 0
    _ends: dict[str, Run] = field(default_factory=dict)

    def add(self, record: AuditRecord) -> None:
        """Take the next record."""
        self.records += 1
        found = _judge(record)
        if isinstance(found, Broken):
            self.broken.append(found)
            return
        run = self._ends.get(found.previous)
        if run is not None and run.last + 1 == found.number:
            # Of two equal entries, the one that continues a run is the one in its place.
            self._ends[found.hash] = self._ends.pop(found.previous)
        else:
            run = Run(found.number, found.previous[:FINGERPRINT])
            self.runs.append(run)
            self._ends.setdefault(found.hash, run)
        run.add(record.offset, found.hash)


def _judge(record: AuditRecord) -> Link | Broken:
    """Return the link that a record is, or why it is none."""
    try:
        entry = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError as error:
        return Broken(record.offset, Flaw.UNREADABLE, None, f"is not JSON: {error}")
    if not isinstance(entry, dict):
        return Broken(record.offset, Flaw.UNREADABLE, None, "is not an object of JSON")
    number = entry.get("sequence", 0)
    previous, own = entry.get("previous_hash"), entry.get("hash")
    numbered = type(number) is int and number >= 0
    if not (numbered and isinstance(previous, str) and isinstance(own, str)):
        detail = "has no number and hashes as the executor writes them"
        return Broken(record.offset, Flaw.UNSEALED, None, detail)
    flaw = _flaw(record, entry, Head(number - 1, previous))
    return Broken(record.offset, flaw[0], number, flaw[1]) if flaw else Link(number, previous, own)


def _flaw(record: AuditRecord, entry: dict[str, Any], before: Head) -> tuple[Flaw, str] | None:
    try:
        head, expected = seal_entry(entry, before)
    except orjson.JSONEncodeError as error:
        return Flaw.UNREADABLE, f"cannot be written as canonical JSON: {error}"
    if expected != record.value:
        detail = f"its content has the hash {head.hash}, it carries {entry['hash']}"
        if head.hash == entry["hash"]:
            detail = "its content is that of its hash, but is written in other bytes"
        return Flaw.BROKEN, detail
    if entry.get("partition", 0) != record.partition:
        return Flaw.ELSEWHERE, f"was sealed for partition {entry.get('partition', 0)}"
    names = (entry.get("platform"), entry.get("account_id"), entry.get("campaign_id"))
    key = ":".join(map(str, names)).encode()
    if key != record.key:
        return Flaw.BROKEN, f"its key is {record.key!r}, that of its campaign is {key!r}"
    return None
