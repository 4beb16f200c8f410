"""Time zones as rows of the engine's calendar, kept from step to step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.arrays import Ints
from engine.calendar import Calendar, day_start, local_day
from engine.zones import ZoneDays, zone_days
from schemas.zones import zone

UTC = b"UTC"


class ZoneBook:
    """Memo of the zones seen so far: what a name stands for never changes within a process."""

    def __init__(self) -> None:
        """Begin with UTC, row 0."""
        self._rows: dict[bytes, int] = {}
        self._days: list[ZoneDays] = []
        self._asked: dict[bytes, tuple[int, int, int]] = {}
        self.calendar = self._with(UTC)

    def rows(self, names: Sequence[bytes]) -> Ints:
        """Return each name's row of `calendar`; the names must have been checked."""
        known = self._rows
        for name in set(names) - known.keys():
            self.calendar = self._with(name)
        return np.array([known[name] for name in names], dtype=np.int64)

    def local_day(self, name: bytes, instant: int) -> int:
        """Return the local day that one instant lies in; at once if it was asked for last."""
        begins, ends, day = self._asked.get(name, (0, 0, 0))
        if begins <= instant < ends:
            return day
        row = self.rows([name])
        day = int(local_day(self.calendar, row, np.array([instant]))[0])
        begins, ends = day_start(self.calendar, row, np.array([day, day + 1])).tolist()
        self._asked[name] = begins, ends, day
        return day

    def _with(self, name: bytes) -> Calendar:
        self._days.append(zone_days(zone(name.decode())))
        self._rows[name] = len(self._rows)
        return Calendar.of(self._days)
