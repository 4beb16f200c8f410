"""A silence: what a tick has said about a campaign that is no longer heard of."""

from __future__ import annotations

import struct
from typing import NamedTuple

_FORMAT = struct.Struct("<qq16s")


class Silence(NamedTuple):
    """One row of the table of ticks."""

    newest: int
    """First second of the newest hour known when the silence was noticed."""
    hour: int
    """First second of the hour that was decided then."""
    recommendation: bytes
    """Id of the hold that was published, 16 bytes."""

    def packed(self) -> bytes:
        """Return the row as bytes."""
        return _FORMAT.pack(*self)

    @classmethod
    def read(cls, value: bytes) -> Silence | None:
        """Return the row that ``value`` is; None when it is empty."""
        return cls(*_FORMAT.unpack(value)) if value else None
