"""Which day of a group was shared out last, and what was said then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from schemas import Allocation
from workers.allocator.draft import Draft
from workers.allocator.exchange import Rates
from workers.allocator.tables import (
    ALLOCATIONS,
    MEMBERS,
    TICKS,
    allocated_key,
    said_key,
    told_key,
)

_MOST: Final = 4_000
"""Ids that are kept in one record: some three hundred thousand bytes."""


class Allocated(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """The last allocation of a group."""

    day: int = -1
    """The local day that it was for."""
    by: str = TICKS
    """In whose table the ids are: of the agent that made it or, where pages are told one by one, of
    the one that tells them."""
    rates: tuple[Rates, ...] = ()
    """What its tree reckons with where it mixes currencies, the newest last."""
    pages: int = 0
    """How many records the ids of what was recommended take."""


class _First(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The first format, with all ids in it: what a new word takes the place of is left open."""

    day: int = -1
    ids: dict[bytes, bytes] = {}
    rates: tuple[Rates, ...] = ()


class ToldPages(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """How far those are told whose allocation comes in pages."""

    day: int = -1
    pages: int = 0
    """How many pages of that day are told."""
    kept: int = 0
    """How many pages of ids there are, of this day and of the one before."""

    @property
    def next(self) -> tuple[int, int]:
        """Return the day and the first page that are not told yet."""
        return self.day, self.pages


_TOLD: Final = msgspec.msgpack.Decoder(ToldPages)
_ALLOCATED: Final = msgspec.msgpack.Decoder(Allocated | _First)
_IDS: Final = msgspec.msgpack.Decoder(dict[bytes, bytes])


def allocated_of(draft: Draft, group: bytes) -> Allocated:
    """Return the last allocation, whichever of the two agents made it."""
    found = (_made_by(draft, agent, group) for agent in (MEMBERS, TICKS))
    made = [each for each in found if each is not None]
    return max(made, key=lambda each: each.day, default=Allocated())


def ids_of(draft: Draft, group: bytes, made: Allocated) -> Mapping[bytes, bytes]:
    """Return, by campaign, the id of what was recommended for it last."""
    ids: dict[bytes, bytes] = {}
    for key in _pages(group, made.pages):
        value = draft.read_of(made.by, key)
        if value is not None:
            ids.update(_IDS.decode(value))
    return ids


def told_of(draft: Draft, group: bytes) -> ToldPages:
    """Return how far a large group's members are told."""
    value = draft.read_of(ALLOCATIONS, told_key(group))
    return ToldPages() if value is None else _TOLD.decode(value)


def is_told(draft: Draft, group: bytes, made: Allocated, day: int) -> bool:
    """Return whether all that was allocated is told: what is said for ``day`` builds upon it.

    What is older than a day has expired: were pages of it lost, they would be waited for in vain.
    """
    if made.by != ALLOCATIONS or made.day < day - 1:
        return True
    return told_of(draft, group).next >= (made.day, made.pages)


def with_page(
    draft: Draft, page: Allocation, ids: Mapping[bytes, bytes]
) -> Mapping[bytes, bytes | None]:
    """Return what changes of the ids once a page is told; those of fewer pages are gone."""
    before, group = told_of(draft, page.key), page.key
    is_last = page.page + 1 == page.pages
    kept = page.pages if is_last else max(before.kept, page.page + 1)
    told = ToldPages(page.day, page.page + 1, kept)
    changed: dict[bytes, bytes | None] = {
        key: None
        for key in (said_key(group, at) for at in range(page.pages, before.kept) if is_last)
        if draft.read_of(ALLOCATIONS, key) is not None
    }
    changed[said_key(group, page.page)] = msgspec.msgpack.encode(dict(ids))
    changed[told_key(group)] = msgspec.msgpack.encode(told)
    return changed


def note_pages(draft: Draft, group: bytes, made: tuple[int, tuple[Rates, ...]], pages: int) -> None:
    """Keep the day that was allocated and its rates: its ids are another agent's."""
    _forget(draft, group)
    day, rates = made
    head = Allocated(day, ALLOCATIONS, rates, pages)
    draft.writes[allocated_key(group)] = msgspec.msgpack.encode(head)


def note(
    draft: Draft, group: bytes, made: tuple[int, tuple[Rates, ...]], ids: Mapping[bytes, bytes]
) -> None:
    """Keep the day that was allocated, its rates and the ids of what was recommended."""
    _forget(draft, group)
    draft.writes.update(rows(draft.agent, group, made, ids))


def _forget(draft: Draft, group: bytes) -> None:
    before = _made_by(draft, draft.agent, group)
    if before is not None and before.by == draft.agent:
        draft.writes.update(dict.fromkeys(_pages(group, before.pages)))


def rows(
    agent: str,
    group: bytes,
    made: tuple[int, tuple[Rates, ...]],
    ids: Mapping[bytes, bytes],
) -> dict[bytes, bytes]:
    """Return what an agent's table keeps of an allocation: its day and rates, and the ids."""
    day, rates = made
    parts = list(_parts(sorted(ids.items())))
    kept = {
        key: msgspec.msgpack.encode(dict(part))
        for key, part in zip(_pages(group, len(parts)), parts, strict=True)
    }
    head = Allocated(day, agent, rates, len(parts))
    return {allocated_key(group): msgspec.msgpack.encode(head), **kept}


def _made_by(draft: Draft, agent: str, group: bytes) -> Allocated | None:
    value = draft.read_of(agent, allocated_key(group))
    found = None if value is None else _ALLOCATED.decode(value)
    return Allocated(found.day, agent, found.rates) if isinstance(found, _First) else found


def _parts(ids: list[tuple[bytes, bytes]]) -> Iterable[list[tuple[bytes, bytes]]]:
    return (ids[at : at + _MOST] for at in range(0, len(ids), _MOST))


def _pages(group: bytes, count: int) -> Iterator[bytes]:
    return (said_key(group, at) for at in range(count))
