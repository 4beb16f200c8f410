"""What is kept of a campaign for emergencies: its last days by hour, what is usual, the last cut.

The days are in a row of their own: they are read once a day, what is usual with every event.
"""

from __future__ import annotations

from typing import Final

import msgspec

_NEVER: Final = -(2**31)


class HourlyDay(msgspec.Struct, frozen=True, array_like=True):
    """One closed local day of a campaign, all slices together; amounts in millionths."""

    day: int
    begins: int
    """First second of the day."""
    bid: str | None
    """The usual bid when it closed; None where none was named or it was cut."""
    hours: tuple[int, ...]
    """Local hours that were told, and are not excluded; the counts run over them."""
    clicks: tuple[int, ...]
    spend: tuple[int, ...]
    conversions: tuple[int, ...]


class HourlyDays(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The days that usual is learned from, oldest first."""

    days: tuple[HourlyDay, ...] = ()


class Habit(msgspec.Struct, frozen=True, array_like=True):
    """What is usual, as of the last day that closed: `engine.usual_hours.Usual` of one campaign."""

    clicks: tuple[float, ...]
    cost: float
    rate: float
    spreads: tuple[float, float, float]
    """Of spend, of the cost of clicks, of conversions."""
    share: tuple[float, ...]
    """Of its final conversions that an hour has at whole hours of age, from 0 on."""
    bid: float
    """Mean usual bid, 0 where none was named."""


class Pulse(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """What is to be known with every event."""

    habit: Habit | None = None
    """None while too few days are known."""
    began: int = _NEVER
    """Second in which the last cut was advised."""
    until: int = _NEVER
    """Second from which on nothing of it is left."""

    def active(self, now: int) -> bool:
        """Return whether a cut, or a part of it, is in force at second ``now``."""
        return self.began <= now < self.until


_PULSE: Final = msgspec.msgpack.Decoder(Pulse)
_DAYS: Final = msgspec.msgpack.Decoder(HourlyDays)


def pulse_key(campaign: bytes) -> bytes:
    """Return the key of a campaign's `Pulse`; names are printable, so a NUL is in none."""
    return campaign + b"\0pulse"


def hourly_key(campaign: bytes) -> bytes:
    """Return the key of a campaign's `HourlyDays`."""
    return campaign + b"\0hourly"


def pulse_of(value: bytes | None) -> Pulse:
    """Return a stored pulse."""
    return Pulse() if value is None else _PULSE.decode(value)


def hourly_of(value: bytes | None) -> HourlyDays:
    """Return stored days."""
    return HourlyDays() if value is None else _DAYS.decode(value)


def packed(row: Pulse | HourlyDays) -> bytes:
    """Return a row's bytes."""
    return msgspec.msgpack.encode(row)
