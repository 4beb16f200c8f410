"""Sums of closed days, and the week that they say others may begin with."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine import pooling
from engine.arrays import Bools, Floats, Ints, Rows
from engine.errors import UnknownFormat
from engine.patterns import FLAT_STRENGTH

quick = settings(max_examples=20, deadline=None)
FIRST = 20_514
"""A Monday."""

Day = tuple[int, Ints, Bools]


@st.composite
def days(draw: st.DrawFn) -> Day:
    """One campaign-day: which day, its clicks by hour, which hours were reported."""
    length = draw(st.sampled_from((23, 24, 25)))
    clicks = draw(arrays.arrays(np.int64, length, elements=st.integers(0, 5_000)))
    seen = np.array(draw(st.lists(st.booleans(), min_size=length, max_size=length)))
    return draw(st.integers(0, 9)), clicks, seen


def add_day(pool: Rows, day: int, cells: Ints, clicks: Ints, seen: Bools) -> Rows:
    return pooling.add_days(pool, np.array([day]), cells[None], clicks[None], seen[None])


def added(pool: Rows, given_: list[Day]) -> Rows:
    for day, clicks, seen in given_:
        hours = np.arange(len(clicks)) % 24
        pool = add_day(pool, FIRST + day, day % 7 * 24 + hours, clicks, seen)
    return pool


def added_together(pool: Rows, given_: list[Day]) -> Rows:
    """Return the sums with all days at once, short ones ending in hours that were not."""
    cells, clicks, seen = np.zeros((3, len(given_), 25), dtype=np.int64)
    for at, (day, counts, told) in enumerate(given_):
        size = len(counts)
        cells[at, :size] = day % 7 * 24 + np.arange(size) % 24
        clicks[at, :size], seen[at, :size] = counts, told
    days = FIRST + np.array([day for day, _, _ in given_], dtype=np.int64)
    return pooling.add_days(pool, days, cells, clicks, seen > 0)


def alike(shape: Floats, count: int, clicks: float) -> Rows:
    """Return the sums of ``count`` days of each weekday that follow ``shape`` to the click."""
    pool = pooling.new_pool()
    for number in range(7 * count):
        cells = np.arange(24) + number % 7 * 24
        counts = np.rint(shape[cells] * clicks).astype(np.int64)
        pool = add_day(pool, FIRST + number, cells, counts, np.ones(24, dtype=np.bool_))
    return pool


def test_no_day_teaches_a_flat_week_with_no_evidence() -> None:
    said = pooling.pooled(pooling.new_pool())
    assert (said.weights == 1.0).all()
    assert (said.evidence, said.campaigns) == (0.0, 0)
    assert pooling.unpack(b"").tobytes() == pooling.new_pool().tobytes()


@given(st.lists(days(), max_size=20), st.randoms(use_true_random=False))
@quick
def test_the_order_of_days_is_irrelevant_to_the_week_and_its_evidence(
    given_: list[Day], chance: Random
) -> None:
    one = added(pooling.new_pool(), given_)
    other = added(pooling.new_pool(), chance.sample(given_, len(given_)))
    for name in ("relative", "weight", "day_clicks", "day_weight", "latest_day"):
        assert (one[name] == other[name]).all()
    straight, mixed = pooling.pooled(one), pooling.pooled(other)
    assert straight.weights.tobytes() == mixed.weights.tobytes()
    assert (straight.evidence, straight.campaigns) == (mixed.evidence, mixed.campaigns)


@given(st.lists(days(), max_size=20))
@quick
def test_a_pooled_week_is_positive_with_mean_1_and_its_strength_is_bounded(
    given_: list[Day],
) -> None:
    pool = added(pooling.new_pool(), given_)
    said = pooling.pooled(pool)
    assert (said.weights > 0.0).all()
    assert said.weights.mean() == pytest.approx(1.0)
    assert FLAT_STRENGTH <= said.concentration <= pooling.STRONGEST
    told = sum(bool(clicks[seen].sum()) for _, clicks, seen in given_)
    assert 0.0 <= said.evidence <= told * 25 / 24
    assert pooling.unpack(pool.tobytes()).tobytes() == pool.tobytes()


@given(st.lists(days(), min_size=1, max_size=20))
@quick
def test_campaigns_are_those_of_the_fuller_of_the_two_latest_days(given_: list[Day]) -> None:
    numbers = [day for day, _, _ in given_]
    counts = [numbers.count(max(numbers)), numbers.count(max(numbers) - 1)]
    assert pooling.pooled(added(pooling.new_pool(), given_)).campaigns == max(counts)


@given(st.lists(days(), max_size=6), days())
@quick
def test_another_day_never_lowers_the_evidence(given_: list[Day], another: Day) -> None:
    pool = added(pooling.new_pool(), given_)
    before, after = pooling.pooled(pool), pooling.pooled(added(pool, [another]))
    assert after.evidence >= before.evidence


def test_a_day_without_a_click_changes_the_counts_alone() -> None:
    pool = alike(np.ones(168), 1, 10.0)
    none = np.zeros(24, dtype=np.int64)
    after = add_day(pool, FIRST + 7, np.arange(24), none, np.ones(24, dtype=np.bool_))
    after[["latest_day", "latest_count", "previous_count"]] = pool[
        ["latest_day", "latest_count", "previous_count"]
    ]
    assert after.tobytes() == pool.tobytes()


@given(arrays.arrays(np.float64, 24, elements=st.floats(0.2, 3.0)))
@quick
def test_campaigns_that_agree_teach_the_day_they_share_and_count_for_much(day: Floats) -> None:
    shape = np.tile(day / day.mean(), 7)
    said = pooling.pooled(alike(shape, 4, 1_000.0))
    np.testing.assert_allclose(said.weights, shape, rtol=0.01, atol=0.005)
    assert said.campaigns == 1
    # 24,000 clicks of the 24,050 at which a day tells all it could.
    assert said.evidence == pytest.approx(28 * 24_000 / 24_050, rel=0.01)


def test_campaigns_that_differ_count_for_less_than_those_that_agree() -> None:
    chance = np.random.default_rng(7)
    seen = np.ones(24, dtype=np.bool_)
    unlike, near = pooling.new_pool(), pooling.new_pool()
    for number in range(300):
        cells = np.arange(24) + number % 7 * 24
        rates = chance.gamma(4.0, 1 / 4.0, 24)
        unlike = add_day(unlike, FIRST, cells, chance.poisson(300 * rates), seen)
        near = add_day(near, FIRST, cells, chance.poisson(np.full(24, 300.0)), seen)
    # Rates drawn from a gamma of shape 4 are a prior worth 4 clicks in each hour.
    assert pooling.pooled(unlike).concentration == pytest.approx(4.0, rel=0.5)
    # What is left of chance alone is as near to no difference as a prior may claim.
    assert pooling.pooled(near).concentration == pooling.STRONGEST


def test_size_is_not_weight_and_the_weekdays_stand_by_their_clicks() -> None:
    # Ten times the clicks at 9 of one campaign; the other has its peak at 18.
    large, small = np.full(24, 1_000), np.full(24, 100)
    large[9], small[18] = 2_000, 200
    seen = np.ones(24, dtype=np.bool_)
    pool = add_day(pooling.new_pool(), FIRST, np.arange(24), large, seen)
    week = pooling.pooled(add_day(pool, FIRST, np.arange(24), small, seen)).weights
    assert week[18] == pytest.approx(week[9], rel=0.02)
    # Fridays with three times the clicks of the others, after very many weeks.
    shape = np.ones(168)
    shape[4 * 24 : 5 * 24] = 3.0
    week = pooling.pooled(alike(shape, 300, 10.0)).weights
    assert week[4 * 24] / week[0] == pytest.approx(3.0, rel=0.2)


def test_old_days_are_halved_so_that_new_ones_go_on_counting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pooling, "MOST_DAYS", 14)
    night, noon = np.ones(168), np.ones(168)
    night[::24], noon[12::24] = 9.0, 9.0
    pool = alike(night, 10, 100.0)
    assert pooling.pooled(pool).evidence <= 15.0
    for number in range(70):
        cells = np.arange(24) + number % 7 * 24
        counts = (noon[cells] * 100).astype(np.int64)
        pool = add_day(pool, FIRST + number, cells, counts, np.ones(24, dtype=np.bool_))
    week = pooling.shape_of(pool)
    assert week[12] > 5 * week[0]


def test_a_pool_that_another_version_wrote_is_refused_by_number() -> None:
    pool = pooling.new_pool()
    pool["format"] = 5
    with pytest.raises(UnknownFormat, match="a stored pool has format 5, this version reads 1"):
        pooling.unpack(pool.tobytes())


@quick
@given(
    given_=st.lists(days(), max_size=12), before=st.lists(days(), max_size=3), full=st.booleans()
)
def test_days_that_come_together_are_added_one_after_the_other(
    given_: list[Day], before: list[Day], *, full: bool
) -> None:
    pool = added(pooling.new_pool(), before)
    if full:
        pool["day_weight"][0, 0] += (pooling.MOST_DAYS - 4) * pooling.WHOLE
    assert added_together(pool, given_).tobytes() == added(pool, given_).tobytes()
