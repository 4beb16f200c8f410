"""Closed days of a group become budgets: exact, once a day, whatever comes twice or late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import Budget, HoldReason, Kind, Portfolio, Recommendation, digest, encode, topics
from schemas.fields import BudgetPeriod
from tests.workers.allocator.groups import (
    LEVELS,
    Allocator,
    a_group,
    a_row,
    at,
    days_of,
    grown,
    history,
)
from workers.allocator.member_rows import taken
from workers.allocator.releasing import may_go
from workers.allocator.tables import MEMBERS

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


def test_who_is_late_keeps_its_budget_and_the_rest_is_shared_out_when_the_wait_is_over() -> None:
    allocator = Allocator()
    rows = history(30)
    allocator.rows(rows[:-3])
    allocator.group(wait_hours=4)
    allocator.rows([row for row in rows[-3:] if row.campaign_id != "b"])
    allocator.tick(at(30, 3.9))
    assert allocator.advice == []
    allocator.tick(at(30, 4.0))
    assert holds(allocator.advice)["b"] is HoldReason.STALE_DATA
    assert budgets(allocator.advice) == {"a": 120, "b": 100, "c": 80}
    allocator.rows(rows[-2:-1])
    assert len(allocator.advice) == 3


def test_a_row_of_the_day_after_ends_the_wait_as_well() -> None:
    allocator = Allocator()
    rows = history(30)
    allocator.rows(rows[:-3])
    allocator.group()
    allocator.rows(rows[-3:-2])
    told = rows[-2]
    allocator.rows([Portfolio(**(fields_of(told) | {"closed_at": at(30, 6.0)}))])
    assert holds(allocator.advice)["c"] is HoldReason.STALE_DATA


def fields_of(row: Portfolio) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


SOME = [*history(12), a_row("a", 3, conversions=1.0, closed_at=at(20)), a_row("b", 3)]
STRAIGHT = Allocator()
STRAIGHT.rows(sorted(SOME, key=lambda row: row.closed_at))


@given(st.permutations(range(len(SOME))), st.integers(1, len(SOME)))
@settings(max_examples=20, deadline=None)
def test_members_days_do_not_depend_on_order_repeats_and_steps(order: list[int], cut: int) -> None:
    allocator = Allocator()
    allocator.rows([SOME[i] for i in order[:cut]])
    allocator.rows([SOME[i] for i in order[cut:]])
    allocator.rows([SOME[i] for i in order[:5]])
    kept, straight = (
        {key: value for key, value in each.table(MEMBERS).items() if b"\0member " in key}
        for each in (allocator, STRAIGHT)
    )
    assert kept == straight


def test_a_restated_day_takes_the_place_of_its_day() -> None:
    once, twice = Allocator(), Allocator()
    once.rows(days_of("a", range(10), 30.0))
    twice.rows([a_row("a", 4, spend=Decimal(9), closed_at=at(5)), *days_of("a", range(10), 30.0)])
    twice.rows([Portfolio(**(fields_of(days_of("a", [4], 30.0)[0]) | {"closed_at": at(5, 2)}))])
    ours, theirs = (
        next(value for key, value in each.table(MEMBERS).items() if b"\0member " in key)
        for each in (once, twice)
    )
    assert len(ours) == len(theirs)
    assert once.advice == twice.advice == []


def test_a_member_in_another_currency_leaves_the_whole_group_as_it_is() -> None:
    allocator = Allocator()
    rows = history(30)
    allocator.rows([*rows[:-1], a_row("x", 29, currency="USD")])
    allocator.group()
    allocator.rows(rows[-1:])
    assert set(holds(allocator.advice).values()) == {HoldReason.CURRENCY_MISMATCH}
    assert "USD" in allocator.advice[0].reasons[0].text


def test_days_in_another_currency_are_never_added_to_the_groups() -> None:
    allocator, month = Allocator(), Budget(amount=Decimal(9_300), period=BudgetPeriod.MONTH)
    yen = [a_row("x", day, currency="JPY", spend=Decimal(500_000)) for day in range(2)]
    rows = history(30)
    allocator.rows([*rows[:6], *yen, *rows[6:-1]])
    allocator.group(budget=month)
    allocator.rows(rows[-1:])
    plain = Allocator()
    plain.rows(rows[:-1])
    plain.group(budget=month)
    plain.rows(rows[-1:])
    assert budgets(allocator.advice) == budgets(plain.advice)


def test_a_member_whose_currency_changes_begins_anew() -> None:
    row = taken(taken(b"", a_row("a", 0, currency="USD")), a_row("a", 1))
    assert row == taken(b"", a_row("a", 1))
    assert taken(row, a_row("a", 0, currency="USD")) == row


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


@pytest.mark.parametrize(
    "fields",
    [{"observed_hours": 3}, {"capped_hours": 24}, {"conversion_maturity": 0.05}],
    ids=str,
)
def test_days_that_were_hardly_seen_or_cut_short_or_are_not_mature_say_less(
    fields: dict[str, Any],
) -> None:
    allocator = Allocator()
    rows = [
        Portfolio(**(fields_of(row) | (fields if row.campaign_id == "c" else {})))
        for row in history(30)
    ]
    allocator.rows(rows[:-1])
    allocator.group()
    allocator.rows(rows[-1:])
    assert holds(allocator.advice)["c"] is HoldReason.TOO_LITTLE_DATA
    assert holds(allocator.advice)["a"] is not HoldReason.TOO_LITTLE_DATA


def test_conversions_still_to_be_reported_are_expected_to_come() -> None:
    ripe, half = (
        {each.campaign_id: each for each in allocator.advice}["a"].expected_impact
        for allocator in (grown(), matured(0.5))
    )
    assert ripe is not None
    assert half is not None
    assert ripe.conversions is not None
    assert half.conversions is not None
    assert half.conversions.p50 == pytest.approx(2.0 * ripe.conversions.p50, rel=0.05)


def test_days_that_are_all_told_late_are_as_many_days() -> None:
    late = matured(0.11)
    assert HoldReason.TOO_LITTLE_DATA not in holds(late.advice).values()
    assert budgets(late.advice) == budgets(grown().advice)


def matured(share: float) -> Allocator:
    allocator = Allocator()
    rows = history(30, conversion_maturity=share)
    allocator.rows(rows[:-1])
    allocator.group()
    allocator.rows(rows[-1:])
    return allocator


def test_a_day_that_is_late_counts_as_its_budget_in_what_the_month_has_spent() -> None:
    allocator = grown(budget=Budget(amount=Decimal(9_000), period=BudgetPeriod.MONTH))
    told = [row for row in history(31)[-3:] if row.campaign_id != "b"]
    allocator.rows(told)
    allocator.tick(at(31, 6))
    left = (Decimal(9_000) - sum(row.spend for row in told) - 100) / 29
    assert sum(budgets(allocator.advice[3:]).values()) == left.quantize(CENT, rounding="ROUND_DOWN")


def test_a_member_of_long_ago_is_forgotten() -> None:
    allocator = Allocator()
    allocator.rows([a_row("old", 0), a_row("a", 119)])
    assert names_kept(allocator) == {b"google:7:old", b"google:7:a"}
    allocator.rows([a_row("a", 121)])
    assert names_kept(allocator) == {b"google:7:a"}


def names_kept(allocator: Allocator) -> set[bytes]:
    """Return the campaigns that anything kept of members names."""
    kept = allocator.table(MEMBERS)
    said = b" ".join([*kept, *kept.values()])
    return {name for name in (b"google:7:old", b"google:7:a") if name in said}


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


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (
            {
                "budget": Budget(amount=Decimal(9), period=BudgetPeriod.FLIGHT),
                "flight_start": at(0).date(),
                "flight_end": at(60).date(),
            },
            "flight_end",
        ),
    ],
)
def test_what_a_group_asks_for_that_is_not_done_is_put_aside(
    fields: dict[str, Any], field: str
) -> None:
    allocator = Allocator()
    allocator.group(**fields)
    assert [(each.reason, each.field) for each in allocator.dead_letters] == [
        ("not_supported", field)
    ]
    assert not allocator.table("groups")


@pytest.mark.parametrize("name", ["north ", "no\nrth", "spring\0members"])
def test_a_group_in_one_that_no_group_can_be_called_is_put_aside(name: str) -> None:
    allocator = Allocator()
    allocator.group(parent_group_id=name)
    found = [(each.reason, each.field) for each in allocator.dead_letters]
    assert found == [("invalid_name", "parent_group_id")]
    assert not allocator.table("groups")


def test_an_older_version_of_a_group_is_put_aside_and_a_repeat_changes_nothing() -> None:
    allocator = Allocator()
    allocator.group(version=2)
    kept = dict(allocator.table("groups"))
    allocator.group(version=2)
    allocator.group(version=1)
    allocator.group(version=2, max_change_pct=5)
    assert [each.reason for each in allocator.dead_letters] == ["old_version", "same_version"]
    assert allocator.table("groups") == kept
    empty = allocator.stored(topics.GROUPS, a_group().key, None, at(0))
    allocator.feed(topics.GROUPS, [empty])
    assert not allocator.table("groups")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"last_day": at(2).date()}, "not_supported"),
        ({"closed_at": at(0, 20)}, "contradiction"),
        ({"conversions": 1e308}, "out_of_range"),
        # No group can have such a name; a zero byte would lead to what is kept of another.
        ({"budget_group_id": "spring "}, "invalid_name"),
        ({"budget_group_id": "spring\0members"}, "invalid_name"),
    ],
)
def test_rows_that_cannot_be_are_put_aside(fields: dict[str, Any], reason: str) -> None:
    allocator = Allocator()
    row = a_row("a", 0, **({"closed_at": at(3)} | fields))
    allocator.rows([row])
    assert [each.reason for each in allocator.dead_letters] == [reason]
    assert not allocator.table(MEMBERS)


def test_a_row_from_the_future_is_put_aside() -> None:
    allocator = Allocator()
    row = a_row("a", 0, closed_at=at(9))
    allocator.feed(
        topics.PORTFOLIO, [allocator.stored(topics.PORTFOLIO, row.key, encode(row), at(1))]
    )
    assert [each.reason for each in allocator.dead_letters] == ["in_the_future"]


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
