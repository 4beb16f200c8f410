"""What was set in the course of a day: found again at every second, in whatever order told."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrays import Rows
from engine.settings import UNKNOWN, a_setting, in_force_at, last_of, with_setting

DAY = 86_400
entries = st.lists(
    st.tuples(st.integers(0, DAY - 1), st.integers(1, 10**10), st.integers(0, 10**12)),
    max_size=8,
    unique_by=lambda entry: entry[0],
)


def day_of(told: list[tuple[int, int, int]]) -> bytes:
    day = b""
    for entry in told:
        day = with_setting(day, a_setting(*entry))
    return day


def at_seconds(days: list[bytes], second: int) -> Rows:
    """Return what is in force at a second of each day."""
    return in_force_at(days, np.arange(len(days)), np.full(len(days), second))


def test_days_on_which_nothing_was_set_have_nothing_in_force() -> None:
    assert at_seconds([b"", b""], 7)["budget"].tolist() == [UNKNOWN, UNKNOWN]


@given(entries, st.integers(0, DAY - 1), st.randoms())
@settings(max_examples=100, deadline=None)
def test_what_is_in_force_at_a_second_is_what_was_set_last_up_to_it(
    told: list[tuple[int, int, int]], second: int, chance: object
) -> None:
    shuffled = told.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    before = [entry for entry in told if entry[0] <= second]
    wanted = max(before)[1:] if before else (0, UNKNOWN)
    (row,) = at_seconds([day_of(shuffled)], second)
    assert (row["multiplier"], row["budget"]) == wanted
    assert day_of(shuffled) == day_of(told)


def test_of_two_settings_at_the_same_second_the_later_one_told_counts() -> None:
    day = day_of([(10, 5, 50), (10, 6, 60)])
    (row,) = at_seconds([day], 10)
    assert (row["multiplier"], row["budget"]) == (6, 60)


def test_a_day_ends_with_what_was_set_last_and_the_next_one_begins_with_it() -> None:
    (row,) = at_seconds([last_of(day_of([(10, 5, 50), (99, 7, 70)]))], 0)
    assert (row["multiplier"], row["budget"]) == (7, 70)


def test_days_are_looked_up_together_as_each_is_alone() -> None:
    days = [day_of([(10, 5, 50)]), b"", day_of([(1, 2, 3), (20, 4, 5)])]
    found = in_force_at(days, np.array([0, 1, 2, 2]), np.array([10, 10, 20, 0]))
    assert found["multiplier"].tolist() == [5, 0, 4, 0]
    assert found["budget"].tolist() == [50, UNKNOWN, 5, UNKNOWN]
