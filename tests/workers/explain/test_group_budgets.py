"""Budgets of a group are recomputed from its records, to the same bytes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from schemas import Budget, Portfolio, Recommendation, decode, encode, topics
from schemas.fields import BudgetPeriod
from tests.workers.allocator.exploring import a_loop, a_market
from tests.workers.allocator.groups import a_group, a_row, at, history
from tests.workers.explain.kept import Kept
from tests.workers.stored import Stored
from workers.allocator.rosters import ACTIVE_DAYS
from workers.explain.gone import replaced
from workers.explain.group_budgets import group_of
from workers.explain.reading_groups import GOES_BY_DAYS

FLIGHT = {
    "budget": Budget(amount=Decimal(3_000), period=BudgetPeriod.FLIGHT),
    "flight_start": at(22).date(),
    "flight_end": at(23).date(),
}
"""A flight that begins and ends among the days that are shared out for."""


def lived(**fields: Any) -> Kept:  # noqa: ANN401 -- fields of a group
    """Return some days of a group: repeats, a restated day, a late member, a new version."""
    allocator = Kept()
    rows = history(24)
    allocator.rows(rows[:60])
    allocator.group(**fields)
    allocator.rows(rows[60:64])
    allocator.rows([*rows[10:12], a_row("a", 15, conversions=70.0, closed_at=at(20, 2))])
    allocator.tick(at(21, 7))
    allocator.rows(rows[64:])
    allocator.group(a_group(**({"version": 2, "max_change_pct": 5} | fields)))
    allocator.rows([*rows[66:], *history(25)[-3:]])
    return allocator


@pytest.mark.parametrize("fields", [{}, {"autonomy": "auto"}, {"objective": "value"}, FLIGHT])
def test_each_is_recomputed_to_the_same_bytes(fields: dict[str, Any]) -> None:
    allocator = lived(**fields)
    values = allocator.published
    assert len(values) >= 12
    assert len({decode(value, Recommendation).kind for value in values}) == 2
    for value in values:
        assert allocator.again(value) == value


def test_what_a_group_does_to_learn_is_recomputed_to_the_same_bytes() -> None:
    loop = a_loop(a_market(3, 8), kept=True, learning_share=0.2)
    allocator = loop.allocator
    assert isinstance(allocator, Kept)
    loop.live(0, 24)
    values = allocator.published
    assert sum(b"without_jitter" in value for value in values) >= 50
    for value in values[-60:]:
        assert allocator.again(value) == value


def test_a_changed_closed_day_shows() -> None:
    allocator = lived()
    value = allocator.published[-1]
    log = allocator.log
    at_ = next(i for i, each in enumerate(log) if each.topic.endswith("portfolio.v1"))
    row = decode(log[at_].value or b"", Portfolio)
    other = encode(replace(row, conversions=row.conversions + 50.0))
    log[at_] = Stored(**(vars(log[at_]) | {"value": other}))
    assert allocator.again(value) not in (value, None)


def test_what_is_gone_cannot_be_recomputed() -> None:
    allocator = lived()
    value = allocator.published[-1]
    allocator.log = [each for each in allocator.log if "groups" not in each.topic]
    assert allocator.again(value) is None


def test_days_that_are_further_back_than_it_goes_change_nothing() -> None:
    allocator, rows = Kept(), history(GOES_BY_DAYS + 12)
    allocator.rows(rows[:-3])
    allocator.group()
    allocator.rows(rows[-3:])
    value, log = allocator.published[-1], allocator.log
    decided = decode(value, Recommendation).decided_at
    for days, same in ((GOES_BY_DAYS, True), (GOES_BY_DAYS // 2, False)):
        kept_since = (decided - timedelta(days=days)).timestamp() * 1_000
        days_of_then = [
            each for each in log if "portfolio" not in each.topic or each.timestamp >= kept_since
        ]
        assert len(days_of_then) < len(log)
        allocator.log = days_of_then
        assert (allocator.again(value) == value) is same


def test_days_are_kept_as_long_as_advice_that_goes_by_them() -> None:
    day = timedelta(days=1) // timedelta(milliseconds=1)
    advice = topics.RECOMMENDATIONS.retention_ms
    assert topics.PORTFOLIO.retention_ms >= advice + (GOES_BY_DAYS + ACTIVE_DAYS) * day
    assert topics.GROUPS.versions_ms >= advice


def test_versions_that_compaction_took_away_are_named_where_they_matter() -> None:
    def told(group: bytes, offset: int) -> Stored:
        return Stored("groups", offset, 0, group, b"{}")

    groups = [told(b"spring", 3), told(b"search", 9), told(b"never", 11)]

    assert list(replaced(groups, 3, {b"spring": 5})) == []
    (inside,) = replaced(groups, 3, {b"search": 5})
    assert "of group search nothing is kept before offset 9 of groups, partition 0" in inside
    (own,) = replaced(groups, 2, {})
    assert own == "offset 2 of groups, partition 0 is no longer kept: a newer version replaced it"


def test_a_word_on_hours_is_of_no_group() -> None:
    advice = replace(lived().advice[0], reasons=())
    assert group_of(advice) is None
