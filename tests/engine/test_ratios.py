"""Ratios are those of arithmetic where there is something to divide by."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.ratios import ratio


@given(
    st.lists(st.tuples(st.integers(-999, 999), st.integers(-9, 999)), min_size=1),
    st.integers(-9, 9),
)
def test_it_is_the_quotient_where_below_is_above_nothing_and_else_what_was_said(
    pairs: list[tuple[int, int]], otherwise: int
) -> None:
    above, below = np.array(pairs, dtype=np.float64).T
    wanted = [over / under if under > 0 else float(otherwise) for over, under in pairs]

    assert ratio(above, below, float(otherwise)).tolist() == wanted


def test_columns_and_rows_make_a_table() -> None:
    table = ratio(np.array([[2.0], [6.0]]), np.array([1.0, 2.0, 0.0]))

    assert table.tolist() == [[2.0, 1.0, 0.0], [6.0, 3.0, 0.0]]
