"""Who takes part in what is shared out over a tree: the members of all of its groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from engine.arrays import Rows
from workers.allocator.draft import Draft
from workers.allocator.member_rows import unpack
from workers.allocator.past import past_of
from workers.allocator.rosters import Roster, head_of, roster_of
from workers.allocator.tables import MEMBERS, member_key
from workers.allocator.trees import Tree

_MAY_HAVE_MOVED: Final = 8
"""Members that seem late in a tree of many because they went to another group of it."""

_MANY: Final = 2_000
"""Members of a tree whose names take longer to read than it is worth at each closed day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The members of a tree's groups on the eve of a local day."""

    keys: tuple[bytes, ...]
    """By group its key."""
    rosters: tuple[Roster, ...]
    """By group who is in it, active or not."""
    active: tuple[list[bytes], ...]
    """By group who takes part, in order; each campaign in one group only."""

    @property
    def offset(self) -> int:
        """Return the offset of the newest row that was taken."""
        return max(each.offset for each in self.rosters)

    @property
    def somebody(self) -> bool:
        """Return whether anybody takes part."""
        return any(self.active)

    def knows(self, campaign: bytes) -> bool:
        """Return whether somebody is in a group, active or not."""
        return any(campaign in roster.newest for roster in self.rosters)

    def late(self, day: int) -> bool:
        """Return whether the day before ``day`` is not closed for somebody."""
        return any(
            roster.newest[each] < day - 1
            for roster, active in zip(self.rosters, self.active, strict=True)
            for each in active
        )


def surely_late(draft: Draft, tree: Tree, day: int) -> bool:
    """Return whether the day before ``day`` is surely not closed for somebody, without any names.

    A member that went from one group of a tree to another is late where it was, and only names tell
    who that is: with few late ones it is not sure, nor in trees where reading names is little work.
    """
    heads = [head_of(draft, known.group.key) for known in tree.groups]
    late = sum(head.late(day) for head in heads)
    if len(heads) == 1:
        return late > 0
    return late > _MAY_HAVE_MOVED and sum(head.active(day) for head in heads) > _MANY


def crew_of(draft: Draft, tree: Tree, day: int) -> Crew:
    """Return who takes part in what is shared out for a local day."""
    keys = tuple(known.group.key for known in tree.groups)
    rosters = tuple(roster_of(draft, key) for key in keys)
    active = tuple(roster.active(day) for roster in rosters)
    if len(keys) > 1:
        home = _homes(draft, keys, rosters, active)
        active = tuple(
            [each for each in some if home[each] == at] for at, some in enumerate(active)
        )
    return Crew(keys=keys, rosters=rosters, active=active)


def read_member(draft: Draft, group: bytes, campaign: bytes) -> tuple[Rows, Rows]:
    """Return the head and the closed days of a member."""
    return unpack(draft.read_of(MEMBERS, member_key(group, campaign)) or b"")


def values_of(draft: Draft, group: bytes, campaigns: Iterable[bytes]) -> list[bytes]:
    """Return what is kept of members, empty where it is nothing."""
    return [draft.read_of(MEMBERS, member_key(group, each)) or b"" for each in campaigns]


def read_lives(draft: Draft, group: bytes, campaign: bytes) -> Iterator[tuple[Rows, Rows]]:
    """Yield heads and closed days of a member: in its own currency, then in those of before."""
    yield read_member(draft, group, campaign)
    for _, value in sorted(past_of(draft, group, campaign).items()):
        yield unpack(value)


def _homes(
    draft: Draft,
    keys: tuple[bytes, ...],
    rosters: tuple[Roster, ...],
    active: tuple[list[bytes], ...],
) -> Mapping[bytes, int]:
    """Return the group that each campaign is in: of one that moved, where its newest day is."""
    home: dict[bytes, int] = {}
    for at, some in enumerate(active):
        for each in some:
            rival = home.setdefault(each, at)
            if rival != at and _rank(draft, keys, rosters, at, each) > _rank(
                draft, keys, rosters, rival, each
            ):
                home[each] = at
    return home


def _rank(
    draft: Draft, keys: tuple[bytes, ...], rosters: tuple[Roster, ...], at: int, campaign: bytes
) -> tuple[int, int, int]:
    head, _ = read_member(draft, keys[at], campaign)
    return rosters[at].newest[campaign], int(head["plan_version"][0]), int(head["told"][0])
