"""Local time in batches against Python's own zoneinfo, one instant at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import calendar as cal
from engine.zones import ZoneDays, zone_days

NAMES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Africa/Casablanca",
)
DAYS: list[ZoneDays] = [zone_days(ZoneInfo(name)) for name in NAMES]
CALENDAR = cal.Calendar.of(DAYS)
EPOCH = date(1970, 1, 1)
FIRST, LAST = 946_684_800, 4_102_444_800
hours = st.integers(FIRST // 900, LAST // 900 - 1).map(lambda quarter: quarter * 900)
zones = st.integers(0, len(NAMES) - 1)


def local(zone: int, instant: int) -> datetime:
    return datetime.fromtimestamp(instant, ZoneInfo(NAMES[zone]))


@given(zones, hours)
def test_an_instant_has_the_day_hour_week_and_month_of_its_local_clock(
    zone: int, instant: int
) -> None:
    here = local(zone, instant)
    rows, instants = np.array([zone]), np.array([instant])
    day = cal.local_day(CALENDAR, rows, instants)
    assert day[0] == (here.date() - EPOCH).days
    assert cal.hour_of_week(CALENDAR, rows, instants, day)[0] == here.weekday() * 24 + here.hour
    assert (
        cal.utc_offset(CALENDAR, rows, instants, day)[0]
        == (here.utcoffset() or timedelta()).total_seconds()
    )
    assert cal.month_of(day)[0] == (here.year - 1970) * 12 + here.month - 1
    assert cal.week_first(day)[0] == (here.date() - EPOCH).days - here.weekday()


@given(zones, st.integers(10_957, 47_480))
def test_a_day_starts_at_the_first_instant_of_its_date(zone: int, day: int) -> None:
    start = int(cal.day_start(CALENDAR, np.array([zone]), np.array([day]))[0])
    assert local(zone, start - 1).date() < EPOCH + timedelta(days=day)
    assert local(zone, start).date() >= EPOCH + timedelta(days=day)


@pytest.mark.parametrize(
    ("name", "day", "length"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("UTC", date(2026, 3, 29), 24),
    ],
)
def test_days_on_which_the_clock_changes_have_their_real_length(
    name: str, day: date, length: float
) -> None:
    zone = np.array([NAMES.index(name)])
    number = np.array([(day - EPOCH).days])
    start = cal.day_start(CALENDAR, zone, number)
    end = cal.day_start(CALENDAR, zone, number + 1)
    assert (end - start)[0] == length * 3_600


def test_the_first_of_a_month_lies_in_it() -> None:
    months = np.arange(360, 1560)
    first = cal.month_first(months)
    assert (cal.month_of(first) == months).all()
    assert (cal.month_of(first - 1) == months - 1).all()


def test_weeks_begin_on_monday() -> None:
    monday = (datetime(2026, 3, 2, tzinfo=UTC).date() - EPOCH).days
    weeks = cal.week_of(np.arange(monday - 1, monday + 8))
    assert np.diff(weeks).tolist() == [1, 0, 0, 0, 0, 0, 0, 1]
