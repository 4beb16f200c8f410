"""What the agent of suspicions keeps: a row per campaign, and one per account."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """Sums over campaigns; evidence is in thousandths, so that sums are exact."""

    members: int = 0
    moved: int = 0
    """How many have evidence of an outage that goes on."""
    evidence_now: int = 0
    """Of one that goes on."""
    evidence: int = 0
    """Of the likeliest one, over or not, where its hours are those of the account's outage."""
    began: int = 0
    """Sum of the seconds at which those that go on began, over those that have evidence of one."""

    def beside(self, other: Tally) -> Tally:
        """Return the sums over both."""
        return _summed(self, other, 1)

    def without(self, other: Tally) -> Tally:
        """Return the sums over the others."""
        return _summed(self, other, -1)


def _summed(one: Tally, other: Tally, sign: int) -> Tally:
    names = Tally.__struct_fields__
    return Tally(*(getattr(one, name) + sign * getattr(other, name) for name in names))


NOTHING: Final = Tally()


class Campaign(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """One campaign. ``tag`` is the layout's version, of `Account` as well."""

    day: int = -1
    """Of what it said last, in days since 1970-01-01."""
    tally: Tally = NOTHING
    """What it counts for in its account's sums of that day."""
    outage: bytes = b""
    """The condition that was published last."""


class Account(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """One account."""

    days: dict[int, Tally] = msgspec.field(default_factory=dict)
    """By the day of what campaigns said last: sums over those of that day."""
    outage: bytes = b""
    most: int = 0
    """The most evidence that its campaigns had while this outage was told of."""


RowT = TypeVar("RowT", Campaign, Account)


def unpack(value: bytes | None, kind: type[RowT]) -> RowT:
    """Return a row; without a value one of which nothing is known.

    Raises
    ------
    msgspec.ValidationError
        When the value was written by another version.
    """
    return msgspec.msgpack.decode(value, type=kind) if value else kind()


def pack(row: Campaign | Account) -> bytes:
    """Return a row as bytes."""
    return msgspec.msgpack.encode(row)
