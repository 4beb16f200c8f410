"""Members in several currencies share one total as well as exact reckoning can."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import ceil, floor

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.group_budgets import Members, Shared, share
from engine.group_currencies import MOST, Worth, bounded, in_common, in_own
from engine.plans import UNLIMITED
from engine.response_days import Days

WORTHS = st.fractions(Fraction(1, 30_000), Fraction(500), max_denominator=10**6)
AMOUNTS = st.integers(0, 10**12)


@given(st.lists(st.tuples(AMOUNTS, WORTHS), min_size=1, max_size=5))
def test_what_an_amount_pays_for_is_never_worth_more_and_one_unit_more_would_be(
    pairs: list[tuple[int, Fraction]],
) -> None:
    worth = Worth([each for _, each in pairs])
    amounts = np.array([amount for amount, _ in pairs], dtype=np.int64)
    for common, own, (_, each) in zip(
        amounts.tolist(), worth.paid_for(amounts).tolist(), pairs, strict=True
    ):
        assert own * each <= common < (own + 1) * each
    up, down = worth.rounded_up(amounts), worth.rounded_down(amounts)
    for (amount, each), high, low in zip(pairs, up.tolist(), down.tolist(), strict=True):
        assert (high, low) == (ceil(amount * each), floor(amount * each))
    assert np.all(worth.paid_for(up) >= amounts)


def test_no_amount_is_too_large_to_be_an_integer() -> None:
    worth = Worth([Fraction(10**9), Fraction(1, 10**9)])
    huge = np.array([10**16, 10**16])
    assert worth.rounded_up(huge).tolist() == [UNLIMITED, 10**7]
    assert worth.paid_for(np.array([UNLIMITED, UNLIMITED])).tolist() == [2**60 // 10**9, UNLIMITED]
    assert MOST < UNLIMITED


def of_curves(
    level: list[float], budget: list[int], worth: list[Fraction], least: list[int], most: list[int]
) -> Members:
    """Return members whose days lie on curves of the square root, each in its own money."""
    days = 40
    moved = np.exp(0.4 * np.sin(np.arange(days)[None] * 1.7 + np.arange(len(level))[:, None]))
    spend = np.array(budget)[:, None] * moved
    common = spend * np.array([float(each) for each in worth])[:, None]
    return Members(
        days=Days(
            spend=spend,
            value=np.array(level)[:, None] * np.sqrt(common),
            weight=np.ones(spend.shape),
            pool=np.zeros(len(level), dtype=np.int64),
        ),
        budget=np.array(budget),
        least=np.array(least),
        most=np.array(most),
        used=np.ones(len(level)),
        late=np.zeros(len(level), dtype=np.bool_),
    )


def reckoned(members: Members, worth: Worth, total: int) -> Shared:
    fitted = bounded(members, worth)
    common = in_common(fitted, worth, by_value=False)
    return in_own(share(common, total, 10.0), fitted, worth, by_value=False)


@settings(deadline=None, max_examples=30)
@given(
    levels=st.lists(st.floats(1.0, 30.0), min_size=2, max_size=3),
    worths=st.lists(st.sampled_from(["1", "9/10", "7/3", "13/40"]), min_size=3, max_size=3),
    total=st.integers(60, 120),
)
def test_no_split_in_whole_units_that_the_total_pays_for_is_worth_much_more(
    levels: list[float], worths: list[str], total: int
) -> None:
    each = [Fraction(text) for text in worths[: len(levels)]]
    worth, count = Worth(each), len(levels)
    budget = [max(1, floor(Fraction(total, count) / one)) for one in each]
    members = of_curves(levels, budget, each, [0] * count, [UNLIMITED] * count)
    found = reckoned(members, worth, total)
    exact = sum(own * one for own, one in zip(found.budget.tolist(), each, strict=True))
    # Whom the first rounding leaves alone may keep what they had, which may have been a bit more.
    assert exact <= total or not np.any(found.hold == 0)
    curves = found.fit.curves()

    def value(budgets: tuple[int, ...]) -> float:
        return float(curves.value(np.array(budgets, dtype=np.float64)).sum())

    best = max(
        (value((*some, last)), (*some, last))
        for some in product(*(range(floor(total / one) + 1) for one in each[:-1]))
        if (
            last := floor(
                (total - sum(o * w for o, w in zip(some, each[:-1], strict=True))) / each[-1]
            )
        )
        >= 0
    )
    # Each member may lose what less than a unit of the group's and one of its own would bring.
    lost = sum(
        value(tuple(np.eye(count, dtype=int)[i] * best[1][i]))
        - value(tuple(np.eye(count, dtype=int)[i] * max(best[1][i] - 1 - ceil(1 / each[i]), 0)))
        for i in range(count)
    )
    # Members within the band keep their budgets: of so few units that is a half of one per cent.
    assert value(tuple(found.budget.tolist())) >= best[0] - lost - 0.005 * best[0]


@settings(deadline=None, max_examples=60)
@given(
    levels=st.lists(st.floats(1.0, 30.0), min_size=2, max_size=5),
    worths=st.lists(WORTHS, min_size=5, max_size=5),
    scale=st.integers(300, 10**7),
    bounds=st.lists(st.tuples(st.floats(0.0, 0.6), st.floats(1.0, 3.0)), min_size=5, max_size=5),
    share_of=st.floats(0.5, 2.0),
)
def test_bounds_hold_in_each_members_own_money_and_the_total_in_the_groups(
    levels: list[float],
    worths: list[Fraction],
    scale: int,
    bounds: list[tuple[float, float]],
    share_of: float,
) -> None:
    count = len(levels)
    each, worth = worths[:count], Worth(worths[:count])
    budget = [floor(scale / one) + 1 for one in each]
    least = [floor(own * low) for own, (low, _) in zip(budget, bounds, strict=False)]
    most = [ceil(own * high) + 1 for own, (_, high) in zip(budget, bounds, strict=False)]
    members = of_curves(levels, budget, each, least, most)
    total = int(scale * count * share_of)
    found = reckoned(members, worth, total)
    assert np.all(found.budget[found.hold == 0] >= members.least[found.hold == 0])
    assert np.all(found.budget[found.hold == 0] <= members.most[found.hold == 0])
    assert np.all(found.budget[found.hold != 0] == members.budget[found.hold != 0])
    assert np.all(found.budget[found.hold == 0] != members.budget[found.hold == 0])
    exact = sum(own * one for own, one in zip(found.budget.tolist(), each, strict=True))
    if np.any(found.hold == 0):
        assert exact <= total


def test_a_member_does_not_depend_on_how_the_others_money_is_told() -> None:
    level, budget = [9.0, 4.0, 2.0], [1_000, 1_000, 1_000]
    ones = [Fraction(1)] * 3
    plain = reckoned(of_curves(level, budget, ones, [0] * 3, [UNLIMITED] * 3), Worth(ones), 3_000)
    halves = [Fraction(1), Fraction(1, 4), Fraction(1)]
    told = of_curves(level, [1_000, 4_000, 1_000], halves, [0] * 3, [UNLIMITED] * 3)
    found = reckoned(told, Worth(halves), 3_000)
    assert (found.budget / [1, 4, 1]).tolist() == plain.budget.tolist()
    np.testing.assert_array_equal(found.hold, plain.hold)
    # What a unit brings is less where it is worth less.
    np.testing.assert_allclose(
        np.exp(found.log_price), np.exp(plain.log_price) * [1.0, 0.25, 1.0], rtol=1e-12
    )
