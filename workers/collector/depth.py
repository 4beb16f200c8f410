"""How many days back an account is asked for, and when: platforms restate what they told.

Conversions come days and weeks after the click, and are told at the hour of the click. The young
hours change most, so they are asked for most often.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

ALWAYS: Final = 2
"""Today and yesterday, in the account's time zone."""
FIRST: Final = 3
"""After a start; the round after it goes as deep as there is, for nobody knows when that was."""
DEEPER: Final = ((29, timedelta(weeks=1)), (8, timedelta(days=1)), (3, timedelta(hours=1)))
"""Days, and how often; the deepest one that is due is done."""


class Depths:
    """When an account was asked how many days back."""

    def __init__(self, most: int = DEEPER[0][0]) -> None:
        self._levels = [(min(days, most), every) for days, every in DEEPER]
        self._last: dict[int, datetime] = {}
        self._began = False

    def due(self, now: datetime) -> int:
        """Return how many days are to be asked for, today counted."""
        if not self._began:
            return FIRST
        for days, every in self._levels:
            if days not in self._last or now - self._last[days] >= every:
                return days
        return ALWAYS

    def done(self, days: int, now: datetime) -> None:
        """Note that so many days were asked for and told."""
        self._began = True
        self._last.update({level: now for level, _ in self._levels if level <= days})
