"""Splits to the last minor unit, and strategies' plans of a day."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.arrays import Floats
from engine.rounding import spread
from engine.strategies import hour_plan

rows = st.lists(
    st.tuples(
        st.floats(0.0, 1_000.0).map(lambda weight: weight if weight > 1e-6 else 0.0),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=25,
)


@st.composite
def splits(draw: st.DrawFn) -> tuple[int, list[float], list[int], list[int]]:
    parts = draw(rows)
    weights = [weight for weight, _, _ in parts]
    low = [floor if weight else 0 for weight, floor, _ in parts]
    high = [floor + room if weight else 0 for weight, floor, room in parts]
    total = draw(st.integers(sum(low), sum(high)))
    return total, weights, low, high


def exact(total: int, weights: list[float], low: list[int], high: list[int]) -> list[Fraction]:
    """Water-filling by its definition, in fractions: the scale lies between two bounds."""
    shares = [Fraction(weight) for weight in weights]

    def filled(scale: Fraction) -> list[Fraction]:
        return [
            min(max(scale * share, Fraction(floor)), Fraction(cap))
            for share, floor, cap in zip(shares, low, high, strict=True)
        ]

    steps = sorted(
        {
            Fraction(bound) / share
            for share, *b in zip(shares, low, high, strict=True)
            if share
            for bound in b
        }
        | {Fraction(0)}
    )
    below = max((s for s in steps if sum(filled(s)) <= total), default=Fraction(0))
    missing = total - sum(filled(below))
    free = [
        share
        for share, floor, cap in zip(shares, low, high, strict=True)
        if share and Fraction(floor) <= below * share < cap
    ]
    return filled(below + missing / sum(free, Fraction(0))) if missing and free else filled(below)


@given(splits())
def test_a_split_sums_to_its_total_within_bounds_and_next_to_the_exact_answer(
    split: tuple[int, list[float], list[int], list[int]],
) -> None:
    total, weights, low, high = split
    parts = spread(np.array([total]), np.array([weights]), np.array([low]), np.array([high]))[0]
    assert parts.sum() == total
    assert (np.array(low) <= parts).all()
    assert (parts <= np.array(high)).all()
    wanted = exact(total, weights, low, high)
    assert all(
        abs(int(part) - want) < Fraction(101, 100) for part, want in zip(parts, wanted, strict=True)
    )


@given(st.lists(splits(), min_size=2, max_size=6))
def test_a_split_does_not_depend_on_the_others_in_its_batch(
    several: list[tuple[int, list[float], list[int], list[int]]],
) -> None:
    def wide(rows: Sequence[Sequence[float]]) -> Floats:
        return np.array([[*row, *[0.0] * (25 - len(row))] for row in rows])

    totals = np.array([total for total, *_ in several])
    weights = wide([shares for _, shares, _, _ in several])
    low = wide([floors for _, _, floors, _ in several]).astype(np.int64)
    high = wide([caps for _, _, _, caps in several]).astype(np.int64)
    arguments = [array.copy() for array in (totals, weights, low, high)]
    together = spread(totals, weights, low, high)
    for i in range(len(several)):
        part = slice(i, i + 1)
        alone = spread(totals[part], weights[part], low[part], high[part])
        assert (alone == together[part]).all()
    for array, before in zip((totals, weights, low, high), arguments, strict=True):
        assert (array == before).all()


def test_a_flat_day_of_a_round_budget_is_the_same_every_hour() -> None:
    plan = hour_plan(np.array([2_400]), np.ones((1, 24)), np.array([0]), np.array([2**60]))
    assert plan.amounts.tolist() == [[100] * 24]


def test_cents_that_do_not_divide_go_to_the_first_hours() -> None:
    plan = hour_plan(np.array([10]), np.ones((1, 4)), np.array([0]), np.array([2**60]))
    assert plan.amounts.tolist() == [[3, 3, 2, 2]]


@given(
    st.integers(0, 10**15),
    st.lists(st.floats(0.0, 10.0), min_size=25, max_size=25),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
)
def test_a_plan_with_what_it_leaves_over_sums_to_the_day(
    total: int, weights: list[float], floor: int, room: int
) -> None:
    plan = hour_plan(
        np.array([total]), np.array([weights]), np.array([floor]), np.array([floor + room])
    )
    amounts = plan.amounts[0]
    assert amounts.sum() + plan.unplaced[0] == total
    assert plan.unplaced[0] >= 0
    used = np.array(weights) > 0.0
    assert (amounts[~used] == 0).all()
    assert (amounts <= floor + room).all()
    if not plan.unmet[0]:
        assert (amounts[used] >= floor).all()
    else:
        assert floor * used.sum() > min(total, amounts.sum())


def test_where_the_minimum_does_not_fit_the_cap_goes_first() -> None:
    plan = hour_plan(np.array([5]), np.ones((1, 3)), np.array([2]), np.array([100]))
    assert plan.unmet.all()
    assert plan.amounts.sum() == 5
