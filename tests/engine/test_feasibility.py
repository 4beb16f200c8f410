"""A plan's bounds hold, or the plan is refused: for what it says, not for what was spent."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import plans
from engine.decide import decide
from engine.feasibility import minimums
from engine.gaps import merged
from engine.holds import NONE, ORDER
from engine.horizon import clock_of
from engine.policy import PASSED
from engine.situation import Situation
from schemas import HoldReason
from tests.engine.situations import MONDAY, One, situations

quick = settings(max_examples=100, deadline=None)
INFEASIBLE = ORDER.index(HoldReason.INFEASIBLE_MINIMUM)
TODAY = MONDAY // 86_400
EPOCH = date(1970, 1, 1)
grids = st.lists(st.sampled_from([0.0, 1.0, 3.0]), min_size=168, max_size=168)


@st.composite
def campaigns(draw: st.DrawFn) -> One:
    """Return a campaign that has spent nothing yet, with a grid, gaps and minimums."""
    gaps = draw(
        st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), max_size=3).map(
            lambda found: tuple((TODAY + first, TODAY + first + more) for first, more in found)
        )
    )
    nothing = dict.fromkeys(("day", "week", "month", "flight", "total"), (0, 0))
    return One(
        campaign={"flight_known": 1, **nothing},
        plan={
            "amount": draw(st.integers(1, 10**6)),
            "period": draw(st.integers(0, 3)),
            "flight_first": TODAY - draw(st.integers(0, 20)),
            "flight_last": TODAY + draw(st.integers(0, 40)),
            "daily_floor": draw(st.integers(0, 10**4)),
            "hourly_floor": draw(st.integers(0, 10**3)),
            "daily_cap": draw(st.just(plans.UNLIMITED) | st.integers(10**4, 10**5)),
        },
        weights=tuple(draw(grids)),
        gaps=gaps,
    )


def days_of(one: One) -> list[int]:
    """Return the local days of the period on which money may be spent, counted on a calendar."""
    today, plan = EPOCH + timedelta(TODAY), one.plan

    def named(day: date) -> tuple[object, ...]:
        """Return a name for the period that a day lies in."""
        week, month = day.isocalendar()[:2], (day.year, day.month)
        return ((day,), week, month, ())[plan["period"]]

    return [
        day
        for day in range(plan["flight_first"], plan["flight_last"] + 1)
        if named(EPOCH + timedelta(day)) == named(today)
        and not any(first <= day <= last for first, last in one.gaps)
    ]


def needed(one: One, days: list[int]) -> int:
    """Return what the hourly minimum comes to on some days, hour by hour."""
    hours = sum(
        one.weights[24 * (EPOCH + timedelta(day)).weekday() + hour] > 0.0
        for day in days
        for hour in range(24)
    )
    return int(hours * one.plan["hourly_floor"])


@given(campaigns())
@quick
def test_a_plan_is_refused_exactly_where_its_minimums_exceed_its_budget_or_a_days_cap(
    one: One,
) -> None:
    days, plan = days_of(one), one.plan
    too_much = (
        len(days) * plan["daily_floor"] > plan["amount"]
        or needed(one, days) > plan["amount"]
        or needed(one, [day for day in days if day == TODAY]) > plan["daily_cap"]
    )
    held = bool(decide(one.situation()).hold[0] == INFEASIBLE)
    assert held is (too_much and TODAY in days)


@given(campaigns().filter(lambda one: one.plan["period"] == 0))
@quick
def test_at_midnight_a_plan_of_a_day_that_is_not_refused_keeps_both_its_bounds(one: One) -> None:
    fresh = One(
        campaign={**one.campaign, "newest": MONDAY - 3_600, "first": MONDAY - 3_600},
        plan=one.plan,
        weights=one.weights,
        gaps=one.gaps,
    )
    made = decide(fresh.situation())
    if made.hold[0] == NONE:
        open_hours = np.array(one.weights[:24]) > 0.0
        assert not made.unmet[0]
        assert (made.plan[0][:24][open_hours] >= one.plan["hourly_floor"]).all()
        assert not made.plan[0][:24][~open_hours].any()


@given(situations())
@quick
def test_every_hour_keeps_its_bounds_or_the_decision_says_which_it_cannot(
    situation: Situation,
) -> None:
    made, plan = decide(situation), situation.plans
    clamped = (made.ruling.statuses[:, :2] != PASSED).any(axis=1)
    ahead = (made.hold == NONE) & ~clamped
    amounts = made.plan[ahead]
    assert (amounts <= plan["hourly_cap"][ahead, None]).all()
    kept = ((amounts == 0) | (amounts >= plan["hourly_floor"][ahead, None])).all(axis=1)
    assert (kept | made.unmet[ahead]).all()
    refused = made.hold == INFEASIBLE
    assert (made.horizon.minimums.needed > made.horizon.minimums.available)[refused].all()


def test_minimums_beyond_all_money_do_not_overflow() -> None:
    one = One(plan={"daily_floor": 10**16, "period": 3, "flight_first": 0, "flight_last": 47_000})
    situation = one.situation()
    clock = clock_of(situation)
    period = situation.plans["flight_first"], situation.plans["flight_last"]
    least = minimums(situation, clock, period, merged(situation.gaps), np.array([100]))
    assert least.needed.tolist() == [2**60]


@pytest.mark.parametrize(("floor", "held"), [(1_000, False), (1_001, True)])
def test_twenty_four_hours_of_ten_euros_are_a_day_of_two_hundred_and_forty(
    floor: int, *, held: bool
) -> None:
    made = decide(One(plan={"hourly_floor": floor}).situation())
    assert bool(made.hold[0] == INFEASIBLE) is held
