"""Groups and closed days that cannot be are put aside."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas import Budget, encode, topics
from schemas.fields import BudgetPeriod
from tests.workers.allocator.groups import (
    Allocator,
    a_group,
    a_row,
    at,
)
from workers.allocator.tables import MEMBERS


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
