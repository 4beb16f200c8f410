"""Which budget a day has."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from schemas import Budget, BudgetPeriod, Plan
from workers.backtest.budgets import day_budget, wish_of
from workers.errors import UsageError


def plan(campaign: str, amount: str, **more: object) -> Plan:
    values: dict[str, object] = {
        "platform": "google",
        "account_id": "1",
        "campaign_id": campaign,
        "version": 1,
        "currency": "EUR",
        "timezone": "UTC",
        "budget": Budget(amount=Decimal(amount), period=BudgetPeriod.DAY),
    }
    return Plan(**{**values, **more})  # type: ignore[arg-type]


def test_a_week_a_month_and_a_flight_give_each_day_an_equal_part() -> None:
    def of(period: BudgetPeriod, **more: object) -> float:
        return day_budget(plan("c", "1", budget=Budget(amount=Decimal(700), period=period), **more))

    assert of(BudgetPeriod.DAY) == 700.0
    assert of(BudgetPeriod.WEEK) == 100.0
    assert of(BudgetPeriod.MONTH) == pytest.approx(700.0 / 30.4)
    flight = {"flight_start": date(2026, 3, 1), "flight_end": date(2026, 3, 14)}
    assert of(BudgetPeriod.FLIGHT, **flight) == 50.0


@pytest.mark.parametrize("text", ["0", "-3", "many", "0%", "nan", "inf", "%"])
def test_a_budget_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no such budget"):
        wish_of(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "each campaign's mean daily spend"),
        ("80%", "80% of each campaign's mean daily spend"),
        ("2500", "2,500 a day for each campaign"),
        ("log", "the daily budget that the log names"),
    ],
)
def test_what_was_asked_for_is_said_in_words(text: str | None, told: str) -> None:
    assert wish_of(text).told() == told
