"""What a budget leaves for today, against a walk through days and hours in plain Python."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import plans
from engine.bids_in_force import expected_rates
from engine.gaps import in_gap, merged
from engine.horizon import Horizon, clock_of, horizon_of, slot_weights
from engine.situation import Clock, Situation
from engine.weeks import WeekWeights
from tests.engine.lives import HOUR, PERIODS, ROLLOVERS, Life, Reckoning, first_second, lives
from tests.engine.situations import MONDAY, One

quick = settings(max_examples=60, deadline=None)


def made(situation: Situation) -> tuple[Clock, Horizon]:
    clock = clock_of(situation)
    rates = expected_rates(situation, clock)
    return clock, horizon_of(situation, clock, slot_weights(situation.week, clock), rates)


@given(lives())
@quick
def test_the_money_of_a_period_is_what_a_walk_through_its_days_finds(life: Life) -> None:
    clock, horizon = made(life.situation())
    wanted = Reckoning(life)
    names = ("allowance", "spent", "in_flight", "left", "hard_cap", "day_spent")
    for name in (*names, "rest_today", "rest"):
        assert getattr(horizon, name).tolist() == [getattr(wanted, name)], name
    assert clock.target.tolist() == [wanted.target]
    assert clock.day_start.tolist() == [first_second(wanted.day, life.zone)]


@given(lives())
@quick
def test_today_gets_its_share_at_least_its_minimum_and_never_more_than_is_left(life: Life) -> None:
    _, horizon = made(life.situation())
    wanted = Reckoning(life)
    # A share that is whole may come out a unit less, for it is taken in floating point.
    assert floor(wanted.today) - 1 <= int(horizon.today[0]) <= wanted.today
    assert 0 <= horizon.today[0] <= horizon.hard_cap[0] <= max(wanted.left, 0)


@given(lives())
@quick
def test_the_slots_of_a_day_are_the_hours_that_begin_in_it(life: Life) -> None:
    situation = life.situation()
    clock = clock_of(situation)
    slots = slot_weights(situation.week, clock)[0]
    cells = [at.weekday() * 24 + at.hour for at in Reckoning(life).slots()]
    count = int(clock.hours[0])
    assert clock.cells[0, :count].tolist() == cells
    assert slots[:count].tolist() == [life.weights[cell] for cell in cells]
    assert not slots[count:].any()


@pytest.mark.parametrize(
    ("zone", "newest", "hours"),
    [
        ("Europe/Berlin", "2026-03-28T23:00", 23),
        ("Europe/Berlin", "2026-10-24T23:00", 25),
        ("Europe/Berlin", "2026-06-01T23:00", 24),
        ("Asia/Kathmandu", "2026-06-01T23:15", 24),
    ],
)
def test_a_day_has_as_many_hours_to_plan_as_its_clock_makes(
    zone: str, newest: str, hours: int
) -> None:
    start = int(datetime.fromisoformat(newest).replace(tzinfo=ZoneInfo(zone)).timestamp())
    situation = One(campaign={"newest": start}, zone=zone).situation()
    assert clock_of(situation).hours.tolist() == [hours]


def horizon(**given_: Any) -> Horizon:  # noqa: ANN401 -- fields of a campaign alone
    return made(One(**given_).situation())[1]


# 2 March 2026 is the Monday on which 4.00 of 240.00 are spent by 01:00.
TODAY = MONDAY // 86_400
FLIGHT = {"flight_first": TODAY, "flight_last": TODAY + 9}


@pytest.mark.parametrize(
    ("plan", "gaps", "today"),
    [
        # A day: all that is left of it.
        ({}, (), 23_600),
        ({"daily_cap": 10_000}, (), 9_600),
        ({"daily_cap": 300}, (), 0),
        ({"amount": 300}, (), 0),
        # A week of 168 hours: 236.00 over the 167 to come, 23 of them today.
        ({"period": 1}, (), 23_600 * 23 // 167),
        # March has 29 whole days and 23 hours to come.
        ({"period": 2}, (), 23_600 * 23 // 719),
        ({"period": 2, "daily_floor": 5_000}, (), 4_600),
        # The minimum does not go beyond what is left.
        ({"period": 2, "daily_floor": 90_000}, (), 23_600),
        # A flight of ten days; the same without three of them, told once, twice or in pieces.
        ({"period": 3, **FLIGHT}, (), 23_600 * 23 // 239),
        ({"period": 3, **FLIGHT}, ((TODAY + 2, TODAY + 4),), 23_600 * 23 // 167),
        (
            {"period": 3, **FLIGHT},
            ((TODAY + 3, TODAY + 4), (TODAY + 2, TODAY + 3)),
            23_600 * 23 // 167,
        ),
        (
            {"period": 3, **FLIGHT},
            ((TODAY + 2, TODAY + 4), (TODAY + 3, TODAY + 3)),
            23_600 * 23 // 167,
        ),
    ],
)
def test_today_gets_what_a_pencil_says(
    plan: dict[str, int], gaps: tuple[tuple[int, int], ...], today: int
) -> None:
    assert horizon(plan=plan, gaps=gaps).today.tolist() == [today]


def test_a_day_whose_date_weighs_more_gets_as_much_more_of_a_month() -> None:
    # March has 29 whole days and 23 hours to come; the second weighs three times as much, and
    # of the rest the last ten days twice: 69 + 19 * 24 + 10 * 48 hours' worth in all.
    dates = np.ones((1, 43))
    dates[0, 1], dates[0, 21:31] = 3.0, 2.0
    dates[0, 33] = 7.0  # March as a whole, of which nothing comes in a month's own budget
    situation = One(plan={"period": 2}).situation()
    week = WeekWeights.of(np.ones((1, 168)), dates)
    _, horizon = made(replace(situation, week=week))
    assert horizon.today.tolist() == [23_600 * 69 // (69 + 19 * 24 + 10 * 48)]
    # A week that ends in the next month goes by the months as well.
    late = {"newest": MONDAY + 28 * 24 * HOUR, "week": (4, 0)}
    situation = One(campaign=late, plan={"period": 1}).situation()
    dates[0, :31] = 1.0
    dates[0, 34] = 3.5
    _, horizon = made(replace(situation, week=WeekWeights.of(np.ones((1, 168)), dates)))
    assert horizon.today.tolist() == [23_600 * 23 * 2 // (47 * 2 + 5 * 24)]


def test_a_days_minimum_counts_what_is_expected_but_not_reported_yet() -> None:
    # Of 50.00 are 4.00 spent, and 8.00 expected in the two hours that nobody has reported.
    made = horizon(plan={"period": 2, "daily_floor": 5_000}, now=MONDAY + 3 * HOUR)
    assert made.today.tolist() == [3_800]


@pytest.mark.parametrize(
    ("rollover", "cap", "spent", "allowance"),
    [
        # Three days of 240.00 went before, of which 500.00 were spent: 220.00 are left over.
        ("none", plans.UNLIMITED, 500, 24_000),
        ("full", plans.UNLIMITED, 500, 46_000),
        ("capped", 10_000, 500, 34_000),
        # They spent 800.00: the 80.00 too much are taken off.
        ("full", plans.UNLIMITED, 800, 16_000),
        ("capped", 10_000, 800, 16_000),
    ],
)
def test_what_earlier_days_left_over_is_carried_on_as_the_plan_says(
    rollover: str, cap: int, spent: int, allowance: int
) -> None:
    made = horizon(
        campaign={"first": MONDAY - 3 * 86_400, "flight": (spent + 4, 0)},
        plan={"rollover": ROLLOVERS.index(rollover), "rollover_cap": cap},
    )
    assert made.allowance.tolist() == [allowance]
    assert made.left.tolist() == [allowance - 400]


def test_days_of_a_gap_have_no_budget_to_leave_over() -> None:
    made = horizon(
        campaign={"first": MONDAY - 5 * 86_400, "flight": (4, 0)},
        plan={"rollover": ROLLOVERS.index("full")},
        gaps=((TODAY - 3, TODAY - 2), (TODAY - 2, TODAY - 1)),
    )
    assert made.allowance.tolist() == [24_000 * (1 + 2)]


def test_what_was_spent_before_the_flight_is_not_the_flights() -> None:
    made = horizon(
        campaign={"month": (900, 0)},
        plan={"period": PERIODS.index("month"), "flight_first": TODAY},
    )
    assert made.spent.tolist() == [400]
    assert made.left.tolist() == [23_600]


def test_a_value_in_force_in_another_currency_says_nothing_of_what_is_in_flight() -> None:
    late = MONDAY + 3 * HOUR
    force = {"known": 1, "value": (10_000, 0), "currency": b"JPY"}
    # Two hours at the 4.00 that the day's only hour spent.
    assert horizon(force=force, now=late).in_flight.tolist() == [800]
    assert horizon(force={**force, "currency": b"EUR"}, now=late).in_flight.tolist() == [2_000_000]


def test_a_day_lies_in_a_gap_from_its_first_to_its_last_day() -> None:
    gaps = np.array([[[1, 0], [5, 7]]] * 4)
    assert in_gap(gaps, np.array([4, 5, 7, 8])).tolist() == [False, True, True, False]
    assert in_gap(gaps[:, :0], np.array([4, 5, 7, 8])).tolist() == [False] * 4


@given(st.lists(st.tuples(st.integers(20_000, 20_040), st.integers(-1, 9)), max_size=6))
@quick
def test_merged_gaps_are_the_same_days_apart_from_each_other(told: list[tuple[int, int]]) -> None:
    gaps = np.array([[first, first + length] for first, length in told], dtype=np.int64)
    after = merged(gaps.reshape(1, -1, 2))[0].tolist()
    days = [day for first, last in after for day in range(first, last + 1)]
    assert days == sorted(
        {day for first, length in told for day in range(first, first + length + 1)}
    )
    full = [(first, last) for first, last in after if first <= last]
    assert all(one[1] + 1 < other[0] for one, other in pairwise(full))
