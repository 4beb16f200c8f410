"""Budgets of a group are recomputed from its records, to the same bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from schemas import Budget, Portfolio, Recommendation, decode, encode, topics
from schemas.fields import BudgetPeriod
from schemas.topics import Topic
from tests.workers.allocator.groups import Allocator, a_group, a_row, at, history
from tests.workers.stored import Stored
from workers.explain.group_budgets import group_of, recomputed


@dataclass
class Kept(Allocator):
    """An allocator whose records are kept."""

    log: list[Stored] = field(default_factory=list)

    def stored(self, topic: Topic, key: bytes, value: bytes | None, time: datetime) -> Stored:
        self.log.append(super().stored(topic, key, value, time))
        return self.log[-1]

    def again(self, value: bytes) -> bytes | None:
        return recomputed(self.policy, decode(value, Recommendation), self.log, (0, 1))


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


def published(allocator: Allocator) -> list[bytes]:
    name = allocator.policy.topic(topics.RECOMMENDATIONS)
    return [output.value or b"" for output in allocator.outputs if output.topic == name]


@pytest.mark.parametrize("fields", [{}, {"autonomy": "auto"}, {"objective": "value"}, FLIGHT])
def test_each_is_recomputed_to_the_same_bytes(fields: dict[str, Any]) -> None:
    allocator = lived(**fields)
    values = published(allocator)
    assert len(values) >= 12
    assert len({decode(value, Recommendation).kind for value in values}) == 2
    for value in values:
        assert allocator.again(value) == value


def test_a_changed_closed_day_shows() -> None:
    allocator = lived()
    value = published(allocator)[-1]
    log = allocator.log
    at_ = next(i for i, each in enumerate(log) if each.topic.endswith("portfolio.v1"))
    row = decode(log[at_].value or b"", Portfolio)
    other = encode(replace(row, conversions=row.conversions + 50.0))
    log[at_] = Stored(**(vars(log[at_]) | {"value": other}))
    assert allocator.again(value) not in (value, None)


def test_what_is_gone_cannot_be_recomputed() -> None:
    allocator = lived()
    value = published(allocator)[-1]
    allocator.log = [each for each in allocator.log if "groups" not in each.topic]
    assert allocator.again(value) is None


def test_a_word_on_hours_is_of_no_group() -> None:
    advice = replace(lived().advice[0], reasons=())
    assert group_of(advice) is None
