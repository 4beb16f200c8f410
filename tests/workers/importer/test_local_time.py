from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from workers.importer.local_time import LocalClock, parse_hour, parse_start
from workers.importer.refusals import RowRefusedError


def hours(*clock: str) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in clock]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "offset"),
    [
        ("Europe/Berlin", "2026-01-15", 1),
        ("Europe/Berlin", "2026-07-15", 2),
        ("UTC", "2026-07-15", 0),
    ],
)
def test_an_hour_of_the_accounts_clock_is_moved_by_its_offset(
    zone: str, day: str, offset: int
) -> None:
    local = datetime.fromisoformat(day + "T12:00:00")
    assert LocalClock().to_utc(local, zone, "c") == utc(f"{day}T{12 - offset}:00:00")


def test_a_day_with_25_hours_gives_25_hours_in_a_row() -> None:
    """On 2026-10-25 Berlin has the hour from 2 to 3 twice."""
    clock = LocalClock()
    labels = [0, 1, 2, 2, *range(3, 24)]
    found = [clock.to_utc(datetime(2026, 10, 25, hour), "Europe/Berlin", "c") for hour in labels]  # noqa: DTZ001
    first = utc("2026-10-24T22:00:00")
    assert found == [first + timedelta(hours=i) for i in range(25)]


def test_a_day_with_23_hours_gives_23_hours_in_a_row() -> None:
    """On 2026-03-29 Berlin goes from 01:59 to 03:00."""
    clock = LocalClock()
    labels = [0, 1, *range(3, 24)]
    found = [clock.to_utc(datetime(2026, 3, 29, hour), "Europe/Berlin", "c") for hour in labels]  # noqa: DTZ001
    first = utc("2026-03-28T23:00:00")
    assert found == [first + timedelta(hours=i) for i in range(23)]


def test_the_hour_that_spring_leaves_out_is_refused() -> None:
    (local,) = hours("2026-03-29T02:00:00")
    with pytest.raises(RowRefusedError) as caught:
        LocalClock().to_utc(local, "Europe/Berlin", "c")
    assert caught.value.reason == "skipped_hour"


def test_each_campaign_has_its_own_first_and_second() -> None:
    clock = LocalClock()
    (local,) = hours("2026-11-01T01:00:00")
    first = [clock.to_utc(local, "America/New_York", name) for name in "ab"]
    second = [clock.to_utc(local, "America/New_York", name) for name in "ab"]
    assert first == [utc("2026-11-01T05:00:00")] * 2
    assert second == [utc("2026-11-01T06:00:00")] * 2


def test_where_rows_go_back_in_time_a_repeated_hour_is_refused() -> None:
    clock = LocalClock()
    later, repeated = hours("2026-11-01T02:00:00", "2026-11-01T01:00:00")
    clock.to_utc(later, "America/New_York", "c")
    with pytest.raises(RowRefusedError) as caught:
        clock.to_utc(repeated, "America/New_York", "c")
    assert caught.value.reason == "repeated_hour"


def test_a_clock_may_refuse_every_repeated_hour() -> None:
    (repeated,) = hours("2026-11-01T01:00:00")
    with pytest.raises(RowRefusedError, match="comes twice"):
        LocalClock(refuse_repeated=True).to_utc(repeated, "America/New_York", "c")


def test_an_unknown_zone_is_refused_as_the_accounts() -> None:
    (local,) = hours("2026-11-01T01:00:00")
    with pytest.raises(RowRefusedError) as caught:
        LocalClock().to_utc(local, "Europe/Atlantis", "c")
    assert (caught.value.field, caught.value.reason) == ("account_timezone", "unknown_timezone")


@pytest.mark.parametrize("text", ["7", "07", "07:00", "07:00:00", "07:00:00 - 07:59:59"])
def test_the_hour_of_a_report_is_read_in_all_its_spellings(text: str) -> None:
    assert parse_hour("2026-11-03", text, "%Y-%m-%d").isoformat() == "2026-11-03T07:00:00"


def test_the_day_of_a_report_is_read_in_the_maps_spelling() -> None:
    assert parse_hour("03.11.2026", "0", "%d.%m.%Y").isoformat() == "2026-11-03T00:00:00"


@pytest.mark.parametrize(
    ("day", "hour", "reason"),
    [
        ("2026-11-03", "24", "invalid_time"),
        ("2026-11-03", "07:30", "invalid_time"),
        ("2026-11-03", "noon", "invalid_time"),
        ("2026-11-03", "07:00:00 - 09:59:59", "not_one_hour"),
        ("11/03/2026", "7", "invalid_time"),
        ("2026-02-30", "7", "invalid_time"),
    ],
)
def test_what_is_no_hour_is_refused(day: str, hour: str, reason: str) -> None:
    with pytest.raises(RowRefusedError) as caught:
        parse_hour(day, hour, "%Y-%m-%d")
    assert caught.value.reason == reason


def test_a_start_keeps_the_zone_that_it_has() -> None:
    assert parse_start("2026-11-01T07:00:00+02:00") == utc("2026-11-01T05:00:00")
    assert parse_start("2026-11-01T07:00:00.000Z") == utc("2026-11-01T07:00:00")
    assert parse_start("2026-11-01 07:00:00").tzinfo is None
    with pytest.raises(RowRefusedError, match="must be a time"):
        parse_start("yesterday")
