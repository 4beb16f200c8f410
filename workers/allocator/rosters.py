"""Who is in a group, and which day was allocated last."""

from __future__ import annotations

from typing import Final

import msgspec

from workers.allocator.draft import Draft
from workers.allocator.exchange import Rates
from workers.allocator.tables import MEMBERS, TICKS, allocated_key, roster_key

ACTIVE_DAYS: Final = 7
"""Days of silence after which a member is one no longer: nothing is kept for it."""


class Roster(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The members of a group, active or not."""

    newest: dict[bytes, int] = {}
    """Newest closed day of each campaign, days since 1970-01-01."""
    offset: int = -1
    """Of the newest row that was taken."""

    def active(self, day: int) -> list[bytes]:
        """Return who takes part in what is shared out for a local day, in order."""
        return sorted(key for key, last in self.newest.items() if last >= day - ACTIVE_DAYS)

    def late(self, day: int) -> bool:
        """Return whether the day before ``day`` is not closed for somebody."""
        return any(self.newest[key] < day - 1 for key in self.active(day))

    def with_day(self, campaign: bytes, day: int, offset: int) -> Roster:
        """Return the roster after a row."""
        newest = {**self.newest, campaign: max(day, self.newest.get(campaign, day))}
        return Roster(newest, max(offset, self.offset))

    def without_older(self, days: int) -> tuple[Roster, list[bytes]]:
        """Return the roster without members that are so far behind the newest one, and these."""
        oldest = max(self.newest.values()) - days
        gone = [key for key, last in self.newest.items() if last < oldest]
        if not gone:
            return self, gone
        newest = {key: last for key, last in self.newest.items() if last >= oldest}
        return Roster(newest, self.offset), gone


class Allocated(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The last allocation of a group."""

    day: int = -1
    """The local day that it was for."""
    ids: dict[bytes, bytes] = {}
    """By campaign, the id of what was recommended for it last."""
    rates: tuple[Rates, ...] = ()
    """What its tree reckons with where it mixes currencies, the newest last."""


_ROSTER: Final = msgspec.msgpack.Decoder(Roster)
_ALLOCATED: Final = msgspec.msgpack.Decoder(Allocated)


def roster_of(draft: Draft, group: bytes) -> Roster:
    """Return the roster of a group."""
    value = draft.read_of(MEMBERS, roster_key(group))
    return Roster() if value is None else _ROSTER.decode(value)


def allocated_of(draft: Draft, group: bytes) -> Allocated:
    """Return the last allocation, whichever of the two agents made it."""
    found = [draft.read_of(agent, allocated_key(group)) for agent in (MEMBERS, TICKS)]
    made = [_ALLOCATED.decode(value) for value in found if value is not None]
    return max(made, key=lambda each: each.day, default=Allocated())


def packed(row: Roster | Allocated) -> bytes:
    """Return the row's bytes."""
    return msgspec.msgpack.encode(row)
