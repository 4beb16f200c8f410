"""Whole years of local days against Python's own zoneinfo."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from engine.zones import FIRST_DAY, LAST_DAY, NEVER, zone_days

EPOCH = date(1970, 1, 1)


def first_instant(zone: ZoneInfo, day: int) -> int:
    """Return the first second whose local date is that day or later, by looking at each quarter."""
    wanted = EPOCH + timedelta(days=day)
    second = day * 86_400 - 15 * 3_600
    while datetime.fromtimestamp(second, UTC).astimezone(zone).date() < wanted:
        second += 900
    return second


def offset(zone: ZoneInfo, second: int) -> int:
    here = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
    return int((here or timedelta()).total_seconds())


@pytest.mark.parametrize(
    ("name", "first", "days"),
    [
        ("Europe/Berlin", date(2026, 3, 1), 245),
        ("Australia/Lord_Howe", date(2026, 3, 20), 30),
        ("America/St_Johns", date(2026, 10, 20), 30),
        ("America/Sao_Paulo", date(2018, 10, 25), 20),
        ("Asia/Kathmandu", date(2026, 1, 1), 10),
        ("Asia/Pyongyang", date(2018, 4, 28), 14),
        # Midnight comes twice in the first, and not at all in the second.
        ("America/Havana", date(2026, 10, 25), 14),
        ("Asia/Beirut", date(2026, 3, 25), 7),
        # These changed back after six days and 23 hours.
        ("America/Recife", date(2000, 10, 1), 30),
        ("Asia/Gaza", date(2040, 10, 10), 30),
        # A whole date was left out here.
        ("Pacific/Apia", date(2011, 12, 20), 20),
    ],
)
def test_days_begin_and_clocks_change_when_zoneinfo_says(name: str, first: date, days: int) -> None:
    zone = ZoneInfo(name)
    known = zone_days(zone)
    for day in range((first - EPOCH).days, (first - EPOCH).days + days):
        at = day - FIRST_DAY
        start, end = first_instant(zone, day), first_instant(zone, day + 1)
        assert known.start[at] == start - day * 86_400
        assert known.offset[at] == offset(zone, start)
        changes = [
            second
            for second in range(start + 900, end, 900)
            if offset(zone, second) != offset(zone, second - 900)
        ]
        assert int(known.shift[at]) == (changes[0] - day * 86_400 if changes else NEVER)
        assert len(changes) <= 1


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Asia/Gaza"])
def test_days_follow_each_other_without_a_gap_and_none_is_longer_than_25_hours(name: str) -> None:
    known = zone_days(ZoneInfo(name))
    assert {len(known.start), len(known.offset), len(known.shift)} == {LAST_DAY - FIRST_DAY}
    starts = np.arange(FIRST_DAY, LAST_DAY) * 86_400 + known.start
    later = np.arange(FIRST_DAY, LAST_DAY) >= 10_957
    lengths = np.diff(starts)[later[1:]]
    assert lengths.min() >= 23 * 3_600
    assert lengths.max() <= 25 * 3_600
