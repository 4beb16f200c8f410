"""Many members' values at once: as each says by itself, whatever is known of it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.allocator.groups import FIRST, a_row
from workers.allocator.member_rows import (
    _FIRST_DAY,
    _FIRST_HEAD,
    KEPT_DAYS,
    taken,
    unpack,
)
from workers.allocator.member_tables import tables_of
from workers.allocator.spent import _sums
from workers.instants import day_number

TODAY = day_number(FIRST) + 70

DAYS = st.lists(st.integers(0, 75), max_size=8, unique=True)


def value_of(days: list[int], *, first: bool) -> bytes:
    """Return the value of a member that closed some days; as it was laid out first, if asked."""
    value = b""
    for day in days:
        value = taken(value, a_row("a", day, spend=Decimal(day + 1), conversions=float(day)))
    if not first or not value:
        return value
    head, rows = unpack(value)
    old_head = np.zeros(1, dtype=_FIRST_HEAD)
    old_rows = np.zeros(len(rows), dtype=_FIRST_DAY)
    for old, new in ((old_head, head), (old_rows, rows)):
        for name in old.dtype.names or ():
            old[name] = new[name]
    old_head["format"] = 1
    return old_head.tobytes() + old_rows.tobytes()


@given(members=st.lists(st.tuples(DAYS, st.booleans()), min_size=1, max_size=8))
def test_they_say_what_each_says_alone(members: list[tuple[list[int], bool]]) -> None:
    values = [value_of(days, first=first) for days, first in members]
    heads, table = tables_of(values, TODAY)
    for at, value in enumerate(values):
        head, days = unpack(value)
        assert heads[at].tobytes() == (head.tobytes() if value else bytes(head.itemsize))
        expected = np.zeros(KEPT_DAYS, dtype=days.dtype)
        for row in days:
            place = int(row["day"]) - TODAY + KEPT_DAYS
            if 0 <= place < KEPT_DAYS:
                expected[place] = row
        assert table[at].tobytes() == expected.tobytes()


@given(amounts=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**63 - 1)), max_size=40))
def test_sums_are_exact_however_large_amounts_are(amounts: list[tuple[int, int]]) -> None:
    days, money = (np.array([each[i] for each in amounts], dtype=np.int64) for i in range(2))
    plain = {day: sum(own for of, own in amounts if of == day) for day, _ in amounts}
    assert _sums(days, money) == plain


def test_nobody_is_nobody() -> None:
    heads, table = tables_of([], TODAY)
    assert (heads.shape, table.shape) == ((0,), (0, KEPT_DAYS))
    assert not tables_of([b""], TODAY)[0]["budget"].any()
