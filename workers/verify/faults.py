"""What was done to a trail: every break in its chain explained, with place and number."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from schemas.audit import GENESIS
from workers.verify.trail import FINGERPRINT, Broken, Flaw, Run, Trail


class FaultKind(StrEnum):
    """What was done to an entry."""

    EDITED = "edited"
    MISSING = "missing"
    SWAPPED = "swapped"
    DUPLICATED = "duplicated"
    FOREIGN = "foreign"
    """It was never part of this partition's chain."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong, where, and what should be there."""

    kind: FaultKind
    partition: int
    offset: int | None
    """Where it is stored; of missing entries, where the next one is stored."""
    sequence: int | None
    """Number of the entry, or of the first missing one; None when it cannot be told."""
    detail: str


class Stretch(NamedTuple):
    """Entries ``first`` to ``last`` of a run: the part of it that stands for these numbers."""

    run: Run
    first: int
    last: int

    @property
    def starts_at(self) -> int:
        """Offset of the first of them."""
        return self.run.offset_of(self.first)

    @property
    def ends_at(self) -> int:
        """Offset of the last of them."""
        return self.run.offset_of(self.last)


@dataclass(slots=True)
class Gap:
    """Numbers that no intact entry has, between two that are there."""

    first: int
    last: int
    after: int
    before: int
    filled: set[int] = field(default_factory=set)

    def room(self) -> int | None:
        """Return the first number that nothing stands for."""
        number = self.first
        while number in self.filled:
            number += 1
        return number if number <= self.last else None

    def missing(self) -> Iterator[tuple[int, int]]:
        """Yield first and last of the numbers that nothing stands for."""
        edges = [self.first - 1, *sorted(self.filled), self.last + 1]
        for before, after in pairwise(edges):
            if after - before > 1:
                yield before + 1, after - 1


def find_faults(trail: Trail, *, from_genesis: bool) -> tuple[Sequence[Stretch], list[Fault]]:
    """Return the chain as far as it is intact, and all that is wrong with the trail.

    Parameters
    ----------
    trail
        What was read of the partition.
    from_genesis
        Whether entry 0 must be there. Otherwise the trail may begin anywhere: retention, or an
        export of a part.
    """
    chain, faults = _chain(trail)
    gaps = list(_gaps(chain, from_genesis=from_genesis))
    faults += _joins(trail.partition, chain)
    faults += _broken(trail, gaps)
    for gap in gaps:
        for first, last in gap.missing():
            which = f"entry {first}" if first == last else f"entries {first} to {last}"
            text = f"{which} should stand before offset {gap.before}"
            faults.append(_fault(FaultKind.MISSING, trail.partition, gap.before, first, text))
    return chain, sorted(faults, key=lambda fault: (fault.offset or 0, fault.sequence or 0))


def _chain(trail: Trail) -> tuple[list[Stretch], list[Fault]]:
    """Return one stretch for every number, longer runs first, and what is left over."""
    chain: list[Stretch] = []
    faults: list[Fault] = []
    for run in sorted(trail.runs, key=lambda run: (-len(run.offsets), run.offsets[0])):
        start = run.first
        for taken in _overlapping(chain, run):
            faults += _rivals(trail.partition, run, taken)
            if start < taken.first:
                _insert(chain, Stretch(run, start, taken.first - 1))
            start = taken.last + 1
        if start <= run.last:
            _insert(chain, Stretch(run, start, run.last))
    return chain, faults


def _overlapping(chain: list[Stretch], run: Run) -> list[Stretch]:
    begin = bisect(chain, run.first, key=lambda stretch: stretch.last + 1)
    end = bisect(chain, run.last, key=lambda stretch: stretch.first)
    return chain[begin:end]


def _insert(chain: list[Stretch], stretch: Stretch) -> None:
    chain.insert(bisect(chain, stretch.first, key=lambda each: each.first), stretch)


def _rivals(partition: int, run: Run, taken: Stretch) -> Iterator[Fault]:
    """Yield the entries of ``run`` whose numbers are taken: the same again, or others."""
    for number in range(max(run.first, taken.first), min(run.last, taken.last) + 1):
        offset, there = run.offset_of(number), taken.run.offset_of(number)
        if run.hash_of(number) == taken.run.hash_of(number):
            text = f"entry {number} is at offset {there} already"
            yield _fault(FaultKind.DUPLICATED, partition, offset, number, text)
        else:
            text = f"entry {number} of this chain is at offset {there}, this is another one"
            yield _fault(FaultKind.FOREIGN, partition, offset, number, text)


def _gaps(chain: Sequence[Stretch], *, from_genesis: bool) -> Iterator[Gap]:
    if from_genesis and chain and chain[0].first > 0:
        yield Gap(0, chain[0].first - 1, -1, chain[0].starts_at)
    for left, right in pairwise(chain):
        if right.first - left.last > 1:
            yield Gap(left.last + 1, right.first - 1, left.ends_at, right.starts_at)


def _joins(partition: int, chain: Sequence[Stretch]) -> Iterator[Fault]:
    """Yield where stretches that follow each other are out of order or do not fit."""
    if chain and chain[0].first == 0 and chain[0].run.previous != GENESIS[:FINGERPRINT]:
        text = "entry 0 must name 64 zeros as the hash before it"
        yield _fault(FaultKind.EDITED, partition, chain[0].starts_at, 0, text)
    for left, right in pairwise(chain):
        if right.starts_at < left.ends_at:
            text = f"entry {left.last} stands behind entry {right.first} (offset {right.starts_at})"
            yield _fault(FaultKind.SWAPPED, partition, left.ends_at, left.last, text)
    yield from _misfits(partition, chain)


def _misfits(partition: int, chain: Sequence[Stretch]) -> Iterator[Fault]:
    """Yield entries that were written anew: their hash is good, but not what the next one names."""
    unfit = {n for n, (left, right) in enumerate(pairwise(chain)) if not _fits(left, right)}
    for n in sorted(unfit):
        left, right = chain[n], chain[n + 1]
        # One that fits neither side was written anew itself, not the one before it.
        if n + 1 in unfit and right.first == right.last:
            continue
        text = f"its hash is not the one that entry {right.first} names as the one before it"
        yield _fault(FaultKind.EDITED, partition, left.ends_at, left.last, text)


def _fits(left: Stretch, right: Stretch) -> bool:
    apart = left.last + 1 != right.first
    return apart or left.run.hash_of(left.last) == right.run.hash_of(right.first - 1)


def _broken(trail: Trail, gaps: Sequence[Gap]) -> Iterator[Fault]:
    """Yield the records that are no links, each as the missing entry that it stands for."""
    # What an entry says of itself goes before where it stands.
    claims = [_claim(broken, gaps) for broken in trail.broken]
    for broken, claim in zip(trail.broken, claims, strict=True):
        number = _place(broken, gaps) if claim is None else claim
        yield _explain(trail.partition, broken, number)


def _claim(broken: Broken, gaps: Iterable[Gap]) -> int | None:
    """Give a record the number that it claims, if that is free."""
    number = broken.number
    if number is None or broken.flaw is Flaw.ELSEWHERE:
        return None
    for gap in gaps:
        if gap.first <= number <= gap.last and number not in gap.filled:
            gap.filled.add(number)
            return number
    return None


def _place(broken: Broken, gaps: Iterable[Gap]) -> int | None:
    """Give a record the free number of the place where it stands."""
    if broken.flaw is Flaw.ELSEWHERE:
        return None
    for gap in gaps:
        number = gap.room() if gap.after < broken.offset < gap.before else None
        if number is not None:
            gap.filled.add(number)
            return number
    return None


def _explain(partition: int, broken: Broken, number: int | None) -> Fault:
    kind = {
        Flaw.UNREADABLE: FaultKind.UNREADABLE,
        Flaw.BROKEN: FaultKind.EDITED,
        Flaw.ELSEWHERE: FaultKind.FOREIGN,
        Flaw.UNSEALED: FaultKind.FOREIGN if number is None else FaultKind.EDITED,
    }[broken.flaw]
    sequence = broken.number if number is None else number
    expected = "" if number is None else f"; entry {number} should be here"
    return _fault(kind, partition, broken.offset, sequence, broken.detail + expected)


def _fault(
    kind: FaultKind, partition: int, offset: int, sequence: int | None, detail: str
) -> Fault:
    return Fault(kind=kind, partition=partition, offset=offset, sequence=sequence, detail=detail)
