"""The verdict on an audit trail, partition by partition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workers.verify.faults import Fault, find_faults
from workers.verify.trail import AuditRecord, Trail


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionReport:
    """What was found in one partition."""

    partition: int
    records: int
    first_sequence: int | None
    """Number of the first intact entry; above 0 when the trail begins later than its chain."""
    last_sequence: int | None
    last_hash: str
    """First half of the last intact entry's hash. Whoever notes it and the number can tell later
    whether the end of the trail was cut off, which no trail shows by itself."""
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found in all partitions, in the order of their numbers."""

    partitions: tuple[PartitionReport, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    @property
    def records(self) -> int:
        """How many records were read."""
        return sum(each.records for each in self.partitions)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that is wrong."""
        return tuple(fault for each in self.partitions for fault in each.faults)


class Verifier:
    """Checks an audit trail as it is read; ``report`` gives the verdict."""

    def __init__(self, *, from_genesis: bool = False) -> None:
        """Insist on entry 0 in each partition if ``from_genesis``; else take any beginning."""
        self._from_genesis = from_genesis
        self._trails: dict[int, Trail] = {}

    def add(self, record: AuditRecord) -> None:
        """Take the next record; those of one partition in the order of their offsets."""
        trail = self._trails.get(record.partition)
        if trail is None:
            trail = self._trails[record.partition] = Trail(record.partition)
        trail.add(record)

    def report(self) -> Report:
        """Return the verdict on what was taken so far."""
        trails = sorted(self._trails.values(), key=lambda trail: trail.partition)
        reports = (_report(trail, from_genesis=self._from_genesis) for trail in trails)
        return Report(partitions=tuple(reports))


def verify(records: Iterable[AuditRecord], *, from_genesis: bool = False) -> Report:
    """Return the verdict on an audit trail: a `Verifier` for records that are at hand."""
    verifier = Verifier(from_genesis=from_genesis)
    for record in records:
        verifier.add(record)
    return verifier.report()


def _report(trail: Trail, *, from_genesis: bool) -> PartitionReport:
    chain, faults = find_faults(trail, from_genesis=from_genesis)
    end = chain[-1] if chain else None
    return PartitionReport(
        partition=trail.partition,
        records=trail.records,
        first_sequence=chain[0].first if chain else None,
        last_sequence=end.last if end else None,
        last_hash=end.run.hash_of(end.last).decode() if end else "",
        faults=tuple(faults),
    )
