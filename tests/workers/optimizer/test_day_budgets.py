"""What recommendations and actions say that the local day may have spent when the hour is over."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas import Budget, Kind, MetricsEvent
from schemas.fields import BudgetPeriod
from schemas.metrics import RecordMode
from tests.workers.optimizer.test_adaptive import bids, lived, spent, steered
from tests.workers.optimizer.test_decisions import entry, say
from tests.workers.optimizer.world import World, an_event, hour


def even(**plan: Any) -> World:  # noqa: ANN401 -- fields of a plan
    """Return a world whose campaign has its hourly budgets set."""
    return steered(strategy="even", **plan)


def more(number: int, spend: Decimal | int) -> MetricsEvent:
    """Return what is added to an hour."""
    nothing = {"impressions": 0, "clicks": 0, "conversions": Decimal(0)}
    delta = {"record_mode": RecordMode.DELTA, "event_id": f"{number} {spend}", **nothing}
    return an_event(number, spend=Decimal(spend), **delta)


def of_today(numbers: range) -> Decimal:
    return sum((each.spend for each in lived(numbers)), Decimal(0))


def test_a_budget_of_an_hour_comes_on_top_of_what_its_day_has_spent() -> None:
    world = even()
    world.metrics(*lived(range(30)))
    advice, action = world.advice[-1], world.actions[-1]
    assert advice.field == "hourly_budget"
    assert advice.recommended_value is not None
    assert advice.day_budget == of_today(range(24, 30)) + advice.recommended_value
    assert action.day_budget == advice.day_budget


def test_with_a_multiplier_it_is_the_cap_of_the_hour_that_comes_on_top() -> None:
    world = steered()
    world.metrics(*lived(range(30)))
    advice, action = world.advice[-1], world.actions[-1]
    assert advice.field == "bid_multiplier"
    assert advice.hourly_cap is not None
    assert advice.day_budget == of_today(range(24, 30)) + advice.hourly_cap
    assert (action.hourly_cap, action.day_budget) == (advice.hourly_cap, advice.day_budget)


@pytest.mark.parametrize("strategy", ["even", "adaptive"])
def test_the_first_hour_of_a_day_may_spend_no_more_than_itself(strategy: str) -> None:
    world = steered(strategy=strategy, timezone="Asia/Kolkata")
    # There the day begins at half past six of the evening, UTC.
    half = timedelta(minutes=30)
    world.metrics(*(spent(n, 7, window_start=hour(n) + half) for n in range(18)))
    advice = world.advice[-1]
    assert advice.hour == hour(18) + half
    own = advice.hourly_cap if strategy == "adaptive" else advice.recommended_value
    assert advice.day_budget == own


@pytest.mark.parametrize("late", [1, 3])
def test_hours_of_today_that_are_not_told_count_as_what_was_in_force_in_them(late: int) -> None:
    world = even()
    world.metrics(*lived(range(30)))
    say(world, entry("9", 30.05))
    told = hour(31 + late) + timedelta(minutes=5)
    world.metrics(spent(30, 6, emitted_at=told))
    advice = world.advice[-1]
    assert advice.valid_from == hour(31 + late)
    assert advice.recommended_value is not None
    flying = 9 * late
    assert advice.day_budget == of_today(range(24, 30)) + 6 + flying + advice.recommended_value


def test_hours_of_yesterday_that_are_not_told_are_none_of_todays() -> None:
    world = even()
    world.metrics(*lived(range(45)))
    say(world, entry("9", 45.05))
    world.metrics(spent(45, 6, emitted_at=hour(49) + timedelta(minutes=5)))
    advice = world.advice[-1]
    assert advice.valid_from == hour(49)
    assert advice.recommended_value is not None
    assert advice.day_budget == 9 + advice.recommended_value


def test_what_is_told_again_counts_as_it_is_told_now_and_money_back_is_taken_off() -> None:
    world = even()
    world.metrics(*lived(range(30)))
    world.metrics(spent(26, "1.234"))
    world.metrics(more(30, 8))
    world.metrics(more(30, -3))
    world.metrics(spent(31, 5))
    advice = world.advice[-1]
    assert advice.recommended_value is not None
    known = of_today(range(24, 26)) + of_today(range(27, 30)) + Decimal("1.234") + 8 - 3 + 5
    whole = known.quantize(Decimal("0.01"), rounding="ROUND_DOWN")
    assert advice.day_budget == whole + advice.recommended_value


@pytest.mark.parametrize("strategy", ["even", "adaptive"])
def test_it_is_never_above_the_cap_of_the_day(strategy: str) -> None:
    month = Budget(amount=Decimal(9_000), period=BudgetPeriod.MONTH)
    world = steered(strategy=strategy, budget=month, daily_cap=Decimal(60))
    world.metrics(*lived(range(40)))
    told = [each.day_budget for each in world.advice if each.day_budget is not None]
    assert len(told) > 20
    assert max(told) <= 60


def test_a_stop_lets_the_day_spend_no_more_than_its_budget_and_a_hold_says_nothing() -> None:
    world = even()
    world.metrics(*lived(range(24)))
    say(world, entry("40", 24.05))
    world.metrics(spent(24, 250))
    stop, action = world.advice[-1], world.actions[-1]
    assert (stop.kind, stop.recommended_value) == (Kind.PACING, Decimal(0))
    assert stop.day_budget == action.day_budget == 240
    say(world, entry("0", 25.05))
    world.metrics(spent(25, 0))
    assert (world.advice[-1].kind, world.advice[-1].day_budget) == (Kind.HOLD, None)


def test_what_an_action_could_not_carry_is_told_as_the_most_that_it_can() -> None:
    most = Decimal(10) ** 12
    month = Budget(amount=most, period=BudgetPeriod.MONTH)
    world = even(budget=month, max_hourly_budget=Decimal(1_000))
    world.metrics(*(more(n, -most) for n in (21, 22, 23)), *(spent(n, str(most)) for n in (24, 25)))
    advice = world.advice[-1]
    assert advice.hour == hour(26)
    assert advice.recommended_value == 1_000
    assert advice.day_budget == world.actions[-1].day_budget == most


def test_bids_that_are_late_add_what_is_expected_of_their_hours_and_no_more_than_their_caps() -> (
    None
):
    world = steered()
    world.metrics(*lived(range(30)))
    bids(world, (30.05, "1.2", "40"))
    world.metrics(spent(30, 20, emitted_at=hour(33) + timedelta(minutes=5)))
    advice = world.advice[-1]
    assert advice.hourly_cap is not None
    assert advice.day_budget is not None
    flying = advice.day_budget - of_today(range(24, 30)) - 20 - advice.hourly_cap
    assert 0 < flying < 2 * 40
