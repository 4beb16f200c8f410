"""The stretches of local time that budgets are for."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import BudgetPeriod
from workers.report.periods import Period, Terms, local_seconds

HOUR = 3_600
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")


def utc(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (BudgetPeriod.DAY, utc(2026, 3, 28, 23), utc(2026, 3, 29, 22)),  # 23 hours
        (BudgetPeriod.WEEK, utc(2026, 3, 22, 23), utc(2026, 3, 29, 22)),
        (BudgetPeriod.MONTH, utc(2026, 2, 28, 23), utc(2026, 3, 31, 22)),
    ],
)
def test_a_period_begins_and_ends_at_midnight_of_the_account(
    period: BudgetPeriod, start: int, end: int
) -> None:
    terms = Terms(timezone="Europe/Berlin", period=period)

    assert terms.period_at(utc(2026, 3, 29, 12)) == Period(start=start, end=end)


def test_a_december_ends_with_its_year() -> None:
    terms = Terms(period=BudgetPeriod.MONTH)

    assert terms.period_at(utc(2026, 12, 31, 23)) == Period(
        start=utc(2026, 12, 1), end=utc(2027, 1, 1)
    )


def test_a_period_is_cut_by_the_flight_and_there_is_none_outside_of_it() -> None:
    terms = Terms(period=BudgetPeriod.MONTH, first=date(2026, 3, 10), last=date(2026, 4, 5))

    assert terms.period_at(utc(2026, 3, 20)) == Period(start=utc(2026, 3, 10), end=utc(2026, 4, 1))
    assert terms.period_at(utc(2026, 4, 5)) == Period(start=utc(2026, 4, 1), end=utc(2026, 4, 6))
    assert terms.period_at(utc(2026, 3, 9)) is None
    assert terms.period_at(utc(2026, 4, 6)) is None


@given(
    start=st.integers(utc(2025, 1, 1), utc(2027, 1, 1)),
    hours=st.integers(1, 2_000),
    timezone=st.sampled_from(ZONES),
    period=st.sampled_from([BudgetPeriod.DAY, BudgetPeriod.WEEK, BudgetPeriod.MONTH]),
)
def test_periods_follow_each_other_without_gap_and_hold_the_whole_stretch(
    start: int, hours: int, timezone: str, period: BudgetPeriod
) -> None:
    terms = Terms(timezone=timezone, period=period)
    end = start + hours * HOUR
    found = list(terms.periods(start, end))

    assert found[0].start <= start < found[0].end
    assert found[-1].start < end <= found[-1].end
    assert all(one.end == after.start for one, after in pairwise(found))
    assert all(terms.period_at(one.end - 1) == one for one in found)


def test_the_clock_on_the_wall_is_told_as_if_it_were_utc() -> None:
    assert local_seconds(utc(2026, 7, 1, 12), "Asia/Kolkata") == utc(2026, 7, 1, 17, 30)
