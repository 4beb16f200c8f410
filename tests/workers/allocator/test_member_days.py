"""Members' closed days: waited for, restated, in one currency, and forgotten in the end."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import Budget, HoldReason, Portfolio
from schemas.fields import BudgetPeriod
from tests.workers.allocator.groups import (
    Allocator,
    a_row,
    at,
    days_of,
    history,
)
from tests.workers.allocator.test_budgets import budgets, fields_of, holds
from workers.allocator.member_rows import taken
from workers.allocator.tables import MEMBERS


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
