"""Groups inside groups, as far as a partition knows them: who lies in whom, and in whose tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple

from schemas import Group, decode
from schemas.fields import Autonomy, Status
from workers.allocator.draft import Draft
from workers.allocator.tables import GROUPS

_OFFSET: Final = Struct(">q")


class Known(NamedTuple):
    """A group as the table keeps it."""

    group: Group
    offset: int
    """Of the newest record that told it or, of a root, anything of its tree."""


class Above(Enum):
    """What is at the upper end of a way up through parents."""

    ROOT = "root"
    """A group that lies in none."""
    NOTHING = "nothing"
    """A group that is not known here; of nobody's way, or named as a parent."""
    CYCLE = "cycle"
    """The way comes back to where it was."""


class Top(NamedTuple):
    """The topmost group of a tree, known or not; of a cycle the first by name."""

    key: bytes
    above: Above


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The groups under one top that are known, each after the one that it lies in."""

    top: Top
    groups: tuple[Known, ...]
    """At least one; the first is the root where there is one."""
    parent: tuple[int, ...]
    """By group the position of what it lies in; -1 of what lies in none that is known."""
    depth: tuple[int, ...]
    """By group its level, 1 the first."""

    @property
    def offset(self) -> int:
        """Return the offset of the newest record that told of these groups."""
        return max(each.offset for each in self.groups)

    def of_each(self) -> Iterator[tuple[int, Group]]:
        """Yield groups with their positions."""
        for at, known in enumerate(self.groups):
            yield at, known.group

    def paused(self, at: int) -> bool:
        """Return whether a group is paused, or one that it lies in."""
        way = (self.groups[each].group for each in self.way_up(at))
        return any(group.status is not Status.ACTIVE for group in way)

    def released(self, at: int) -> bool:
        """Return whether a group, and each that it lies in, has budgets set without a person."""
        way = (self.groups[each].group for each in self.way_up(at))
        return all(group.autonomy is Autonomy.AUTO for group in way)

    def approvers(self, at: int) -> int:
        """Return how many people have to approve budgets in a group: the most that any asks for."""
        return max(self.groups[each].group.approvers for each in self.way_up(at))

    def way_up(self, at: int) -> list[int]:
        """Return the positions from a group up to the topmost, itself first."""
        way = [at]
        while self.parent[way[-1]] >= 0:
            way.append(self.parent[way[-1]])
        return way


def stored(known: Known, value: bytes) -> bytes:
    """Return what the table keeps of a group; ``value`` is its record."""
    return _OFFSET.pack(known.offset) + value


def unpack(value: bytes | None) -> Known | None:
    """Read a stored group."""
    if value is None:
        return None
    return Known(_group(value[_OFFSET.size :]), _OFFSET.unpack_from(value)[0])


def content(value: bytes) -> bytes:
    """Return the record of a stored group."""
    return value[_OFFSET.size :]


@lru_cache(maxsize=16_384)
def _group(value: bytes) -> Group:
    return decode(value, Group)


def known_of(draft: Draft, key: bytes) -> Known | None:
    """Return what a partition knows of a group."""
    return unpack(draft.read_of(GROUPS, key))


def parent_of(known: Known) -> bytes | None:
    """Return the key of the group that one lies in."""
    parent = known.group.parent_group_id
    return None if parent is None else parent.encode()


def top_of(draft: Draft, key: bytes) -> Top:
    """Return the end of the way up from a group, known or not."""
    way: list[bytes] = []
    while key not in way:
        known = known_of(draft, key)
        if known is None:
            return Top(key, Above.NOTHING)
        above = parent_of(known)
        if above is None:
            return Top(key, Above.ROOT)
        way.append(key)
        key = above
    return Top(min(way[way.index(key) :]), Above.CYCLE)


def note_parent(draft: Draft, key: bytes, before: Known | None, after: Known | None) -> None:
    """Let what a step has found out of children go along with a group that it changes."""
    if draft.children is None:
        return
    for known, is_now in ((before, False), (after, True)):
        above = parent_of(known) if known else None
        if above is not None:
            siblings = draft.children.setdefault(above, set())
            (siblings.add if is_now else siblings.discard)(key)


def _children(draft: Draft) -> dict[bytes, set[bytes]]:
    """Return by parent, known or not, which groups name it: looked for once a step."""
    if draft.children is None:
        draft.children = {}
        for key in draft.keys_of(GROUPS):
            note_parent(draft, key, None, known_of(draft, key))
    return draft.children


def below(draft: Draft, key: bytes) -> list[bytes]:
    """Return the groups that lie in one, at whatever depth, each after its parent; not itself."""
    children = _children(draft)
    found: list[bytes] = []
    seen, level = {key}, [key]
    while level:
        level = sorted(child for each in level for child in children.get(each, ()))
        level = [each for each in level if each not in seen]
        seen.update(level)
        found += level
    return found


def tree_of(draft: Draft, top: Top) -> Tree:
    """Return the tree of a top under which at least one group is known."""
    keys = [top.key, *below(draft, top.key)]
    known = {key: found for key in keys if (found := known_of(draft, key)) is not None}
    at = {key: position for position, key in enumerate(known)}
    parent: list[int] = []
    depth: list[int] = []
    for position, each in enumerate(known.values()):
        above = at.get(parent_of(each) or b"", -1)
        # Only of a cycle's first group does the parent come later.
        above = above if above < position else -1
        parent.append(above)
        depth.append(1 if above < 0 else depth[above] + 1)
    return Tree(top=top, groups=tuple(known.values()), parent=tuple(parent), depth=tuple(depth))
