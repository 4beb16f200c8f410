"""Who is in a group: a head that says how many closed which day last, and pages of names.

A closed day that is told touches the head and one page, however many members there are. Pages split
in two, all at once, where one has too many names; which page a name is on is said by its checksum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import msgspec

from workers.allocator.draft import Draft
from workers.allocator.tables import MEMBERS, page_key, roster_key

ACTIVE_DAYS: Final = 7
"""Days of silence after which a member is one no longer: nothing is kept for it."""

PAGE: Final = 400
"""Most names of a page: some ten thousand bytes, and a hundred thousand at most."""


class Head(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """What is known of a group's members without their names."""

    offset: int = -1
    """Of the newest row that was taken."""
    depth: int = 0
    """There are two to this power of pages."""
    days: dict[int, int] = {}
    """By closed day, days since 1970-01-01: of how many members it is the newest one."""

    def active(self, day: int) -> int:
        """Return how many take part in what is shared out for a local day."""
        return sum(count for last, count in self.days.items() if last >= day - ACTIVE_DAYS)

    def late(self, day: int) -> int:
        """Return of how many of these the day before ``day`` is not closed."""
        return self.active(day) - self.active(day - 1 + ACTIVE_DAYS)


class _Whole(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """All members in one value, as the first format had them."""

    newest: dict[bytes, int] = {}
    offset: int = -1


@dataclass(frozen=True, slots=True)
class Roster:
    """The members of a group, active or not."""

    newest: Mapping[bytes, int]
    """Newest closed day of each campaign, days since 1970-01-01."""
    offset: int
    """Of the newest row that was taken."""

    def active(self, day: int) -> list[bytes]:
        """Return who takes part in what is shared out for a local day, in order."""
        return sorted(key for key, last in self.newest.items() if last >= day - ACTIVE_DAYS)


_HEAD: Final = msgspec.msgpack.Decoder(Head | _Whole)
_PAGE: Final = msgspec.msgpack.Decoder(dict[bytes, int])
_NOBODY: Final = Head()


def head_of(draft: Draft, group: bytes) -> Head:
    """Return what is known of a group's members without their names."""
    found = _stored(draft, group)
    if isinstance(found, _Whole):
        return Head(found.offset, 0, dict(sorted(Counter(found.newest.values()).items())))
    return found


def roster_of(draft: Draft, group: bytes) -> Roster:
    """Return all members of a group."""
    head = _stored(draft, group)
    if isinstance(head, _Whole):
        return Roster(head.newest, head.offset)
    newest: dict[bytes, int] = {}
    for key in _pages(group, head.depth):
        newest.update(_page(draft, key))
    return Roster(newest, head.offset)


def enrol(draft: Draft, group: bytes, campaign: bytes, row: tuple[int, int]) -> None:
    """Note a member's closed day; ``row`` is the day and the offset of its record."""
    day, offset = row
    head = _paged(draft, group)
    key = page_key(group, head.depth, page_of(campaign, head.depth))
    page = _page(draft, key)
    before = page.get(campaign)
    newest = day if before is None else max(day, before)
    days = dict(head.days)
    if newest != before:
        _move(days, before, newest)
        page[campaign] = newest
        _write(draft, key, page)
    head = Head(max(offset, head.offset), head.depth, dict(sorted(days.items())))
    if len(page) > PAGE:
        head = _spread(draft, group, head)
    draft.writes[roster_key(group)] = msgspec.msgpack.encode(head)


def without_older(draft: Draft, group: bytes, days: int) -> list[bytes]:
    """Take members off that are so far behind the newest one; return who they were."""
    head = head_of(draft, group)
    oldest = max(head.days) - days
    if min(head.days) >= oldest:
        return []
    gone: list[bytes] = []
    for key in _pages(group, head.depth):
        page = _page(draft, key)
        old = [each for each, last in page.items() if last < oldest]
        if old:
            _write(draft, key, {each: page[each] for each in page if page[each] >= oldest})
            gone += old
    left = {last: count for last, count in head.days.items() if last >= oldest}
    draft.writes[roster_key(group)] = msgspec.msgpack.encode(Head(head.offset, head.depth, left))
    return gone


def page_of(campaign: bytes, depth: int) -> int:
    """Return which of two to the power ``depth`` pages a name is on."""
    return crc32(campaign) & ((1 << depth) - 1)


def _stored(draft: Draft, group: bytes) -> Head | _Whole:
    value = draft.read_of(MEMBERS, roster_key(group))
    return _NOBODY if value is None else _HEAD.decode(value)


def _paged(draft: Draft, group: bytes) -> Head:
    """Return the head of a group's pages; write these where all was one value."""
    whole, head = _stored(draft, group), head_of(draft, group)
    if isinstance(whole, _Whole):
        _write(draft, page_key(group, 0, 0), whole.newest)
        draft.writes[roster_key(group)] = msgspec.msgpack.encode(head)
        head = _spread(draft, group, head)
        draft.writes[roster_key(group)] = msgspec.msgpack.encode(head)
    return head


def _move(days: dict[int, int], before: int | None, newest: int) -> None:
    """Count a member at its newest day, and no longer where it was."""
    days[newest] = days.get(newest, 0) + 1
    if before is not None:
        days[before] -= 1
        if not days[before]:
            del days[before]


def _spread(draft: Draft, group: bytes, head: Head) -> Head:
    """Split all pages until none has too many names."""
    names = roster_of(draft, group).newest
    depth, pages = head.depth, [dict(names)]
    while max(map(len, pages)) > PAGE:
        depth += 1
        pages = [{} for _ in range(1 << depth)]
        for campaign, last in names.items():
            pages[page_of(campaign, depth)][campaign] = last
    for key in _pages(group, head.depth):
        draft.writes[key] = None
    for key, page in zip(_pages(group, depth), pages, strict=True):
        _write(draft, key, page)
    return msgspec.structs.replace(head, depth=depth)


def _pages(group: bytes, depth: int) -> Iterator[bytes]:
    return (page_key(group, depth, at) for at in range(1 << depth))


def _page(draft: Draft, key: bytes) -> dict[bytes, int]:
    value = draft.read_of(MEMBERS, key)
    return {} if value is None else _PAGE.decode(value)


def _write(draft: Draft, key: bytes, page: Mapping[bytes, int]) -> None:
    in_order = dict(sorted(page.items()))
    draft.writes[key] = msgspec.msgpack.encode(in_order) if page else None
