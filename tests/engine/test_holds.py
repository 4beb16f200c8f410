"""When a campaign is left alone, and which reason is told."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from engine import plans
from engine.bids_in_force import expected_rates
from engine.holds import NONE, ORDER, STOPS, hold_codes, other_currency, stops, too_little
from engine.horizon import clock_of, horizon_of, slot_weights
from schemas import HoldReason
from tests.engine.situations import MONDAY, One

TODAY = MONDAY // 86_400
FULL = plans.ROLLOVERS.index("full")
DAYPARTING = plans.STRATEGIES.index("dayparting")

CAUSES: dict[HoldReason, dict[str, Any]] = {
    HoldReason.NO_PLAN: {"plan": {"version": 0}},
    HoldReason.ENDED: {"plan": {"status": plans.STATUSES.index("ended")}},
    HoldReason.PAUSED: {"plan": {"status": plans.STATUSES.index("paused")}},
    HoldReason.PAUSED_ON_PLATFORM: {"paused": True},
    HoldReason.FROZEN: {"frozen": True},
    HoldReason.CURRENCY_MISMATCH: {"campaign": {"disputed": b"USD"}},
    HoldReason.TIMEZONE_MISMATCH: {"account_zone": "Asia/Kolkata"},
    HoldReason.STALE_DATA: {"now": MONDAY + 7 * 3_600},
    HoldReason.SUSPECTED_OUTAGE: {"outage": True},
    HoldReason.FLIGHT_NOT_STARTED: {"plan": {"flight_first": TODAY + 1}},
    HoldReason.FLIGHT_OVER: {"plan": {"flight_last": TODAY - 1}},
    HoldReason.FLIGHT_GAP: {"gaps": ((TODAY, TODAY),)},
    HoldReason.BUDGET_GONE: {"plan": {"amount": 400}},
    HoldReason.INFEASIBLE_MINIMUM: {"plan": {"daily_floor": 24_001}},
    HoldReason.TOO_LITTLE_DATA: {"plan": {"rollover": FULL}, "campaign": {"flight_known": 0}},
    HoldReason.EXCLUDED_HOUR: {"excluded": True},
    HoldReason.CONFLICTING_TARGETS: {"conflicting": True},
}
"""For each reason a campaign alone to which it applies."""


def held(*causes: dict[str, Any]) -> HoldReason | None:
    """Return why a campaign to which all causes apply is held."""
    given: dict[str, Any] = {}
    for cause in causes:
        for name, value in cause.items():
            given[name] = given.get(name, {}) | value if isinstance(value, dict) else value
    conflicting = np.array([given.pop("conflicting", False)])
    situation = One(**given).situation()
    clock = clock_of(situation)
    rates = expected_rates(situation, clock)
    horizon = horizon_of(situation, clock, slot_weights(situation.week, clock), rates)
    code = int(hold_codes(situation, clock, horizon, conflicting=conflicting)[0])
    return None if code == NONE else ORDER[code]


def test_every_reason_of_the_order_has_a_cause_here_and_no_reason_is_there_twice() -> None:
    assert set(CAUSES) == set(ORDER)
    assert len(set(ORDER)) == len(ORDER)


def test_a_campaign_that_nothing_keeps_back_goes_ahead() -> None:
    assert held() is None


@pytest.mark.parametrize("reason", ORDER)
def test_each_cause_alone_holds_for_its_own_reason(reason: HoldReason) -> None:
    assert held(CAUSES[reason]) is reason


@pytest.mark.parametrize(
    ("first", "second"),
    # Ended and paused are two values of one field.
    [pair for pair in combinations(ORDER, 2) if pair != (HoldReason.ENDED, HoldReason.PAUSED)],
)
def test_where_two_causes_apply_the_first_in_order_counts(
    first: HoldReason, second: HoldReason
) -> None:
    assert held(CAUSES[first], CAUSES[second]) is first


def test_only_reasons_for_which_nothing_may_be_spent_are_stops() -> None:
    codes = np.array([NONE, *range(len(ORDER))])
    assert stops(codes).tolist() == [False, *(reason in STOPS for reason in ORDER)]
    assert {
        HoldReason.FLIGHT_NOT_STARTED,
        HoldReason.FLIGHT_OVER,
        HoldReason.FLIGHT_GAP,
        HoldReason.BUDGET_GONE,
    } == STOPS


@pytest.mark.parametrize(
    ("seconds", "reason"), [(6 * 3_600 - 1, None), (6 * 3_600, HoldReason.STALE_DATA)]
)
def test_data_are_stale_from_a_set_time_after_the_end_of_the_newest_hour(
    seconds: int, reason: HoldReason | None
) -> None:
    assert held({"now": MONDAY + 3_600 + seconds}) is reason


def test_the_first_and_the_last_day_belong_to_the_flight_and_a_cent_is_a_budget() -> None:
    assert held({"plan": {"flight_first": TODAY, "flight_last": TODAY}}) is None
    assert held({"plan": {"amount": 401}}) is None


@pytest.mark.parametrize(
    ("ledger", "disputed", "mismatch"),
    [
        (b"", b"", False),
        (b"EUR", b"", False),
        (b"USD", b"", True),
        (b"EUR", b"USD", True),
        (b"", b"USD", True),
    ],
)
def test_any_currency_beside_the_plans_is_a_mismatch(
    ledger: bytes, disputed: bytes, *, mismatch: bool
) -> None:
    campaign = {"currency": ledger, "disputed": disputed}
    assert other_currency(One(campaign=campaign).situation()).tolist() == [mismatch]


@pytest.mark.parametrize(
    ("plan", "own", "pooled", "known", "little"),
    [
        ({}, 0.0, 0.0, 0, False),
        ({"strategy": DAYPARTING}, 0.0, 0.0, 1, True),
        ({"strategy": DAYPARTING}, 0.0, 0.5, 1, True),
        ({"strategy": DAYPARTING}, 0.0, 0.6, 1, False),
        ({"strategy": DAYPARTING}, 0.019, 0.0, 1, True),
        ({"strategy": DAYPARTING}, 0.02, 0.0, 1, False),
        ({"period": plans.PERIODS.index("flight")}, 0.0, 0.0, 0, True),
        ({"period": plans.PERIODS.index("month")}, 0.0, 0.0, 0, False),
        ({"rollover": FULL}, 0.0, 0.0, 0, True),
    ],
)
def test_there_is_too_little_data_where_the_plan_needs_more(
    plan: dict[str, int], own: float, pooled: float, known: int, *, little: bool
) -> None:
    one = One(plan=plan, own=own, pooled=pooled, campaign={"flight_known": known})
    assert too_little(one.situation()).tolist() == [little]
