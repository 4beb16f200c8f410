"""Lines: members stand by a key, the lowest in front; each may step out wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

MemberT = TypeVar("MemberT")
KeyT = TypeVar("KeyT")

_SLACK = 16
"""Places that may be empty in even the shortest line."""


class Line(Generic[MemberT, KeyT]):
    """A heap whose members may leave: their places stay behind, empty, until there are many.

    A step costs the logarithm of the members, on average.
    """

    def __init__(self) -> None:
        self._places: list[tuple[KeyT, int, MemberT]] = []
        self._stamps: dict[MemberT, int] = {}
        self._stamp = 0

    def put(self, member: MemberT, key: KeyT) -> None:
        """Let a member stand where its key says, behind those of the same key, and only there."""
        self._stamp += 1
        self._stamps[member] = self._stamp
        heappush(self._places, (key, self._stamp, member))
        if len(self._places) > 2 * len(self._stamps) + _SLACK:
            self._places = [place for place in self._places if self._is_taken(place)]
            heapify(self._places)

    def drop(self, member: MemberT) -> None:
        """Let a member step out, if it stands here."""
        self._stamps.pop(member, None)
        if not self._stamps:
            self._places.clear()

    def first(self) -> tuple[KeyT, MemberT] | None:
        """Return who stands in front, with its key; None of an empty line."""
        places = self._places
        while places and not self._is_taken(places[0]):
            heappop(places)
        return (places[0][0], places[0][2]) if places else None

    def _is_taken(self, place: tuple[KeyT, int, MemberT]) -> bool:
        return self._stamps.get(place[2]) == place[1]


def reached(line: Line[MemberT, float], moment: float) -> Iterator[MemberT]:
    """Let those step out whose key is ``moment`` or less, and return them."""
    while (first := line.first()) is not None and first[0] <= moment:
        line.drop(first[1])
        yield first[1]
