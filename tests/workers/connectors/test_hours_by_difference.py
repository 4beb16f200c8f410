"""Hours derived from reports of whole days keep every sum and hang on no order of pulls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.connectors.hours_by_difference import hours_by_difference
from workers.connectors.protocol import Performance

START = datetime(2026, 3, 1, tzinfo=UTC)


def pull(minutes: int, cents: int, hour: int | None = None) -> Performance:
    return Performance(
        account_id="1",
        campaign_id="7",
        ad_set_id="",
        day=date(2026, 3, 1),
        hour=hour,
        currency="EUR",
        impressions=cents,
        clicks=cents // 2,
        spend=Decimal(cents) / 100,
        conversions=Decimal(cents // 3),
        revenue=Decimal(cents),
        as_of=START + timedelta(minutes=minutes),
    )


def test_growth_is_told_at_the_hour_of_the_pull_and_after_the_day_at_its_last() -> None:
    pulls = [pull(65, 100), pull(130, 250), pull(310, 240), pull(1500, 300)]
    derived = hours_by_difference(pulls, "UTC")
    told = [(hour.row.hour, int(hour.row.spend * 100)) for hour in derived]
    assert told == [(1, 100), (2, 150), (5, -10), (23, 60)]
    assert [hour.since for hour in derived] == [None, *(row.as_of for row in pulls[:-1])]


@given(
    st.dictionaries(st.integers(0, 4000), st.integers(0, 10**9), min_size=1, max_size=20),
    st.randoms(use_true_random=False),
)
def test_sums_are_the_last_pulls_and_order_and_repeats_change_nothing(
    told: dict[int, int], random: Random
) -> None:
    pulls = [pull(minutes, cents) for minutes, cents in sorted(told.items())]
    derived = hours_by_difference(pulls, "UTC")
    for name in ("impressions", "clicks", "spend", "conversions", "revenue"):
        assert sum(getattr(hour.row, name) for hour in derived) == getattr(pulls[-1], name)
    mixed = [*pulls, *pulls]
    random.shuffle(mixed)
    assert hours_by_difference(mixed, "UTC") == derived


ODD_DAYS = [
    ("UTC", date(2026, 3, 29)),
    ("Europe/Zurich", date(2026, 3, 29)),
    ("Europe/Zurich", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Havana", date(2026, 3, 8)),  # its first hour never comes
    ("America/Nuuk", date(2026, 3, 28)),  # its last hour never comes
]


@pytest.mark.parametrize(("zone", "day"), ODD_DAYS)
def test_each_pull_has_the_label_that_the_clock_showed_and_outside_of_the_day_its_nearest(
    zone: str, day: date
) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    instants = [midnight + timedelta(minutes=15 * quarter) for quarter in range(-192, 288)]
    clock = [instant.astimezone(ZoneInfo(zone)) for instant in instants]
    labels = [shown.hour for shown in clock if shown.date() == day]
    expected = [
        shown.hour if shown.date() == day else labels[0 if shown.date() < day else -1]
        for shown in clock
    ]
    pulls = [replace(pull(0, 1), day=day, as_of=instant) for instant in instants]
    assert [hour.row.hour for hour in hours_by_difference(pulls, zone)] == expected
    assert len(labels) in {4 * 23, 4 * 24, 4 * 24 + 2, 4 * 25}


def test_pulls_that_disagree_and_reports_of_hours_are_refused() -> None:
    with pytest.raises(ValueError, match="do not agree"):
        hours_by_difference([pull(5, 1), pull(5, 2)], "UTC")
    with pytest.raises(ValueError, match="needs no deriving"):
        hours_by_difference([pull(5, 1, hour=0)], "UTC")
