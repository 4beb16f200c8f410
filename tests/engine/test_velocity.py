"""Changes are slowed, never stopped; money alone stops, and comes back gradually."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.velocity import (
    ENDLESS,
    RETURN_HOURS,
    Held,
    Limits,
    Motion,
    Speed,
    at_rest,
    held,
    moved_on,
    stated,
)

quick = settings(max_examples=100, deadline=None)
logs = st.floats(-5.0, 5.0)
steps = st.floats(0.01, 2.0)
money = st.floats(0.0, 1e6)


def one(step: float, back: float, growth: float) -> Limits:
    return Limits(step=np.array([step]), back=np.array([back]), growth=np.array([growth]))


def at(spent: float, returning: int, usual: float = 1.0) -> Motion:
    return Motion(spent=np.array([spent]), usual=np.array([usual]), returning=np.array([returning]))


def decide(
    limits: Limits, motion: Motion, wanted: tuple[float, float], now: float, protecting: int = 0
) -> Held:
    speed = Speed(limits=limits, motion=motion)
    asked = np.array([wanted[0]]), np.array([wanted[1]])
    return held(speed, asked, np.array([now]), protecting=np.array([protecting > 0]))


limits = st.tuples(steps, steps, st.floats(1.0, 5.0))
motions = st.tuples(money, st.integers(0, 6))


@given(limits, motions, logs, money, logs)
@quick
def test_no_hour_changes_faster_than_its_limits_and_none_goes_beyond_what_was_wanted(
    limit: tuple[float, float, float],
    motion: tuple[float, int],
    wanted: float,
    cap: float,
    now: float,
) -> None:
    (step, back, growth), (spent, returning) = limit, motion
    found = decide(one(*limit), at(*motion), (wanted, cap), now)
    multiplier, most = float(found.log_multiplier[0]), float(found.cap[0])
    assert -step - 1e-9 <= multiplier - now <= (min(step, back) if returning else step) + 1e-9
    assert min(now, wanted) <= multiplier <= max(now, wanted)
    assert most <= cap
    assert most <= growth * max(spent, 1.0) * (1.0 + 1e-12)
    assert bool(found.slowed[0]) is (multiplier != wanted or most < cap)


@given(steps, logs, logs)
@quick
def test_a_change_that_is_wanted_for_long_enough_is_made_whole(
    step: float, now: float, wanted: float
) -> None:
    for _ in range(int(abs(wanted - now) / step) + 1):
        now = float(decide(one(step, step, 1.0), at(0.0, 0), (wanted, 5.0), now).log_multiplier[0])
    assert now == pytest.approx(wanted, abs=1e-9)


def test_after_a_limit_the_way_up_is_slow_for_some_hours_and_the_way_down_is_not() -> None:
    slow, now, ways = one(log(2.0), log(1.1), 9.0), 0.0, []
    motion = moved_on(at_rest(np.ones(1)), np.array([10.0]), limited=np.array([True]))
    for _ in range(RETURN_HOURS + 1):
        found = decide(slow, motion, (3.0, 1e9), now)
        ways.append(exp(float(found.log_multiplier[0]) - now))
        now = float(found.log_multiplier[0])
        motion = moved_on(motion, np.array([10.0]), limited=np.array([False]))
    assert ways == pytest.approx([1.1] * RETURN_HOURS + [2.0])
    down = decide(slow, at(10.0, RETURN_HOURS), (-3.0, 1e9), 0.0)
    assert down.log_multiplier[0] == pytest.approx(-log(2.0))


def test_money_stops_at_once_whatever_was_spent() -> None:
    tight = one(0.1, 0.1, 1.5)
    assert decide(tight, at(500.0, 0), (0.0, 0.0), 0.0).cap.tolist() == [0.0]


def test_an_hour_below_the_mean_one_counts_as_much_so_that_silence_does_not_last() -> None:
    tight = one(0.1, 0.1, 1.5)
    for spent in (0.0, 1.0, 20.0):
        assert decide(tight, at(spent, 0, usual=20.0), (0.0, 80.0), 0.0).cap.tolist() == [30.0]
    assert decide(tight, at(40.0, 0, usual=20.0), (0.0, 80.0), 0.0).cap.tolist() == [60.0]


@given(logs, logs)
@quick
def test_a_cut_that_protects_the_cap_of_money_is_never_limited(now: float, wanted: float) -> None:
    found = decide(one(0.1, 0.1, 1.5), at(1.0, 6), (wanted, 5.0), now, protecting=1)
    assert float(found.log_multiplier[0]) == pytest.approx(min(wanted, now + 0.1))


@given(logs, logs, money, money)
@quick
def test_without_limits_of_its_own_a_campaign_is_held_to_nothing(
    now: float, wanted: float, spent: float, cap: float
) -> None:
    found = decide(stated(*np.full((2, 1), ENDLESS)), at(spent, 3), (wanted, cap), now)
    assert (found.log_multiplier.tolist(), found.cap.tolist()) == ([wanted], [cap])
    assert not found.slowed.any()


def test_a_factor_up_is_the_same_factor_down_and_on_the_way_back_its_root() -> None:
    quarter = stated(np.array([1.25]), np.array([ENDLESS]))
    ways = [
        exp(float(decide(quarter, at(1.0, returning), (wanted, 9.0), 0.0).log_multiplier[0]))
        for wanted, returning in ((9.0, 0), (-9.0, 0), (9.0, 1))
    ]
    assert ways == pytest.approx([1.25, 0.8, 1.25**0.5])
