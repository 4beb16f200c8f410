"""What a campaign has kept, and which of its local days have something new to tell."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

_NEVER: Final = -(2**31)


class Due(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The state of one campaign between events."""

    clock: int = _NEVER
    """The newest local day on which it was heard of, days since 1970-01-01."""
    newest: int = _NEVER
    """UTC day of its newest hour."""
    zone: str | None = None
    """What the account's reports named last, or else the plan."""
    currency: str | None = None
    kept: tuple[int, ...] = ()
    """UTC days of which hours are kept."""
    changed_days: tuple[int, ...] = ()
    """Local days of which something is to be told."""
    said_until: int = _NEVER
    """First second of the newest hour that named a bid or a phase of learning."""
    bid: str | None = None
    """The bid that it named."""
    bid_changed: int | None = None
    """First second of the hour that named another bid than the one before."""
    learning: bool = False

    def changed(self, day: int, utc_day: int, currency: str | None) -> Due:
        """Return what is due after an hour of a local day has changed."""
        return msgspec.structs.replace(
            self,
            newest=max(self.newest, utc_day),
            currency=currency,
            kept=tuple(sorted({*self.kept, utc_day})),
            changed_days=tuple(sorted({*self.changed_days, day})),
        )

    def naming(self, start: int, bid: Decimal | None, *, learning: bool | None) -> Due:
        """Return the state after an hour has named the bid or the phase of learning, if either."""
        if start < self.said_until or (bid is None and learning is None):
            return self
        named = self.bid if bid is None else str(bid.normalize())
        other = self.bid is not None and named != self.bid
        return msgspec.structs.replace(
            self,
            said_until=start,
            bid=named,
            bid_changed=start if other else self.bid_changed,
            learning=self.learning if learning is None else learning,
        )

    def without(self, utc_days: Sequence[int]) -> Due:
        """Return the state without hours of days that are not kept any more."""
        kept = tuple(day for day in self.kept if day not in utc_days)
        return msgspec.structs.replace(self, kept=kept)

    def without_changes(self, days: Sequence[int]) -> Due:
        """Return the state after local days have been told."""
        left = tuple(day for day in self.changed_days if day not in days)
        return msgspec.structs.replace(self, changed_days=left)


_DUE: Final = msgspec.msgpack.Decoder(Due)


def due_of(value: bytes | None) -> Due:
    """Return a stored state."""
    return Due() if value is None else _DUE.decode(value)


def packed(due: Due) -> bytes:
    """Return the state's bytes."""
    return msgspec.msgpack.encode(due)
