"""Which part of a plan's period today gets."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from schemas import (
    Budget,
)
from schemas.fields import BudgetPeriod
from schemas.plan import Rollover
from tests.workers.optimizer.test_decisions import after
from tests.workers.optimizer.world import an_event


@pytest.mark.parametrize(
    ("plan", "today"),
    [
        # 700 a week less 4, over 167 of its 168 hours, 23 of them today: 95.86 rounded down.
        ({"budget": Budget(amount=Decimal(700), period=BudgetPeriod.WEEK)}, "95.85"),
        # March has 31 days from the 2nd: 30 are left with 719 hours: 3,099 * 23 / 719.
        ({"budget": Budget(amount=Decimal(3103), period=BudgetPeriod.MONTH)}, "99.13"),
        (
            {
                "budget": Budget(amount=Decimal(100), period=BudgetPeriod.FLIGHT),
                "flight_start": date(2026, 3, 2),
                "flight_end": date(2026, 3, 3),
            },
            # 96 over the 47 hours left, 23 of them today: 46.978..., down.
            "46.97",
        ),
        ({"daily_cap": Decimal(50)}, "46.00"),
        (
            {
                "budget": Budget(amount=Decimal(700), period=BudgetPeriod.WEEK),
                "min_daily_budget": Decimal(100),
            },
            "96.00",
        ),
    ],
)
def test_today_gets_its_part_of_the_period(plan: dict[str, Any], today: str) -> None:
    assert sum(after(an_event(0), **plan).hour_plan) == Decimal(today)


@pytest.mark.parametrize(
    ("rollover", "today"),
    [(Rollover.NONE, 240), (Rollover.FULL, 384), (Rollover.CAPPED, 300)],
)
def test_what_a_day_leaves_over_goes_to_the_next_as_the_plan_says(
    rollover: Rollover, today: int
) -> None:
    advice = after(
        *(an_event(number) for number in range(24)), rollover=rollover, rollover_cap=Decimal(60)
    )
    assert sum(advice.hour_plan) == today


@pytest.mark.parametrize(
    ("currency", "value"), [("JPY", "10"), ("EUR", "10.00"), ("BHD", "10.000")]
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, value: str) -> None:
    events = (an_event(number, currency=currency) for number in range(24))
    advice = after(*events, currency=currency)
    assert str(advice.recommended_value) == value
