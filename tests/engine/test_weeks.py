"""The weight of a stretch of wall time against a walk through its hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.weeks import WeekWeights, between, date_factor

quick = settings(max_examples=40, deadline=None)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- wall time has no zone
weeks = st.lists(st.integers(0, 1_000), min_size=168, max_size=168)
factors = st.lists(st.integers(0, 9), min_size=43, max_size=43)
walls = st.integers(1_772_000_000, 1_772_000_000 + 60 * 86_400)


def walked(weights: list[int], start: int, end: int, dates: list[int] | None = None) -> Fraction:
    """Sum what each hour weighs, the first and the last by their part, and by their date."""
    dates = dates or [1] * 43
    total, at = Fraction(0), start
    while at < end:
        stop = min(end, at - at % 3_600 + 3_600)
        here = EPOCH + timedelta(seconds=at)
        factor = dates[here.day - 1] * dates[30 + here.month]
        total += Fraction(factor * weights[here.weekday() * 24 + here.hour] * (stop - at), 3_600)
        at = stop
    return total


def weight(weights: list[int], start: int, end: int, dates: list[int] | None = None) -> float:
    of_dates = None if dates is None else np.array([dates], dtype=np.float64)
    week = WeekWeights.of(np.array([weights], dtype=np.float64), of_dates)
    return float(between(week, np.array([start]), np.array([end]))[0])


@given(weeks, walls, st.integers(-3_600, 40 * 86_400))
@quick
def test_a_stretch_weighs_what_its_hours_weigh(weights: list[int], start: int, length: int) -> None:
    assert weight(weights, start, start + length) == pytest.approx(
        float(walked(weights, start, start + length)), rel=1e-12, abs=1e-6
    )


@given(weeks, factors, walls, st.integers(-3_600, 80 * 86_400))
@quick
def test_days_that_weigh_by_their_date_weigh_what_their_hours_weigh_times_its_factor(
    weights: list[int], dates: list[int], start: int, length: int
) -> None:
    assert weight(weights, start, start + length, dates) == pytest.approx(
        float(walked(weights, start, start + length, dates)), rel=1e-12, abs=1e-6
    )


@given(factors, st.integers(20_000, 30_000))
@quick
def test_a_days_factor_is_that_of_its_day_of_the_month_times_that_of_its_month(
    dates: list[int], day: int
) -> None:
    here = EPOCH + timedelta(days=day)
    both = np.array([dates, [1] * 43], dtype=np.float64)
    week = WeekWeights.of(np.ones((2, 168)), both)
    made = date_factor(week, np.array([day, day])).tolist()
    assert made == [dates[here.day - 1] * dates[30 + here.month], 1.0]
    assert date_factor(WeekWeights.of(np.ones((1, 168))), np.array([day])).tolist() == [1.0]


@given(weeks, walls, st.lists(st.integers(0, 20 * 86_400), min_size=2, max_size=2))
@quick
def test_two_stretches_weigh_as_much_as_both_together(
    weights: list[int], start: int, lengths: list[int]
) -> None:
    middle, end = start + lengths[0], start + sum(lengths)
    parts = weight(weights, start, middle) + weight(weights, middle, end)
    assert parts == pytest.approx(weight(weights, start, end), rel=1e-12, abs=1e-6)


@given(weeks, walls, st.integers(0, 4))
@quick
def test_whole_weeks_weigh_the_same_from_wherever_they_begin(
    weights: list[int], start: int, count: int
) -> None:
    end = start + count * 7 * 86_400
    assert weight(weights, start, end) == pytest.approx(count * sum(weights), rel=1e-12, abs=1e-6)


plain = st.just([1] * 43)
stretches = st.tuples(weeks, walls, st.integers(0, 29 * 86_400), factors | plain)


@given(st.lists(stretches, min_size=2, max_size=5))
@quick
def test_stretches_are_weighed_alike_together_and_alone(
    several: list[tuple[list[int], int, int, list[int]]],
) -> None:
    week = WeekWeights.of(
        np.array([each[0] for each in several], dtype=np.float64),
        np.array([each[3] for each in several], dtype=np.float64),
    )
    starts = np.array([each[1] for each in several])
    ends = starts + np.array([each[2] for each in several])
    alone = [
        weight(weights, start, start + length, dates) for weights, start, length, dates in several
    ]
    assert between(week, starts, ends).tolist() == alone


def test_running_sums_begin_at_nothing_and_end_with_the_week() -> None:
    week = WeekWeights.of(np.arange(336.0).reshape(2, 168))
    assert week.sums.shape == (2, 169)
    assert week.sums[:, [0, 1, 2, 168]].tolist() == [
        [0, 0, 1, 168 * 167 / 2],
        [0, 168, 337, 168 * 168 + 168 * 167 / 2],
    ]
