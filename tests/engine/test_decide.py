"""Laws of every decision, whatever the situation."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import money
from engine.arrays import Ints
from engine.decide import Decisions, decide
from engine.holds import NONE
from engine.plans import PERIODS, UNLIMITED
from engine.policy import BLOCKED
from engine.situation import Situation
from tests.engine.situations import part, situations

quick = settings(max_examples=60, deadline=None)


def day_cap(situation: Situation, made: Decisions) -> Ints:
    """What the day may still spend by its cap, counted from the ledger itself."""
    exponents = situation.plans["exponent"].astype(np.int64)
    spent = money.ceil_to_minor(situation.campaigns["day"], exponents)
    today = made.clock.day == made.clock.newest_day
    left: Ints = situation.plans["daily_cap"] - np.where(today, spent, 0)
    return left


@given(situations())
@quick
def test_nothing_is_ever_decided_above_a_hard_limit(situation: Situation) -> None:
    made = decide(situation)
    horizon = made.horizon
    for limit in (
        np.maximum(horizon.left, 0),
        np.maximum(day_cap(situation, made), 0),
        situation.plans["hourly_cap"],
        horizon.allowance.clip(0),
    ):
        assert (made.value <= limit).all()
        assert (made.plan <= limit[:, None]).all()
        assert (made.cap <= limit).all()
    assert (made.value >= 0).all()
    assert (made.plan >= 0).all()
    assert (made.cap >= made.value).all()
    assert (made.plan.sum(axis=1) <= np.maximum(horizon.hard_cap, 0)).all()
    assert ((made.hold == NONE) | (made.value == 0)).all()


@given(situations())
@quick
def test_the_plan_of_a_day_sums_to_what_it_may_spend_and_ends_with_it(situation: Situation) -> None:
    made = decide(situation)
    ahead = made.hold == NONE
    slots = np.arange(25) < made.clock.hours[:, None]
    assert (made.plan[~slots] == 0).all()
    free = ahead & (made.ruling.statuses[:, :2] == 0).all(axis=1)
    assert (made.plan.sum(axis=1) + made.unplaced == made.horizon.today)[free].all()
    assert (made.plan[:, 0] == made.value)[ahead].all()


@given(situations())
@quick
def test_a_campaign_is_decided_alike_alone_and_in_any_company(situation: Situation) -> None:
    together = decide(situation)
    backwards = np.arange(len(situation.plans))[::-1]
    assert bits(decide(part(situation, backwards))) == bits(together, backwards)
    for i in range(len(situation.plans)):
        chosen = np.array([i])
        assert bits(decide(part(situation, chosen))) == bits(together, chosen)


def bits(value: Any, chosen: Ints | None = None) -> dict[str, Any]:  # noqa: ANN401 -- a dataclass
    """Return every array of a decision as bytes, by its name."""
    found: dict[str, Any] = {}
    for each in fields(value):
        inner = getattr(value, each.name)
        if isinstance(inner, np.ndarray):
            found[each.name] = (inner if chosen is None else inner[chosen]).tobytes()
        else:
            found[each.name] = bits(inner, chosen)
    return found


@given(situations())
@quick
def test_no_argument_is_changed_and_every_number_is_finite(situation: Situation) -> None:
    before = pickle.dumps(situation)
    made = decide(situation)
    assert pickle.dumps(situation) == before
    for value in (made.confidence, made.outlook.exhaustion):
        assert ((value >= 0.0) & (value <= 1.0)).all()
    index = made.outlook.index
    assert (np.isnan(index) | (np.isfinite(index) & (index >= 0.0))).all()
    assert (made.outlook.p10 <= made.outlook.p50).all()
    assert (made.outlook.p50 <= made.outlook.p90).all()


@given(situations(most=1), st.integers(1, 10**6))
@quick
def test_a_larger_budget_never_makes_the_day_smaller(situation: Situation, more: int) -> None:
    richer = situation.plans.copy()
    richer["amount"] += more
    small, large = decide(situation), decide(replace(situation, plans=richer))
    assert (large.horizon.today >= small.horizon.today).all()
    assert (large.horizon.hard_cap >= small.horizon.hard_cap).all()


@given(situations(most=1), st.integers(1, 10**6))
@quick
def test_more_spend_never_makes_the_day_larger(situation: Situation, more: int) -> None:
    campaigns = situation.campaigns.copy()
    for name in (*PERIODS, "total"):
        campaigns[name][:, 0] += more
    less, spent = decide(situation), decide(replace(situation, campaigns=campaigns))
    assert (spent.horizon.today <= less.horizon.today).all()


@given(situations())
@quick
def test_what_is_released_has_passed_every_guard_rail_and_changes_something(
    situation: Situation,
) -> None:
    made = decide(situation)
    released = made.ruling.release
    assert not (released[:, None] & (made.ruling.statuses == BLOCKED)).any()
    assert not (released & made.known & (made.value == made.current)).any()
    limited = made.known & (made.current > 0) & (made.value < made.current)
    enforced = made.current > np.minimum(made.horizon.hard_cap, situation.plans["hourly_cap"])
    least = np.floor(made.current * (1.0 - situation.plans["max_change"])) - 1
    assert (~limited | enforced | (made.hold != NONE) | (made.value >= least)).all()


def test_unlimited_is_beyond_every_amount() -> None:
    assert UNLIMITED > 10**12 * 10**4
