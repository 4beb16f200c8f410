"""Rates that change within a period never let it spend more."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import Budget
from schemas.fields import BudgetPeriod
from tests.workers.allocator.currencies import Exchanging, a_rate, has, in_money
from tests.workers.allocator.groups import (
    LEVELS,
    at,
    history,
)
from tests.workers.allocator.test_currencies import DAYS, HALF, mixed
from tests.workers.allocator.trees import (
    inner,
)
from workers.allocator.reckoning import RATES_USED


def run_of_days(
    rates: list[str],
    amount: int,
    told: dict[str, tuple[str, Any]],
    **fields: Any,  # noqa: ANN401
) -> tuple[Exchanging, list[dict[str, Decimal]]]:
    """Live days in which all is spent that may be, with a rate told before each; what was spent."""
    allocator = Exchanging()
    before = 14
    allocator.rows(in_money(history(before - 1), told))
    budget = Budget(amount=Decimal(amount), period=BudgetPeriod.WEEK)
    given_: dict[str, Any] = {"budget": budget, "max_change_pct": 50}
    allocator.group(**(given_ | fields))
    budgets = {name: Decimal(100) * told.get(name, ("", 1))[1] for name in LEVELS}
    spent = []
    for day, rate in enumerate(rates, before - 1):
        allocator.rates(a_rate("EUR", "USD", rate, day + 1, confirmed_by="maria"))
        rows = in_money([row for row in history(day + 1) if row.last_day == at(day).date()], told)
        for row in rows:
            has_ = budgets[row.campaign_id]
            allocator.rows([_with(row, has_)])
        spent.append(dict(budgets))
        budgets = {each.campaign_id: has(each) for each in allocator.advice[-3:]}
    return allocator, spent


def _with(row: Any, budget: Decimal) -> Any:  # noqa: ANN401 -- a row
    return replace(row, budget=budget, spend=budget)


@settings(deadline=None, max_examples=15)
@given(
    rates=st.lists(st.integers(3, 60), min_size=8, max_size=8),
    amount=st.integers(700, 2_600),
)
def test_no_rate_that_is_told_within_a_period_lets_it_spend_more(
    rates: list[int], amount: int
) -> None:
    texts = [str(Decimal(each) / 10) for each in rates]
    allocator, spent = run_of_days(texts, amount, HALF)
    # The week begins after the first of these days, at the rate that is known by then.
    week = {name: sum(day[name] for day in spent[1:8]) for name in LEVELS}
    sum_ = Fraction(week["a"]) + Fraction(week["c"]) + Fraction(week["b"]) / Fraction(texts[0])
    assert sum_ <= amount
    for word in allocator.words[-9:]:
        assert allocator.again(word) == word


def test_the_next_period_begins_with_the_rate_of_then() -> None:
    allocator, _ = run_of_days(["2"] * 7 + ["2.2"], 2_000, HALF)
    said = [next(r for r in each.reasons if r.code == RATES_USED).text for each in allocator.advice]
    assert ["at 2 USD for 1 EUR" in text for text in said[-6:]] == [True] * 3 + [False] * 3
    assert all("at 2.2 USD for 1 EUR" in text for text in said[-3:])


def test_a_week_that_two_sets_share_counts_each_day_at_its_own() -> None:
    allocator, told = Exchanging(), {"b": ("USD", 2)}
    where = {"a": "spring", "b": "inside", "c": "inside"}
    budgets = {"a": Decimal(100), "b": Decimal(100), "c": Decimal(50)}
    rows = [replace(row, budget_group_id=where[row.campaign_id]) for row in history(36)]
    rows = in_money(rows, told)
    allocator.rows(row for row in rows if row.last_day < at(27).date())
    allocator.rates(a_rate("EUR", "USD", "2", 27.5))
    month, week = (
        Budget(amount=Decimal(amount), period=period)
        for amount, period in ((60_000, BudgetPeriod.MONTH), (1_000, BudgetPeriod.WEEK))
    )
    allocator.group(inner("inside", "spring", budget=week, max_change_pct=100))
    allocator.group(budget=month, max_change_pct=100)
    spent: list[dict[str, Decimal]] = []
    for day in range(27, 35):
        if day == 29:
            # April begins on the Wednesday of the week, and a dollar is worth a quarter of before.
            allocator.rates(a_rate("EUR", "USD", "8", 29.9, confirmed_by="maria"))
        for row in rows:
            if row.last_day == at(day).date():
                allocator.rows([_with(row, budgets[row.campaign_id])])
        spent.append(dict(budgets))
        budgets = {each.campaign_id: has(each) for each in allocator.advice[-3:]}
    sum_ = sum(day["c"] + day["b"] / (2 if i < 2 else 8) for i, day in enumerate(spent[1:]))
    assert 999 <= sum_ <= 1_000
    for word in allocator.words:
        assert allocator.again(word) == word


def test_a_flight_in_two_currencies_is_spent_to_its_last_cent_and_no_further() -> None:
    fields = {
        "budget": Budget(amount=Decimal(1_600), period=BudgetPeriod.FLIGHT),
        "flight_start": at(14).date(),
        "flight_end": at(18).date(),
    }
    rates = ["2", "2.5", "1.7", "3", "1.2", "9", "2"]
    allocator, spent = run_of_days(rates, 1, HALF, **fields)
    flight = {name: sum(day[name] for day in spent[1:6]) for name in LEVELS}
    sum_ = Fraction(flight["a"] + flight["c"]) + Fraction(flight["b"]) / 2
    assert 1_600 - Fraction(1, 10) <= sum_ <= 1_600
    assert [has(each) for each in allocator.advice[-3:]] == [0] * 3
    for word in allocator.words:
        assert allocator.again(word) == word


def test_a_set_of_rates_that_is_older_than_a_week_is_told_as_the_risk_that_it_is() -> None:
    fields = {
        "budget": Budget(amount=Decimal(3_000), period=BudgetPeriod.FLIGHT),
        "flight_start": at(14).date(),
        "flight_end": at(24).date(),
    }
    allocator, _ = run_of_days(["2"] * 11, 1, HALF, **fields)
    told: dict[int, set[bool]] = {}
    for advice in allocator.advice:
        day = (advice.decided_at - at(14, 0)).days
        texts = [each.text for each in advice.reasons if each.code == RATES_USED]
        told.setdefault(day, set()).update(f"That was {day} days ago" in each for each in texts)
    assert {day for day, said in told.items() if said == {True}} == {8, 9, 10}
    assert {day for day, said in told.items() if said == {False}} == set(range(8))


def test_what_a_member_spent_in_another_currency_stays_spent() -> None:
    month = Budget(amount=Decimal(9_300), period=BudgetPeriod.MONTH)
    rate = a_rate("EUR", "USD", "2", DAYS)
    stayed = mixed(rate, budget=month)
    rows = history(DAYS)
    moved = Exchanging()
    # The same money, in euros first; the last ten days are told in dollars.
    early, late = ([r for r in rows if (r.last_day < at(10).date()) is so] for so in (True, False))
    rows = [*early, *in_money(late, HALF)]
    moved.rows(rows[:-1])
    moved.rates(rate)
    moved.group(budget=month)
    moved.rows(rows[-1:])
    spent = {each.reasons[0].evidence.get("period_spent") for each in moved.advice}
    assert spent - {None} == {
        each.reasons[0].evidence.get("period_spent") for each in stayed.advice
    } - {None}
    for word in moved.words:
        assert moved.again(word) == word
