"""A silence: what a tick has said about a campaign that is no longer heard of."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.arrays import Rows

_FIRST = struct.Struct("<qq16s")
_FORMAT = struct.Struct("<qq16s?")


class Silence(NamedTuple):
    """One row of the table of ticks."""

    newest: int
    """First second of the newest hour known when the silence was noticed."""
    hour: int
    """First second of the hour that was decided then."""
    recommendation: bytes
    """Id of what was published last, 16 bytes."""
    held: bool = True
    """Whether the hold of stale data was published in this silence: it is told once."""

    def packed(self) -> bytes:
        """Return the row as bytes."""
        return _FORMAT.pack(*self)

    @classmethod
    def read(cls, value: bytes) -> Silence | None:
        """Return the row that ``value`` is; None when it is empty."""
        if len(value) == _FIRST.size:
            return cls(*_FIRST.unpack(value))
        return cls(*_FORMAT.unpack(value)) if value else None


def after_silence(values: Sequence[bytes], campaigns: Rows) -> Rows:
    """Return campaigns that know what ticks have published since reports led to a decision.

    ``values`` (B,) are their rows of the table of ticks.
    """
    for i, value in enumerate(values):
        silence = Silence.read(value)
        if silence is not None and silence.hour > campaigns["decided"][i]:
            campaigns["previous"][i] = np.void(silence.recommendation)
    return campaigns
