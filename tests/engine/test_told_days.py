"""Which days of a campaign were told, and its whole weeks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrays import Floats, Rows
from engine.errors import UnknownFormat
from engine.told_days import KEPT_DAYS, tell, unpack

MONDAY = 20_514
"""2 March 2026."""


def told(days: list[int]) -> tuple[Rows, list[bool], list[Floats]]:
    """Tell days, each as big as its number; return the row, which were new, and the weeks."""
    row, new, weeks = unpack(b""), [], []
    for day in days:
        telling = tell(unpack(row.tobytes()), MONDAY + day, float(day))
        row = telling.row
        new.append(telling.new)
        if telling.week is not None:
            weeks.append(telling.week)
    return row, new, weeks


@given(st.lists(st.integers(0, KEPT_DAYS - 1), max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_day_is_new_once_in_whatever_order_days_come(days: list[int]) -> None:
    assert told(days)[1] == [day not in days[:at] for at, day in enumerate(days)]


def test_a_day_beyond_what_is_kept_counts_as_told() -> None:
    assert told([KEPT_DAYS, 0, 1])[1] == [True, False, True]
    assert told([0, 10_000, 10_000 - 1, 0])[1] == [True, True, True, False]


@given(st.permutations(range(7)))
@settings(max_examples=20, deadline=None)
def test_the_seventh_day_of_a_week_completes_it_once(order: list[int]) -> None:
    weeks = told([*order, *order])[2]

    assert [week.tolist() for week in weeks] == [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]


def test_weeks_from_monday_on_are_completed_one_after_the_other() -> None:
    # From Wednesday of the first week to Tuesday of the fourth.
    weeks = told(list(range(2, 23)))[2]

    assert [week.tolist() for week in weeks] == [
        [float(day) for day in range(start, start + 7)] for start in (7, 14)
    ]


def test_a_week_with_a_day_that_was_not_told_or_says_too_little_is_not_completed() -> None:
    assert told([0, 1, 2, 4, 5, 6, 7])[2] == []
    row = unpack(b"")
    for day in range(7):
        telling = tell(row, MONDAY + day, None if day == 3 else 1.0)
        assert telling.new
        assert telling.week is None
        row = telling.row


def test_a_row_that_a_later_version_wrote_is_refused_by_number() -> None:
    row = unpack(b"")
    row["format"] = 9
    with pytest.raises(UnknownFormat, match="told days has format 9, this version reads 1"):
        unpack(row.tobytes())
    assert np.isnan(unpack(b"")["levels"]).all()
