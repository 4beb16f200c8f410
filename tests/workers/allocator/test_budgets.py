"""Closed days of a group become budgets: exact, once a day, whatever comes twice or late."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from schemas import Budget, HoldReason, Kind, Portfolio, Recommendation, digest
from schemas.fields import BudgetPeriod
from tests.workers.allocator.groups import (
    LEVELS,
    Allocator,
    a_row,
    at,
    days_of,
    grown,
    history,
)
from workers.allocator.releasing import may_go

CENT = Decimal("0.01")


def budgets(advice: Sequence[Recommendation]) -> dict[str, Decimal]:
    """Return what each campaign is to have: the new budget, or the one that it keeps."""
    return {
        each.campaign_id: each.current_value or Decimal(0)
        if each.recommended_value is None
        else each.recommended_value
        for each in advice
    }


def holds(advice: Sequence[Recommendation]) -> dict[str, HoldReason | None]:
    return {each.campaign_id: each.hold_reason for each in advice}


def test_money_goes_to_where_it_brings_more_and_the_total_stays_to_the_cent() -> None:
    found = budgets(grown(budget=Budget(amount=Decimal("300.01"), period=BudgetPeriod.DAY)).advice)
    assert sum(found.values()) == Decimal("300.01")
    assert found["a"] > found["b"] > found["c"]
    assert all(Decimal(80) <= value <= Decimal(120) for value in found.values())


def test_many_days_of_the_largest_change_lead_to_equal_marginal_returns() -> None:
    found = budgets(grown(max_change_pct=1000).advice)
    # Square-root curves: marginal returns are equal where budgets are as the squares of levels.
    # Exponents are learned to a tenth or so, which bounds how near this can come.
    assert sum(found.values()) == 300
    assert found["a"] / found["c"] > 6
    assert found["a"] / found["b"] > 2


def test_a_change_says_what_it_brings_how_sure_that_is_and_what_bounds_it() -> None:
    advice = {each.campaign_id: each for each in grown().advice}["a"]
    impact = advice.expected_impact
    assert (advice.kind, advice.field, advice.unit) == (Kind.BUDGET, "daily_budget", "currency")
    assert (advice.change, advice.change_pct) == (Decimal(20), 20.0)
    assert impact is not None
    assert impact.conversions is not None
    assert impact.revenue is not None
    assert impact.roas is not None
    assert impact.conversions.p10 < impact.conversions.p50 < impact.conversions.p90
    # Forty conversions at 100 euros, half as much more in logs as the budget.
    assert impact.conversions.p50 == pytest.approx(40 * 1.2**0.5, rel=0.05)
    assert float(impact.revenue.p50) == pytest.approx(20 * impact.conversions.p50, rel=1e-3)
    assert impact.roas.p50 == pytest.approx(float(impact.revenue.p50) / 120.0, rel=1e-3)
    assert advice.confidence > 0.9
    checks = {each.name: (str(each.status), each.limit) for each in advice.guardrails}
    assert checks["max_change_pct"] == ("clamped", Decimal(120))
    evidence = advice.reasons[0].evidence
    assert float(evidence["marginal_return"]) > float(evidence["price"])
    assert (advice.valid_from, advice.expires_at) == (at(30), at(31, 0))
    assert set(advice.inputs) == {"pacekeeper.groups.v1", "pacekeeper.portfolio.v1"}


def test_a_groups_day_is_allocated_once_whoever_tells_again() -> None:
    allocator = grown()
    assert len(allocator.advice) == 3
    allocator.rows([a_row("a", 29, conversions=99.0, closed_at=at(30, 3))])
    allocator.tick(at(30, 20))
    allocator.group(version=2)
    allocator.tick(at(30, 21))
    assert len(allocator.advice) == 3


def test_a_day_that_comes_again_is_no_moment_to_decide_at() -> None:
    rows = {(row.campaign_id, row.first_day): row for row in history(12)}
    allocator = Allocator()
    allocator.group()
    # Day 9 of one member is missing, so that nothing is shared out for day 10.
    allocator.rows(row for (_, day), row in rows.items() if day < at(9).date())
    allocator.rows([rows[name, at(9).date()] for name in "ac"] + [rows["b", at(10).date()]])
    before = list(allocator.outputs)
    allocator.rows([rows["c", at(9).date()]])
    assert allocator.outputs == before


def test_ids_are_digests_of_all_the_rest_and_come_first() -> None:
    allocator = grown(autonomy="auto")
    for output in allocator.outputs:
        name, identity = (text.decode() for text in (output.value or b"").split(b'"')[1:4:2])
        content = b"{" + (output.value or b"").split(b",", 1)[1]
        assert name == ("action_id" if "actions" in output.topic else "recommendation_id")
        assert identity == digest(content)


def test_the_next_day_supersedes_what_was_said_the_day_before() -> None:
    allocator = grown()
    first = {each.campaign_id: each.recommendation_id for each in allocator.advice}
    allocator.rows(history(31)[-3:])
    second = allocator.advice[3:]
    assert {each.campaign_id: each.supersedes for each in second} == first


def fields_of(row: Portfolio) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


@pytest.mark.parametrize(
    ("present", "budget", "wanted", "goes"),
    [
        # 1,200 in force, 900 allowed; c, whose cut pays for b's raise, waits for a person.
        ((400, 400, 400), (120, 450, 330), (True, True, False), (True, False, False)),
        ((400, 400, 400), (120, 450, 330), (True, True, True), (True, True, True)),
        ((100, 100, 100), (400, 300, 200), (True, False, True), (True, False, True)),
    ],
)
def test_no_raise_goes_by_itself_that_leaves_the_group_above_its_total(
    present: tuple[int, ...],
    budget: tuple[int, ...],
    wanted: tuple[bool, ...],
    goes: tuple[bool, ...],
) -> None:
    found = may_go(np.array(wanted), np.array(present), np.array(budget), 900)
    assert found.tolist() == list(goes)


def test_a_new_member_keeps_its_budget_until_its_days_say_something() -> None:
    allocator = Allocator()
    rows = history(30)
    allocator.rows([*rows[:-1], a_row("new", 29, budget=Decimal(50))])
    allocator.group(budget=Budget(amount=Decimal(350), period=BudgetPeriod.DAY))
    allocator.rows(rows[-1:])
    assert holds(allocator.advice)["new"] is HoldReason.TOO_LITTLE_DATA
    assert budgets(allocator.advice)["new"] == 50
    assert sum(budgets(allocator.advice).values()) == 350


@pytest.mark.parametrize(
    ("total", "plan", "reason"),
    [
        (300, {"min_budget": Decimal(101), "budget": Decimal(101)}, HoldReason.INFEASIBLE_MINIMUM),
        (300, {"max_budget": Decimal(99), "budget": Decimal(99)}, HoldReason.INFEASIBLE_MAXIMUM),
    ],
)
def test_bounds_that_no_split_keeps_are_a_hold_by_name(
    total: int, plan: dict[str, Any], reason: HoldReason
) -> None:
    allocator = Allocator()
    rows = history(30, **plan)
    allocator.rows(rows[:-1])
    allocator.group(budget=Budget(amount=Decimal(total), period=BudgetPeriod.DAY))
    allocator.rows(rows[-1:])
    assert set(holds(allocator.advice).values()) == {reason}


def test_a_budget_of_nothing_can_start_again() -> None:
    allocator = Allocator()
    rows = [row for row in history(30) if row.campaign_id != "a"]
    stopped = [*days_of("a", range(20), 40.0), *days_of("a", [28], 40.0, budget=Decimal(0))]
    last = a_row("a", 29, budget=Decimal(0), spend=Decimal(0), conversions=0.0)
    allocator.rows([*stopped, *rows])
    allocator.group()
    allocator.rows([last])
    found = budgets(allocator.advice)
    # A twentieth of an equal part of the total.
    assert found["a"] == 5


def test_only_a_group_that_may_act_releases_and_never_a_raise_without_its_cut() -> None:
    assert grown().actions == []
    sent = {each.campaign_id: each for each in grown(autonomy="auto").actions}
    assert {name: each.target for name, each in sent.items()} == {"a": 120, "c": 80}
    assert sent["a"].expected == 100
    allocator = Allocator()
    rows = history(30)
    careful = [
        Portfolio(**(fields_of(row) | {"releasable": row.campaign_id != "c"})) for row in rows
    ]
    allocator.rows(careful[:-1])
    allocator.group(autonomy="auto")
    allocator.rows(careful[-1:])
    assert allocator.actions == []
    assert grown(autonomy="auto", min_confidence=1.0).actions == []


def test_a_paused_group_and_one_that_nobody_defined_are_left_alone() -> None:
    allocator = Allocator()
    allocator.rows(history(30))
    assert allocator.advice == []
    assert grown(status="paused").advice == []


def test_the_same_records_lead_to_the_same_bytes_however_they_are_cut_into_steps() -> None:
    whole, single = grown(autonomy="auto"), Allocator()
    rows = history(30)
    for row in rows[:-1]:
        single.rows([row])
    single.group(autonomy="auto")
    single.rows(rows[-1:])
    assert single.outputs == whole.outputs
    assert len(LEVELS) == 3
