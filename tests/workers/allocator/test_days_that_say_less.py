"""Days that are not fully seen or not mature say less, and not that less was brought."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import HoldReason, Portfolio
from tests.workers.allocator.groups import (
    Allocator,
    grown,
    history,
)
from tests.workers.allocator.test_budgets import budgets, fields_of, holds


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
