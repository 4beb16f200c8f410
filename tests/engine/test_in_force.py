"""What is in force, and when it was changed."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import in_force
from engine.errors import UnknownFormat
from engine.plans import no_plans

quick = settings(max_examples=40, deadline=None)


def test_a_campaign_without_an_entry_has_nothing_in_force_and_no_change() -> None:
    rows = in_force.unpack([b"", b""])
    assert rows.tobytes() == in_force.nothing_in_force(2).tobytes()
    assert rows["known"].tolist() == [0, 0]
    assert not rows["changed"].any()


@given(st.lists(st.integers(1, 2**40), max_size=40, unique=True), st.randoms(use_true_random=False))
@quick
def test_the_latest_changes_are_remembered_newest_first_whatever_their_order(
    times: list[int], chance: Random
) -> None:
    rows = in_force.nothing_in_force(1)
    for time in chance.sample(times, len(times)):
        rows = in_force.with_change(rows, np.array([time]))
    newest = sorted(times, reverse=True)[: in_force.CHANGES]
    assert rows["changed"][0].tolist() == newest + [0] * (in_force.CHANGES - len(newest))
    assert in_force.unpack([rows.tobytes()]).tobytes() == rows.tobytes()


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**9)), max_size=20),
    st.integers(0, 10**6),
    st.integers(0, 10**9),
)
@quick
def test_no_budget_in_force_since_a_time_was_higher_than_what_is_said_to_be_the_highest(
    replaced: list[tuple[int, int]], since: int, value: int
) -> None:
    rows = in_force.nothing_in_force(1)
    rows["known"], rows["currency"], rows["value"][:, 0] = 1, b"JPY", value
    plans = no_plans(1)
    plans["currency"] = b"JPY"
    for time, amount in replaced:
        rows = in_force.with_replaced(rows, np.array([amount]), np.array([time]))
    highest = int(in_force.highest_since(rows, plans, np.array([since]))[0])
    wanted = max([value, *(amount for time, amount in replaced if time > since)])
    assert highest >= wanted
    if len(replaced) <= in_force.REPLACED:
        assert highest == wanted
    plans["currency"] = b"EUR"
    assert in_force.highest_since(rows, plans, np.array([since])).tolist() == [0]


@given(
    st.lists(
        st.tuples(st.integers(1, 1_000), st.integers(1, 10**9)),
        max_size=20,
        unique_by=lambda each: each[0],
    ),
    st.lists(st.tuples(st.integers(0, 1_000), st.integers(1, 200)), min_size=1, max_size=6),
    st.integers(0, 10**9),
)
@quick
def test_within_a_span_the_highest_budget_is_that_of_its_dearest_second(
    replaced: list[tuple[int, int]], spans: list[tuple[int, int]], value: int
) -> None:
    rows = in_force.nothing_in_force(1)
    rows["known"], rows["currency"], rows["value"][:, 0] = 1, b"JPY", value
    plans = no_plans(1)
    plans["currency"] = b"JPY"
    changes = sorted(replaced)
    for time, amount in changes:
        rows = in_force.with_replaced(rows, np.array([amount]), np.array([time]))
    starts, lengths = np.array(spans).T
    found = in_force.highest_within(rows, plans, (starts[None], (starts + lengths)[None]))[0]
    for (start, length), highest in zip(spans, found.tolist(), strict=True):
        seconds = range(start, start + length)
        dearest = max(next((a for t, a in changes if t > at), value) for at in seconds)
        assert highest >= dearest
        if len(changes) <= in_force.REPLACED:
            assert highest == dearest


def test_a_change_of_one_campaign_is_none_of_another() -> None:
    rows = in_force.with_change(in_force.nothing_in_force(2), np.array([5, 7]))
    rows = in_force.with_change(rows, np.array([6, 3]))
    assert rows["changed"][:, :3].tolist() == [[6, 5, 0], [7, 3, 0]]


def test_a_value_that_another_version_wrote_is_refused_by_number() -> None:
    rows = in_force.nothing_in_force(1)
    rows["format"] = 3
    with pytest.raises(UnknownFormat, match="a stored value in force has format 3"):
        in_force.unpack([rows.tobytes()])
