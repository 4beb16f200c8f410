"""Stretches of time as parts of levers: ``2026-03-20T00:00Z/2026-03-23T00:00Z``.

The end is the first minute after it. One stretch has one name, by which what was made for it on a
platform is found again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

_FORMAT: Final = "%Y-%m-%dT%H:%MZ"


class Stretch(NamedTuple):
    """From one minute on until before another one."""

    start: datetime
    end: datetime

    @property
    def part(self) -> str:
        """Return its name as the part of a lever; seconds are not told."""
        return "/".join(each.astimezone(UTC).strftime(_FORMAT) for each in self)


def stretch_of(part: str) -> Stretch | None:
    """Return the stretch that a part names; None where it names none."""
    try:
        start, end = map(datetime.fromisoformat, part.split("/"))
    except ValueError:
        return None
    found = Stretch(start, end)
    return found if found.part == part and start < end else None
