"""Pairs of units and atto against Python's own exact decimals."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine import money
from engine.arrays import Ints

ATTO = 10**18
amounts = st.integers(-(10**12) * ATTO, 10**12 * ATTO)


def pairs(values: list[int]) -> Ints:
    return np.array([divmod(value, ATTO) for value in values], dtype=np.int64).reshape(-1, 2)


def whole(pair: Ints) -> int:
    assert 0 <= pair[1] < ATTO
    return int(pair[0]) * ATTO + int(pair[1])


@given(amounts, amounts)
def test_sums_and_differences_are_those_of_whole_numbers(left: int, right: int) -> None:
    one, other = pairs([left]), pairs([right])
    before = one.copy(), other.copy()
    assert whole(money.add(one, other)[0]) == left + right
    assert whole(money.subtract(one, other)[0]) == left - right
    assert (one == before[0]).all()
    assert (other == before[1]).all()


@given(st.lists(st.tuples(amounts, st.integers(0, 3)), max_size=50))
def test_totals_by_owner_are_those_of_each_owner_alone(values: list[tuple[int, int]]) -> None:
    owners = np.array([owner for _, owner in values], dtype=np.int64)
    totals = money.total_by(pairs([value for value, _ in values]), owners, 4)
    for owner in range(4):
        assert whole(totals[owner]) == sum(value for value, other in values if other == owner)


@given(amounts, st.integers(0, 4))
def test_minor_units_are_rounded_as_decimals_round(value: int, exponent: int) -> None:
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(value) / ATTO * 10**exponent
        up = int(exact.to_integral_value(ROUND_CEILING))
        down = int(exact.to_integral_value(ROUND_FLOOR))
    exponents = np.array([exponent])
    assert money.ceil_to_minor(pairs([value]), exponents)[0] == up
    assert money.floor_to_minor(pairs([value]), exponents)[0] == down


def test_an_absurd_amount_stays_above_every_budget() -> None:
    assert money.ceil_to_minor(pairs([10**17 * ATTO]), np.array([4]))[0] == 9 * 10**18
