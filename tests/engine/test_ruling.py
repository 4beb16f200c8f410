"""Limits of speed on whole decisions: never above them, never in the way of the cap of money."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decide import Decisions, decide
from engine.policy import CLAMPED, PASSED, UNSTATED
from engine.ruling import SPEEDS
from engine.situation import Situation
from engine.velocity import ENDLESS, Motion, Speed, stated
from tests.engine.situations import One, situations

quick = settings(max_examples=50, deadline=None)
SPEND = SPEEDS.index("max_spend_step_pct")


def slowed(situation: Situation, spent: float, usual: float, growth: float) -> Situation:
    """Return a situation in which the spend of each hour is limited."""
    count = len(situation.plans)
    motion = Motion(
        spent=np.full(count, spent),
        usual=np.full(count, usual),
        returning=np.zeros(count, dtype=np.int64),
    )
    limits = stated(np.full(count, ENDLESS), np.full(count, growth))
    return replace(situation, speed=Speed(limits=limits, motion=motion))


@given(situations(), st.floats(0.0, 1e7), st.floats(0.5, 1e7), st.floats(1.0, 4.0))
@quick
def test_no_hour_may_spend_more_than_its_limit_of_speed_and_the_total_of_the_day_stays(
    situation: Situation, spent: float, usual: float, growth: float
) -> None:
    free, made = decide(situation), decide(slowed(situation, spent, usual, growth))
    most = max(growth * max(spent, usual) * (1.0 + 1e-9), 1.0)
    assert (np.maximum(made.value, made.cap) <= most).all()
    assert (made.value <= free.value).all()
    assert (made.cap <= free.cap).all()
    assert (made.horizon.today == free.horizon.today).all()
    assert (made.plan.sum(axis=1) <= np.maximum(made.horizon.today, made.value)).all()
    clamped = made.speeds[:, SPEND] == CLAMPED
    assert (clamped == (made.wanted > most)).all()
    assert (made.speeds[~clamped, SPEND] == PASSED).all()


@given(situations())
@quick
def test_who_states_no_limit_is_decided_as_if_there_were_none_in_the_batch(
    situation: Situation,
) -> None:
    free, made = decide(situation), decide(slowed(situation, 1.0, 1.0, ENDLESS))
    assert (made.speeds == UNSTATED).all()
    assert (free.speeds == UNSTATED).all()
    for name in ("value", "cap", "plan", "wanted", "acts"):
        np.testing.assert_array_equal(getattr(made, name), getattr(free, name))


def one(**given_: object) -> Decisions:
    """Decide 10.00 euros for an hour, after one that spent 4.00 and could spend half more."""
    situation = One(**given_).situation()  # type: ignore[arg-type]
    return decide(slowed(situation, 400.0, 100.0, 1.5))


def test_an_hour_that_follows_one_of_four_euros_has_six_and_what_it_lacks_comes_later() -> None:
    made = one()
    assert (made.value.tolist(), made.cap.tolist()) == ([600], [600])
    assert made.plan[0, 0] == 600
    assert made.plan.sum() == made.horizon.today[0] == 23_600


def test_a_budget_that_is_gone_stops_at_once_whatever_the_limits() -> None:
    made = one(plan={"amount": 100}, force={"known": 1, "value": (50, 0)})
    assert made.acts.tolist() == [True]
    assert (made.value.tolist(), made.cap.tolist()) == ([0], [0])


def test_what_is_left_of_the_budget_goes_before_the_limit() -> None:
    # 4.00 of 6.00 are spent: the hour may have the half more, but there are 2.00 for it.
    made = one(plan={"amount": 600}, weights=(0.0,) + (1.0,) + (0.0,) * 166)
    assert made.value.tolist() == [200]
