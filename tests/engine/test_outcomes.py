"""What came, against what was projected: laws, and cases reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import delay
from engine.delay import Maturity
from engine.outcomes import gain, judge, matured

AMOUNTS = st.integers(-(10**9), 10**9)


@given(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS).map(sorted), AMOUNTS, st.integers(0, 100))
def test_a_number_is_inside_exactly_where_it_is_no_further_from_the_interval_than_the_slack(
    three: list[int], realised: int, slack: int
) -> None:
    low, _, high = three
    found = judge(np.array([three], dtype=float), np.array([float(realised)]), np.array([slack]))

    assert found.inside[0] == (low - slack <= realised <= high + slack)
    assert found.side[0] == (realised > high + slack) - (realised < low - slack)


def test_the_error_is_of_the_middle_and_there_is_none_of_nothing() -> None:
    found = judge(
        np.array([[100.0, 200.0, 300.0], [0.0, 0.0, 5.0]]), np.array([250.0, 3.0]), np.zeros(2)
    )

    assert found.error.tolist() == [0.25, 0.0]
    assert found.measurable.tolist() == [True, False]


def test_hours_are_divided_by_what_is_reported_of_them_and_weighed_by_their_spend() -> None:
    # Half is reported at first, all from an hour on; a straight line of logs in between.
    logs = np.zeros((1, delay.STEPS + 1))
    logs[0, 0] = np.log(0.5)
    found = matured(
        Maturity(logs=logs),
        np.array([[0.0, 1.0]]),
        np.array([[30.0, 10.0]]),
        np.array([[3.0, 4.0]]),
        np.array([[60.0, 80.0]]),
    )

    assert found.conversions[0] == pytest.approx(3.0 / 0.5 + 4.0)
    assert found.revenue[0] == pytest.approx(60.0 / 0.5 + 80.0)
    assert found.share[0] == pytest.approx((30.0 * 0.5 + 10.0 * 1.0) / 40.0)


def test_without_hours_nothing_is_young() -> None:
    none = np.zeros((1, 0))
    found = matured(Maturity(logs=np.zeros((1, delay.STEPS + 1))), none, none, none, none)

    assert (found.conversions[0], found.share[0]) == (0.0, 1.0)


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.floats(0.0, 10.0))
def test_a_raise_gains_above_the_price_and_a_cut_below_it(
    value: int, spend: int, price: float
) -> None:
    more, less = np.array([[0.0, value], [value, 0.0]]), np.array([[0.0, spend], [spend, 0.0]])
    raised, cut = gain(more, less, np.full(2, price)).tolist()

    assert raised == pytest.approx(value - price * spend)
    assert cut == pytest.approx(-raised)
