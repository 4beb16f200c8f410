"""Rates between two currencies as tables keep them, exact."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from schemas import FxRate, format_time
from workers.instants import from_seconds


class Pair(msgspec.Struct, frozen=True, array_like=True):
    """A rate as it was told."""

    base: str
    quote: str
    rate: str
    """Units of ``quote`` for one unit of ``base``, as a decimal."""
    as_of: int
    """Seconds since 1970-01-01."""

    @classmethod
    def of_record(cls, rate: FxRate) -> Pair:
        """Return the pair that a record tells."""
        return cls(rate.base, rate.quote, str(rate.rate), int(rate.as_of.timestamp()))

    @property
    def when(self) -> str:
        """The instant, as a record writes it."""
        return format_time(from_seconds(self.as_of))

    @property
    def text(self) -> str:
        """What it says, for people."""
        return f"{self.rate} {self.quote} for 1 {self.base} ({self.when})"

    def into(self, base: str) -> Fraction:
        """Return how many units of the other currency one unit of ``base``, either, is worth."""
        rate = Fraction(Decimal(self.rate))
        return rate if base == self.base else 1 / rate

    def other(self, currency: str) -> str:
        """Return the currency that is not ``currency``."""
        return self.quote if currency == self.base else self.base


class Known(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """What is known of a pair."""

    pair: Pair
    """The latest that was believed."""
    anchor: Pair
    """What the next one is held against: the one that the day began with."""
    withdrawn: bool = False


_KNOWN: Final = msgspec.msgpack.Decoder(Known)


def unpack(value: bytes | None) -> Known | None:
    """Read what is kept of a pair."""
    return None if value is None else _KNOWN.decode(value)


def packed(known: Known) -> bytes:
    """Return what is to be kept of a pair."""
    return msgspec.msgpack.encode(known)
