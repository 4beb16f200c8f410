"""Labels of local hours: each hour of UTC is told once, and nothing of a row is lost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.collector.rows import row
from workers.collector.counts import Counts, total
from workers.collector.hours import HOUR, divided, hours_of, starts

WHOLE_HOURS = ("Europe/Zurich", "America/New_York", "America/Havana", "Asia/Kolkata", "UTC")
AUTUMN, SPRING = date(2026, 10, 25), date(2026, 3, 29)


def elapsed(day: date, timezone: str) -> list[datetime]:
    """Return the hours of a local day by walking through UTC: the other way round."""
    place = ZoneInfo(timezone)
    offset = timedelta(minutes=30 if timezone == "Asia/Kolkata" else 0)
    first = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1) + offset
    every = (first + number * HOUR for number in range(72))
    return [moment for moment in every if moment.astimezone(place).date() == day]


@given(
    timezone=st.sampled_from(WHOLE_HOURS),
    day=st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 12, 31)),
)
def test_the_hours_of_a_day_are_those_that_pass_while_its_date_shows(
    timezone: str, day: date
) -> None:
    assert list(hours_of(day, timezone)) == elapsed(day, timezone)


@pytest.mark.parametrize(
    ("day", "timezone", "count"),
    [(SPRING, "Europe/Zurich", 23), (AUTUMN, "Europe/Zurich", 25), (AUTUMN, "UTC", 24)],
)
def test_a_day_has_as_many_hours_as_its_clocks_make_it(
    day: date, timezone: str, count: int
) -> None:
    assert len(hours_of(day, timezone)) == count


def test_a_label_that_the_clocks_leave_out_counts_to_the_hour_after_it() -> None:
    assert starts(SPRING, 2, "Europe/Zurich") == starts(SPRING, 3, "Europe/Zurich")
    half_left_out = date(2026, 10, 4), 2, "Australia/Lord_Howe"
    assert starts(*half_left_out) == (datetime(2026, 10, 3, 16, tzinfo=UTC),)


def test_where_half_an_hour_comes_twice_its_label_stays_one_hour() -> None:
    assert starts(date(2026, 4, 5), 1, "Australia/Lord_Howe") == (
        datetime(2026, 4, 4, 14, tzinfo=UTC),
    )


@given(clicks=st.integers(0, 10**9), minutes=st.integers(1, 600))
def test_a_label_that_comes_twice_is_divided_by_how_long_each_hour_has_lasted(
    clicks: int, minutes: int
) -> None:
    begins = starts(AUTUMN, 2, "Europe/Zurich")
    as_of = begins[0] + timedelta(minutes=minutes)
    counts = Counts.of(row(AUTUMN, 2, clicks))

    parts = divided(counts, begins, as_of)

    assert total(part for _, part in parts) == counts
    assert all(value >= 0 for _, part in parts for value in part)
    if minutes <= 60:
        assert parts == [(begins[0], counts)]
        return
    shares = Fraction(60, 60 + min(minutes - 60, 60))
    assert parts[0][1].clicks == clicks * shares.numerator // shares.denominator
    assert [start for start, _ in parts] == list(begins)
