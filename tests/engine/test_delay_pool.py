"""What campaigns teach each other of delays: the same in every order, right where they agree."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import delay, delay_pool
from engine.arrays import Floats, Ints, Rows
from engine.delay import AGES, STEPS
from engine.delay_pool import DelaySums
from engine.errors import UnknownFormat

FIRST = 28 * 732
"""The first day of a spell."""

ALL_AGES = np.array(AGES, dtype=np.float64)


class Day(NamedTuple):
    """What one campaign tells of one day."""

    day: int
    growth: Ints
    level: Ints


def share(mean: float) -> Floats:
    """Return the share of conversions reported at each of `AGES`; clicks come evenly in an hour."""
    since = ALL_AGES[:, None] + (np.arange(200) + 0.5) / 200
    there: Floats = (1.0 - np.exp(-since / mean)).mean(axis=1)
    return there


def days_of(mean: float, rate: float, days: int = 14) -> list[Day]:
    """Return days of a campaign whose hours all live to every age; ``rate`` conversions a day."""
    there = share(mean)
    growth = np.tile(rate * np.diff(there), (days, 1))
    level = np.tile(rate * 0.5 * (there[1:] + there[:-1]), (days, 1))
    return [
        Day(FIRST + at, *(np.round(1_000 * each[at]).astype(np.int64) for each in (growth, level)))
        for at in range(days)
    ]


def added(days: list[Day]) -> Rows:
    pool = delay_pool.unpack(b"")
    for day in days:
        pool = delay_pool.add_day(pool, *day)
    return pool


def said(*campaigns: list[Day]) -> DelaySums:
    return delay_pool.pooled(added([day for each in campaigns for day in each]))


def begun(*scopes: DelaySums) -> Floats:
    """Return the shares by age that a campaign without data of its own is given."""
    shares: Floats = delay.mature(delay.no_delays(1), delay_pool.lessons(scopes)).at(ALL_AGES)[0]
    return shares


some_days = st.lists(
    st.tuples(
        st.integers(FIRST, FIRST + 120),
        st.lists(st.integers(-(2**53), 2**53), min_size=STEPS, max_size=STEPS),
        st.lists(st.integers(0, 2**53), min_size=STEPS, max_size=STEPS),
    ),
    max_size=12,
)


@given(days=some_days, seed=st.integers(0, 99))
@settings(max_examples=60)
def test_the_order_of_days_changes_no_byte(
    days: list[tuple[int, list[int], list[int]]], seed: int
) -> None:
    told = [Day(day, np.array(growth), np.array(level)) for day, growth, level in days]
    order = np.random.default_rng(seed).permutation(len(told)).tolist()

    assert added([told[i] for i in order]).tobytes() == added(told).tobytes()


def test_what_is_kept_are_the_newest_four_weeks_and_the_four_before() -> None:
    days = [day for each in range(3) for day in days_of(12.0, 9.0)]
    moved = [day._replace(day=day.day + 28 * (at // 14)) for at, day in enumerate(days)]

    assert added(moved).tobytes() == added(moved[14:]).tobytes()
    assert delay_pool.pooled(added(moved)).delays.growth == pytest.approx(
        2.0 * said(days_of(12.0, 9.0)).delays.growth
    )


def test_sums_are_those_of_the_days_each_weighed_by_what_it_can_tell() -> None:
    growth, level = np.full(STEPS, 6_000), np.full(STEPS, 50_000)
    sums = said([Day(FIRST, growth, level)] * 4 + [Day(FIRST + 1, growth, level)] * 2)

    # 50 conversions seen through a step count for half of what they are.
    assert sums.delays.growth[0].tolist() == [18.0] * STEPS
    assert sums.delays.level[0].tolist() == [150.0] * STEPS
    assert sums.campaigns == 3.0


@pytest.mark.parametrize("mean", [4.0, 12.0, 48.0, 100.0])
def test_campaigns_that_agree_give_a_new_one_their_delay(mean: float) -> None:
    sums = said(*[days_of(mean, 40.0)] * 8)

    assert begun(sums, sums, sums) == pytest.approx(share(mean) / share(mean)[-1], abs=0.03)


def test_where_nobody_has_taught_anything_what_is_assumed_stays_to_the_bit() -> None:
    none = delay_pool.no_sums()
    fixed = delay.maturity(delay.no_delays(1), delay.no_delays(1)).at(ALL_AGES)[0]

    assert begun(none, none, none).tolist() == fixed.tolist()


def test_the_more_campaigns_an_account_has_the_less_it_leans_on_others() -> None:
    """Others count for fifty conversions, each campaign of the account for half as many."""
    at, others = AGES.index(12), [days_of(24.0, 40.0)] * 10
    shares = []
    for count in (0, 1, 2, 8):
        account = [days_of(6.0, 40.0)] * count
        shares.append(begun(said(*others, *account), said(*account))[at])

    mixed = [
        (50.0 * share(24.0) + 25.0 * n * share(6.0))[at] / (50.0 + 25.0 * n) for n in (1, 2, 8)
    ]
    assert shares[1:] == pytest.approx(mixed, abs=0.06)
    assert share(6.0)[at] > shares[3] > shares[2] > shares[1] > shares[0]


def test_no_campaign_is_heard_again_in_the_scopes_around_its_own() -> None:
    sums = said(days_of(6.0, 40.0), days_of(48.0, 40.0))

    assert begun(sums, sums, sums).tolist() == begun(sums).tolist()


def test_a_big_campaign_does_not_speak_for_the_others() -> None:
    """It counts for no more than fifty conversions a day, whatever it sells."""
    sums = said(*[days_of(48.0, 10.0)] * 9, days_of(6.0, 1e5))

    mixed = (9.0 * 10.0 * 50.0 / 60.0 * share(48.0) + 50.0 * share(6.0)) / 125.0
    at = AGES.index(24)
    assert begun(sums)[at] == pytest.approx(mixed[at], abs=0.04)


def test_sums_of_a_later_version_are_refused() -> None:
    value = bytearray(added(days_of(12.0, 9.0, days=1)).tobytes())
    value[0] = 2

    with pytest.raises(UnknownFormat):
        delay_pool.unpack(bytes(value))


def test_what_is_stored_is_read_back_to_the_bit() -> None:
    pool = added(days_of(12.0, 9.0))

    assert delay_pool.unpack(pool.tobytes()).tobytes() == pool.tobytes()
    assert len(pool.tobytes()) <= 2_048


@pytest.mark.parametrize(("growth", "level"), [(2**53, 0), (-(2**53), 1), (2**53, 2**53)])
def test_whatever_a_day_says_a_share_of_what_is_final_comes_of_it(growth: int, level: int) -> None:
    sums = said([Day(FIRST, np.full(STEPS, growth), np.full(STEPS, level))] * 3)

    shares = begun(sums)
    assert np.isfinite(shares).all()
    assert (shares > 0.0).all()
    assert (shares <= delay.MOST_MATURE).all()


def test_few_conversions_of_its_own_go_before_what_others_teach() -> None:
    """Ten through a step count as much as all that is taught, from whomever."""
    sums = said(*[days_of(48.0, 40.0)] * 8)
    ages = AGES.index(12)
    own = delay.Delays(
        growth=10.0 * np.diff(share(6.0))[None] / share(6.0)[1:],
        level=np.full((1, STEPS), 10.0),
    )

    both = delay.mature(own, delay_pool.lessons([sums])).at(ALL_AGES)[0, ages]
    assert begun(sums)[ages] < both < share(6.0)[ages]
