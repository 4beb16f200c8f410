"""A group's month, week and flight: what is left of them over the days to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas import Budget, HoldReason, Kind, Portfolio
from schemas.fields import BudgetPeriod
from tests.workers.allocator.groups import (
    at,
    grown,
    history,
)
from tests.workers.allocator.test_budgets import CENT, budgets, fields_of, holds


def test_the_month_has_what_its_days_have_left_over_the_days_to_come() -> None:
    allocator = grown(budget=Budget(amount=Decimal(9_000), period=BudgetPeriod.MONTH))
    # 31 March was a Tuesday of the group's second month: the first of April begins anew.
    found = budgets(allocator.advice)
    assert allocator.advice[0].decided_at == datetime(2026, 4, 1, 1, tzinfo=UTC)
    assert sum(found.values()) == 300
    allocator.rows(history(31)[-3:])
    spent = sum(row.spend for row in history(31)[-3:])
    left = (Decimal(9_000) - spent) / 29
    assert sum(budgets(allocator.advice[3:]).values()) == left.quantize(CENT, rounding="ROUND_DOWN")


def test_a_day_that_is_late_counts_as_its_budget_in_what_the_month_has_spent() -> None:
    allocator = grown(budget=Budget(amount=Decimal(9_000), period=BudgetPeriod.MONTH))
    told = [row for row in history(31)[-3:] if row.campaign_id != "b"]
    allocator.rows(told)
    allocator.tick(at(31, 6))
    left = (Decimal(9_000) - sum(row.spend for row in told) - 100) / 29
    assert sum(budgets(allocator.advice[3:]).values()) == left.quantize(CENT, rounding="ROUND_DOWN")


def a_flight(first: int, last: int) -> dict[str, Any]:
    """Return fields of a group with a flight of 1,250 euros, both days counted from the first."""
    return {
        "budget": Budget(amount=Decimal(1_250), period=BudgetPeriod.FLIGHT),
        "flight_start": at(first).date(),
        "flight_end": at(last).date(),
    }


def test_a_flight_has_what_is_left_of_it_over_the_days_to_come_and_ends() -> None:
    rows = history(33)
    allocator = grown(**a_flight(28, 31))
    spent = sum((row.spend for row in rows[84:90]), Decimal(0))
    assert sum(budgets(allocator.advice).values()) == ((1_250 - spent) / 2).quantize(
        CENT, rounding="ROUND_DOWN"
    )
    allocator.rows(rows[90:93])
    spent += sum(row.spend for row in rows[90:93])
    assert sum(budgets(allocator.advice[3:]).values()) == 1_250 - spent
    allocator.rows(rows[93:96])
    assert set(budgets(allocator.advice[6:]).values()) == {Decimal(0)}
    assert {each.kind for each in allocator.advice[6:]} == {Kind.BUDGET}
    stopped = [
        Portfolio(**(fields_of(row) | {"budget": Decimal(0), "spend": Decimal(0)}))
        for row in rows[96:99]
    ]
    allocator.rows(stopped)
    assert set(holds(allocator.advice[9:]).values()) == {HoldReason.FLIGHT_OVER}


def test_before_its_flight_a_group_is_held() -> None:
    allocator = grown(**a_flight(31, 40))
    assert set(holds(allocator.advice).values()) == {HoldReason.FLIGHT_NOT_STARTED}


def test_a_weekly_flight_is_shared_out_on_its_first_day_and_ends_on_its_last() -> None:
    # Days 29, 30 and 31 are a Tuesday to Thursday.
    allocator = grown(29, **a_flight(29, 31), cadence="weekly")
    assert {each.expires_at for each in allocator.advice} == {at(32, 0.0)}
    rows = history(32)
    allocator.rows(rows[87:93])
    assert len(allocator.advice) == 3
    allocator.rows(rows[93:96])
    assert set(budgets(allocator.advice[3:]).values()) == {Decimal(0)}


def test_a_weekly_cadence_shares_out_on_mondays_for_the_week() -> None:
    allocator = grown(28, cadence="weekly")
    assert allocator.advice[0].expires_at - allocator.advice[0].decided_at == timedelta(hours=167)
    allocator.rows(history(29)[-3:])
    allocator.tick(at(29, 12))
    assert len(allocator.advice) == 3
