"""The weight of a stretch of wall time against a walk through its hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.weeks import WeekWeights, between

quick = settings(max_examples=40, deadline=None)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- wall time has no zone
weeks = st.lists(st.integers(0, 1_000), min_size=168, max_size=168)
walls = st.integers(1_772_000_000, 1_772_000_000 + 60 * 86_400)


def walked(weights: list[int], start: int, end: int) -> Fraction:
    """Sum what each hour weighs, the first and the last by their part."""
    total, at = Fraction(0), start
    while at < end:
        stop = min(end, at - at % 3_600 + 3_600)
        here = EPOCH + timedelta(seconds=at)
        total += Fraction(weights[here.weekday() * 24 + here.hour] * (stop - at), 3_600)
        at = stop
    return total


def weight(weights: list[int], start: int, end: int) -> float:
    week = WeekWeights.of(np.array([weights], dtype=np.float64))
    return float(between(week, np.array([start]), np.array([end]))[0])


@given(weeks, walls, st.integers(-3_600, 40 * 86_400))
@quick
def test_a_stretch_weighs_what_its_hours_weigh(weights: list[int], start: int, length: int) -> None:
    assert weight(weights, start, start + length) == pytest.approx(
        float(walked(weights, start, start + length)), rel=1e-12, abs=1e-6
    )


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


@given(st.lists(st.tuples(weeks, walls, st.integers(0, 9 * 86_400)), min_size=2, max_size=5))
@quick
def test_stretches_are_weighed_alike_together_and_alone(
    several: list[tuple[list[int], int, int]],
) -> None:
    week = WeekWeights.of(np.array([weights for weights, _, _ in several], dtype=np.float64))
    starts = np.array([start for _, start, _ in several])
    ends = starts + np.array([length for _, _, length in several])
    alone = [weight(weights, start, start + length) for weights, start, length in several]
    assert between(week, starts, ends).tolist() == alone


def test_running_sums_begin_at_nothing_and_end_with_the_week() -> None:
    week = WeekWeights.of(np.arange(336.0).reshape(2, 168))
    assert week.sums.shape == (2, 169)
    assert week.sums[:, [0, 1, 2, 168]].tolist() == [
        [0, 0, 1, 168 * 167 / 2],
        [0, 168, 337, 168 * 168 + 168 * 167 / 2],
    ]
