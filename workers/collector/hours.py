"""Labels of a platform's local hours as the hours of UTC that they stand for.

A day has 24 labels and 23, 24 or 25 hours. A label that the clocks leave out, wholly or in part,
counts to the hour after it. A label that comes twice is one row for two hours: it is divided by
how long each of them had lasted when the platform was asked, and nothing of it is lost.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Final

from schemas.zones import zone
from workers.collector.counts import Counts

HOUR: Final = timedelta(hours=1)
LABELS: Final = 24
_TICK: Final = timedelta(microseconds=1)


@lru_cache(maxsize=65_536)
def starts(day: date, label: int, timezone: str) -> tuple[datetime, ...]:
    """Return when the hours of a label begin, in UTC: one, or two where it comes twice.

    Raises
    ------
    SchemaError
        There is no such time zone.
    """
    local = datetime.combine(day, time()) + label * HOUR
    first, second = _both(local, timezone)
    if first > second:
        first, second = _both(local + HOUR, timezone)
    return (first,) if first == second else (first, second)


def _both(local: datetime, timezone: str) -> tuple[datetime, datetime]:
    """Return a local time in UTC, read by the clock before and after a change of clocks."""
    place = zone(timezone)
    first, second = (local.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


@lru_cache(maxsize=4_096)
def hours_of(day: date, timezone: str) -> tuple[datetime, ...]:
    """Return when each hour of a local day begins, in UTC and in order."""
    found = {start for label in range(LABELS) for start in starts(day, label, timezone)}
    return tuple(sorted(found))


def divided(
    counts: Counts, begins: tuple[datetime, ...], as_of: datetime
) -> list[tuple[datetime, Counts]]:
    """Return what each hour of a label gets of its row; together all of it.

    Parameters
    ----------
    counts
        What the platform told under the label.
    begins
        As `starts` gives them.
    as_of
        When it was asked: an hour that has not begun by then gets nothing and is left out.
    """
    first, last = begins[0], begins[-1]
    if first == last or as_of <= last:
        return [(first, counts)]
    lasted = min(as_of - last, HOUR)
    earlier = counts.share(Fraction(HOUR // _TICK, (HOUR + lasted) // _TICK))
    return [(first, earlier), (last, counts.minus(earlier))]
