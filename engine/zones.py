"""The local days of a time zone as arrays, taken once from the IANA database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Ints

FIRST_DAY: Final = 10_957 - 366
"""First local day that is known, in days since 1970-01-01: one year before 2000."""

LAST_DAY: Final = 47_482 + 2
"""First local day that is not known, two days into the year 2100."""

NEVER: Final = np.iinfo(np.int32).max
"""Stands for "the clocks do not change on this day"."""

_DAY = 86_400
_PROBE = 6 * _DAY


@dataclass(frozen=True, slots=True)
class ZoneDays:
    """Local days ``FIRST_DAY <= day < LAST_DAY`` of one zone; each array int32 of shape (days,)."""

    start: NDArray[np.int32]
    """First instant of the local day, in seconds after midnight UTC of the same date."""
    offset: NDArray[np.int32]
    """Seconds that local time is ahead of UTC at that instant."""
    shift: NDArray[np.int32]
    """When the clocks change within the day, in the seconds of ``start``; else `NEVER`."""


@lru_cache(maxsize=1_024)
def zone_days(zone: tzinfo) -> ZoneDays:
    """Return the local days of ``zone``.

    Holds for every zone whose clocks change at most once in six days: some change back on the
    Saturday, a little less than a week later.
    A local date that a zone left out has no length: it starts with the next.
    """
    moments, offsets = _changes(zone)
    days = np.arange(FIRST_DAY, LAST_DAY, dtype=np.int64)
    walls = days * _DAY
    starts = _first_instants(walls, moments, offsets)
    at_start = offsets[np.searchsorted(moments, starts, side="right") - 1]
    ends = np.append(starts[1:], np.int64(LAST_DAY) * _DAY)
    after = np.searchsorted(moments, starts, side="right")
    shifts = np.append(moments, np.iinfo(np.int64).max)[after]
    inside = shifts < ends
    return ZoneDays(
        start=(starts - walls).astype(np.int32),
        offset=at_start.astype(np.int32),
        shift=np.where(inside, shifts - walls, NEVER).astype(np.int32),
    )


def _changes(zone: tzinfo) -> tuple[Ints, Ints]:
    """Return when the offset changes (the first entry is the beginning) and to what."""
    first, last = (FIRST_DAY - 2) * _DAY, (LAST_DAY + 2) * _DAY
    moments, offsets = [first], [_offset(zone, first)]
    for probe in range(first + _PROBE, last, _PROBE):
        offset = _offset(zone, probe)
        if offset != offsets[-1]:
            moments.append(_change_between(zone, probe - _PROBE, probe))
            offsets.append(offset)
    return np.array(moments, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _change_between(zone: tzinfo, low: int, high: int) -> int:
    """Return the first second in (low, high] whose offset is that of ``high``."""
    new = _offset(zone, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(zone, middle) == new else (middle, high)
    return high


def _offset(zone: tzinfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _first_instants(walls: Ints, moments: Ints, offsets: Ints) -> Ints:
    """Return the first instant whose local clock has reached each wall time."""
    segment = np.searchsorted(moments + offsets, walls, side="right") - 1
    instant = walls - offsets[segment]
    following = np.append(moments, np.iinfo(np.int64).max)[segment + 1]
    instant = np.minimum(instant, following)
    earlier = walls - offsets[np.maximum(segment - 1, 0)]
    repeated = (segment > 0) & (earlier < moments[segment])
    return np.where(repeated, earlier, instant)
