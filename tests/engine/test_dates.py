"""What dates make of a learned week: sums that can be taken back, and factors shrunk towards 1."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine import dates, patterns
from engine.arrays import Floats, Ints, Rows
from engine.calendar import date_of, weekday_of
from engine.dates import UNDATED, date_factors
from tests.engine.books import Fact, rows_of

quick = settings(max_examples=40, deadline=None)
EPOCH = date(1970, 1, 1)
FLAT = np.ones((1, 168))
FIRST = 20_500
"""16 February 2026, a Monday."""

days_seen = st.lists(st.integers(FIRST, FIRST + 70), min_size=1, max_size=40, unique=True)
weeks = arrays.arrays(np.float64, 168, elements=st.floats(0.1, 5.0))


def on(day: int) -> date:
    return EPOCH + timedelta(days=day)


def told(rows: Rows, days: list[int], conversions: list[int], sign: int = 1) -> Rows:
    """Add days of 24 hours each; conversions are those of an hour, in whole ones."""
    each = np.repeat(np.array(days, dtype=np.int64), 24)
    facts = [
        Fact(start=day * 86_400 + 3_600 * hour, conversions=count * 10**6)
        for day, count in zip(days, conversions, strict=True)
        for hour in range(24)
    ]
    cells = weekday_of(each) * 24 + np.tile(np.arange(24), len(days))
    owners = np.zeros(len(each), dtype=np.int64)
    return patterns.add_hours(rows, rows_of(facts), (owners, cells, each), sign=sign)


def learned(days: list[int], conversions: list[int]) -> Rows:
    return told(patterns.unpack([b""]), days, conversions)


def factor(rows: Rows, day: int, week: Floats = FLAT) -> float:
    made = date_factors(rows, week)[0]
    return float(made[on(day).day - 1] * made[31 + on(day).month - 1])


@given(st.integers(-20_000, 40_000))
@quick
def test_a_days_date_and_weekday_are_those_of_the_calendar_on_the_wall(day: int) -> None:
    here = on(day)
    found = [int(each[0]) for each in date_of(np.array([day]))]
    assert found == [here.day - 1, here.month - 1]
    assert weekday_of(np.array([day])).tolist() == [here.weekday()]


@given(days_seen, st.randoms(use_true_random=False))
@quick
def test_each_hour_counts_once_for_its_day_of_the_month_and_once_for_its_month(
    days: list[int], chance: Random
) -> None:
    counts = [chance.randrange(50) for _ in days]
    row = learned(days, counts)[0]
    for cell in range(43):
        here = [i for i, day in enumerate(days) if cell in (on(day).day - 1, 30 + on(day).month)]
        assert row["date_conversions"][cell] == sum(24 * 10**6 * counts[i] for i in here)
        for weekday in range(7):
            hours = 24 * sum(on(days[i]).weekday() == weekday for i in here)
            assert row["date_hours"][cell, weekday] == hours
    for day, month in {(on(each).day, on(each).month) for each in days}:
        hours = 24 * sum((on(each).day, on(each).month) == (day, month) for each in days)
        assert row["month_hours"][day - 1, month - 1] == hours
    assert row["month_hours"].sum() == 24 * len(days)


@given(days_seen, st.randoms(use_true_random=False))
@quick
def test_dates_that_are_taken_back_leave_nothing_whatever_the_order(
    days: list[int], chance: Random
) -> None:
    counts = {day: chance.randrange(50) for day in days}
    gone = chance.sample(days, chance.randrange(len(days) + 1))
    kept = [day for day in days if day not in gone]
    after = told(learned(days, [counts[day] for day in days]), gone, [counts[d] for d in gone], -1)
    assert after.tobytes() == learned(kept, [counts[day] for day in kept]).tobytes()


@given(st.lists(st.integers(1, 50), min_size=8, max_size=20), st.data())
@quick
def test_a_pattern_of_the_first_format_ends_as_one_that_had_dates_from_the_beginning(
    counts: list[int], data: st.DataObject
) -> None:
    days = [FIRST + number for number in range(len(counts))]
    cut = data.draw(st.integers(2, len(days) - 1))
    rows = learned(days[:cut], counts[:cut])
    first_format = rows[list(patterns.WEEK.names or ())].astype(patterns.WEEK)
    first_format["format"] = 1
    rows = patterns.unpack([first_format.tobytes()])
    # A late correction before the next day closes has no date; one after it may be of either.
    rows = told(told(rows, days[:1], counts[:1], -1), days[:1], [7])
    assert rows["dated_from"].tolist() == [UNDATED]
    for at in range(cut, len(days)):
        rows = dates.begin_dates(rows, np.array([0]), np.array([days[at]]))
        rows = told(rows, [days[at]], [counts[at]])
    assert rows["dated_from"].tolist() == [days[cut]]
    late = data.draw(st.integers(1, len(days) - 1))
    now = [7, *counts[1:]]
    rows = told(told(rows, [days[late]], [counts[late]], -1), [days[late]], [9])
    now[late] = 9
    dated = learned(days[cut:], now[cut:])
    assert rows["date_hours"].tobytes() == dated["date_hours"].tobytes()
    assert rows["date_conversions"].tobytes() == dated["date_conversions"].tobytes()
    # Days without dates go as they came; when all have gone, nothing is left.
    assert told(rows, days[:cut], now[:cut], -1)["hours"].tolist() == dated["hours"].tolist()
    assert told(rows, days, now, -1).tobytes() == patterns.unpack([b""]).tobytes()


def test_a_pattern_that_has_dates_begins_none() -> None:
    rows = learned([FIRST], [3])
    later = dates.begin_dates(rows, np.array([0]), np.array([FIRST + 1]))
    assert later.tobytes() == rows.tobytes()


def reckoned(
    seen: dict[int, int], week: Floats, part: dict[str, float]
) -> tuple[dict[int, float], dict[int, float]]:
    """Return factors by day of the month and by month in plain Python, from days of 24 hours."""
    usual = {day: 24 * week[0, 24 * on(day).weekday() :][:24].mean() for day in seen}

    def shrunk(
        groups: dict[int, list[int]], exposure: dict[int, float], variance: float
    ) -> dict[int, float]:
        level = sum(24 * count for count in seen.values()) / sum(exposure.values())
        factors = {}
        for name, days in groups.items():
            expected = level * sum(exposure[day] for day in days)
            if expected == 0.0:
                factors[name] = 1.0
                continue
            noise = part["day"] / len(days) + 1.0 / expected
            weight = variance / (variance + noise)
            ratio = sum(24 * seen[day] for day in days) / expected
            factors[name] = weight * ratio + 1.0 - weight
        return factors

    by_month: dict[int, list[int]] = {}
    by_day: dict[int, list[int]] = {}
    for day in seen:
        by_month.setdefault(on(day).month, []).append(day)
        by_day.setdefault(on(day).day, []).append(day)
    months = shrunk(by_month, usual, part["month"])
    left: dict[int, float] = {}
    for alike in by_day.values():
        # Days that share a date are told apart by neither weekday nor month.
        month = sum(months[on(day).month] for day in alike) / len(alike)
        left |= {day: usual[day] * month for day in alike}
    return shrunk(by_day, left, part["date"]), months


@given(days_seen, weeks, st.randoms(use_true_random=False))
@quick
def test_factors_are_what_a_pencil_makes_of_days_months_first_and_shrunk_by_credibility(
    days: list[int], week: Floats, chance: Random
) -> None:
    seen = {day: chance.randrange(30) for day in days}
    variances = {"day": 0.04, "date": 0.01, "month": 0.04}
    by_day, by_month = reckoned(seen, week[None, :], variances)
    made = date_factors(learned(days, list(seen.values())), week[None, :])[0]
    for cell in range(31):
        assert made[cell] == pytest.approx(by_day.get(cell + 1, 1.0), rel=1e-9)
    for cell in range(12):
        assert made[31 + cell] == pytest.approx(by_month.get(cell + 1, 1.0), rel=1e-9)
    assert (made > 0.0).all()


def test_without_data_every_date_weighs_one() -> None:
    assert date_factors(patterns.unpack([b""] * 2), np.ones((2, 168))).tolist() == [[1.0] * 43] * 2


def test_a_weekday_is_not_counted_twice() -> None:
    # Mondays convert three times as often as other days, and the learned week knows it.
    days = [FIRST + number for number in range(35)]
    counts = [300 if on(day).weekday() == 0 else 100 for day in days]
    week = np.ones((1, 168))
    week[0, :24] = 3.0
    np.testing.assert_allclose(date_factors(learned(days, counts), week), 1.0, rtol=1e-9)


def test_a_month_is_not_counted_twice() -> None:
    # March converts half as often again as February: its days so weigh more, but never by more
    # than they have been seen to.
    days = [FIRST + number for number in range(36)]
    counts = [90 if on(day).month == 3 else 60 for day in days]
    rows = learned(days, counts)
    first, later = factor(rows, FIRST), factor(rows, FIRST + 30)
    assert first < 1.0 < later
    assert later / first <= 1.5
    assert later / first > 1.3


@given(st.integers(1, 200), st.integers(2, 6))
@quick
def test_the_more_a_date_has_told_the_further_it_leaves_one(count: int, times: int) -> None:
    days = [FIRST + number for number in range(28)]
    shares = [1] * 27 + [2]
    few = learned(days, [count * share for share in shares])
    many = learned(days, [count * share * times for share in shares])
    assert 1.0 < factor(few, days[-1]) < factor(many, days[-1]) < 2.0


@given(st.lists(st.tuples(days_seen, weeks), min_size=2, max_size=4))
@quick
def test_factors_are_the_same_bits_alone_and_in_any_batch(
    several: list[tuple[list[int], Floats]],
) -> None:
    rows = [learned(days, [day % 9 for day in days]) for days, _ in several]
    alone = [date_factors(row, week[None, :]) for row, (_, week) in zip(rows, several, strict=True)]
    together = date_factors(np.concatenate(rows), np.array([week for _, week in several]))
    assert together.tobytes() == np.concatenate(alone).tobytes()


def test_counts_below_zero_stand_for_zero() -> None:
    rows = learned([FIRST, FIRST + 1], [5, 5])
    below: Ints = rows["date_conversions"].copy()
    below[0, on(FIRST).day - 1] = -7
    rows["date_conversions"] = below
    made = date_factors(rows, FLAT)
    assert np.isfinite(made).all()
    assert (made > 0.0).all()
