"""The chain ladder, against figures that are published and a triangle that hides nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.arrays import Floats
from engine.chain_ladder import Triangle, ladder, ultimate
from engine.errors import EngineError

TAYLOR_ASHE = (
    (357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463),
    (352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085),
    (290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315),
    (310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268),
    (443160, 1136350, 2128333, 2897821, 3402672, 3873311),
    (396132, 1333217, 2180715, 2985752, 3691712),
    (440832, 1288463, 2419861, 3483130),
    (359480, 1421128, 2864498),
    (376686, 1363294),
    (344014,),
)
"""Cumulative claims of Taylor and Ashe (Journal of Econometrics 23, 1983), as in Mack (1993)."""

ERRORS = (0, 75_535, 121_699, 133_549, 261_406, 411_010, 558_317, 875_328, 971_258, 1_363_155)
"""Standard errors of the reserves by year, of Mack's article."""


def triangle(*rows: tuple[float, ...]) -> Triangle:
    size = max(map(len, rows))
    value, known = np.zeros((1, len(rows), size)), np.zeros((1, len(rows), size), dtype=np.bool_)
    for i, row in enumerate(rows):
        value[0, i, : len(row)], known[0, i, : len(row)] = row, True
    return Triangle(value=value, known=known)


def test_the_published_reserves_and_standard_errors_come_out() -> None:
    found = ultimate(triangle(*TAYLOR_ASHE))
    told = np.array([row[-1] for row in TAYLOR_ASHE])

    assert found.total[0] == pytest.approx(53_038_946, abs=1)
    assert (found.value[0] - told).sum() == pytest.approx(18_680_856, abs=1)
    assert found.total_error[0] == pytest.approx(2_447_095, abs=1)
    assert found.error[0] == pytest.approx(ERRORS, abs=1)


@given(
    st.lists(st.floats(0.8, 3.0), min_size=2, max_size=6),
    st.lists(st.floats(1.0, 1e6), min_size=7, max_size=7),
)
def test_a_triangle_of_constant_factors_is_foretold_exactly_and_without_error(
    factors: list[float], begun: list[float]
) -> None:
    size = len(factors) + 1
    full = np.outer(begun[:size], np.cumprod([1.0, *factors]))
    found = ultimate(triangle(*(tuple(full[i, : size - i]) for i in range(size))))

    assert found.value[0] == pytest.approx(full[:, -1], rel=1e-9)
    assert found.total_error[0] <= 1e-6 * found.total[0]


def whole(rows: tuple[tuple[float, ...], ...]) -> Floats:
    found = ultimate(triangle(*rows))
    return np.concatenate((found.value[0], found.error[0], found.total_error))


def test_the_order_of_cohorts_does_not_matter_and_money_may_be_in_any_unit() -> None:
    one, other = whole(TAYLOR_ASHE), whole(TAYLOR_ASHE[::-1])
    cents = whole(tuple(tuple(100.0 * each for each in row) for row in TAYLOR_ASHE))

    assert other[:10][::-1] == pytest.approx(one[:10])
    assert other[-1] == pytest.approx(one[-1])
    assert cents == pytest.approx(100.0 * one)


def test_cohorts_that_are_not_known_come_to_nothing_and_steps_never_seen_do_not_grow() -> None:
    known = np.zeros((1, 2, 3), dtype=np.bool_)
    known[0, 0, :2] = True
    found = Triangle(value=np.array([[[4.0, 6.0, 99.0], [7.0, 7.0, 7.0]]]), known=known)

    assert ladder(found).factors.tolist() == [[1.5, 1.0]]
    assert ultimate(found).value.tolist() == [[6.0, 0.0]]


def test_a_triangle_of_another_shape_is_refused() -> None:
    with pytest.raises(EngineError, match=r"value \(1, 2\), known \(1, 2\)"):
        Triangle(value=np.zeros((1, 2)), known=np.zeros((1, 2), dtype=np.bool_))
