"""Which day of a group was shared out last, and what was said then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from workers.allocator.draft import Draft
from workers.allocator.exchange import Rates
from workers.allocator.tables import MEMBERS, TICKS, allocated_key, said_key

_MOST: Final = 4_000
"""Ids that are kept in one record: some three hundred thousand bytes."""


class Allocated(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """The last allocation of a group."""

    day: int = -1
    """The local day that it was for."""
    by: str = TICKS
    """The agent that made it, in whose table all of it is."""
    rates: tuple[Rates, ...] = ()
    """What its tree reckons with where it mixes currencies, the newest last."""
    pages: int = 0
    """How many records the ids of what was recommended take."""


class _First(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The first format, with all ids in it: what a new word takes the place of is left open."""

    day: int = -1
    ids: dict[bytes, bytes] = {}
    rates: tuple[Rates, ...] = ()


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


def note(
    draft: Draft, group: bytes, made: tuple[int, tuple[Rates, ...]], ids: Mapping[bytes, bytes]
) -> None:
    """Keep the day that was allocated, its rates and the ids of what was recommended."""
    before = _made_by(draft, draft.agent, group)
    if before is not None:
        draft.writes.update(dict.fromkeys(_pages(group, before.pages)))
    draft.writes.update(rows(draft.agent, group, made, ids))


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
