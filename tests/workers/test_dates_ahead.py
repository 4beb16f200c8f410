"""Nobody waits for a day that has not come: days are judged by when Kafka had their records."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as changed

from schemas import Breakdowns, Portfolio, Shape, Suspicion, encode, topics
from schemas.headers import CLOCK, HANDED_UP
from schemas.topic import Topic
from tests.workers.adviser import world as adviser
from tests.workers.allocator.days import a_day
from tests.workers.allocator.groups import Allocator, a_row, at, days_of, grown
from tests.workers.allocator.test_outages import a_suspicion
from tests.workers.scorer import world as scorer
from tests.workers.stored import Stored
from workers.delivery.clock import at_its_clock

Told = Portfolio | Shape | Suspicion | Breakdowns

DAY = date(2099, 1, 1)
CLOSED = datetime.fromisoformat("2099-01-02T01:00:00Z")
WRITTEN = at(31)
"""When Kafka had the records of the tests."""


def a_breakdown() -> Breakdowns:
    """Return the newest closed day of a campaign that has lived for two days."""
    return adviser.advised_on().days[-1]


AHEAD: list[tuple[Topic, Told, str]] = [
    (topics.PORTFOLIO, a_row("a", 0, first_day=DAY, last_day=DAY, closed_at=CLOSED), "closed_at"),
    (
        topics.SHAPES,
        changed(a_day(0, 0), day=DAY, weekday=DAY.weekday(), closed_at=CLOSED),
        "closed_at",
    ),
    (topics.SUSPICIONS, changed(a_suspicion(0, 20.0), told_at=CLOSED), "told_at"),
    (topics.BREAKDOWNS, changed(a_breakdown(), day=DAY, closed_at=CLOSED), "closed_at"),
]


def as_read(topic: str, record: Told, *, clock: datetime) -> Stored:
    """Return a record as a worker reads it that was written at `WRITTEN`, by a clock of its own."""
    header = (CLOCK, b"%d" % int(clock.timestamp() * 1_000))
    written = int(WRITTEN.timestamp() * 1_000)
    stored = Stored(topic, 0, written, record.key, encode(record), (header,))
    (read,) = at_its_clock([stored])
    assert isinstance(read, Stored)
    return read


@pytest.mark.parametrize(("topic", "record", "field"), AHEAD, ids=lambda each: str(each)[:20])
def test_a_day_that_comes_later_than_its_record_is_a_dead_letter_and_changes_nothing(
    topic: Topic, record: Told, field: str
) -> None:
    """Its own clock says that it is over: what Kafka has says that it is not."""
    world: Any = adviser.World() if topic is topics.BREAKDOWNS else Allocator()
    told = as_read(world.policy.topic(topic), record, clock=CLOSED)
    step = world.feed("days", [told]) if topic is topics.BREAKDOWNS else world.feed(topic, [told])

    (letter,) = step.dead_letters
    assert (letter.reason, letter.field) == ("in_the_future", field)
    assert "2099-01-02T01:00:00+00:00" in letter.detail
    assert (step.writes, step.outputs) == ({}, [])


def test_a_group_shares_its_budget_out_as_if_a_member_had_told_no_day_of_another_century() -> None:
    allocator, other = grown(), grown()
    name = allocator.policy.topic(topics.PORTFOLIO)
    allocator.feed(topics.PORTFOLIO, [as_read(name, AHEAD[0][1], clock=CLOSED)])
    for each in (allocator, other):
        for campaign, level in (("a", 40.0), ("b", 20.0), ("c", 10.0)):
            each.rows(days_of(campaign, [30], level))

    assert len(other.advice) == 6
    assert [encode(each) for each in allocator.advice] == [encode(each) for each in other.advice]
    assert allocator.tables == other.tables


def test_a_copy_of_a_day_that_has_not_ended_is_put_aside_as_its_original_is() -> None:
    row = a_row("a", 0, first_day=DAY, last_day=DAY, closed_at=at(30))
    for headers in ((), ((HANDED_UP, b"1"),)):
        allocator = Allocator()
        told = allocator.stored(topics.PORTFOLIO, row.key, encode(row), at(30))
        allocator.feed(topics.PORTFOLIO, [replace(told, headers=headers)])

        assert [each.reason for each in allocator.dead_letters] == ["contradiction"]
        assert not allocator.table("members")


def test_a_shape_of_a_day_that_had_not_ended_when_it_was_told_is_put_aside() -> None:
    shape = changed(a_day(0, 0), day=DAY, weekday=DAY.weekday())
    allocator = Allocator()
    told = allocator.stored(topics.SHAPES, shape.key, encode(shape), at(30))
    allocator.feed(topics.SHAPES, [told])

    assert [each.reason for each in allocator.dead_letters] == ["contradiction"]


@pytest.mark.parametrize("fields", [{"since": CLOSED}, {"until": CLOSED, "evidence_now": 0.0}])
def test_an_outage_of_hours_to_come_is_put_aside(fields: dict[str, Any]) -> None:
    said: Suspicion = changed(a_suspicion(0, 20.0), **fields)
    allocator = Allocator()
    told = allocator.stored(topics.SUSPICIONS, said.key, encode(said), said.told_at)
    allocator.feed(topics.SUSPICIONS, [told])

    assert [each.field for each in allocator.dead_letters] == [next(iter(fields))]
    assert not allocator.outputs


def test_advice_that_begins_in_another_century_does_not_push_out_what_is_of_today() -> None:
    world, other = scorer.World(), scorer.World()
    for each in (world, other):
        each.say(scorer.a_plan(), scorer.pacing(0, "1", "2", "3"))
    far = CLOSED + timedelta(hours=1)
    world.say(scorer.pacing(1, "1", "2", "3", valid_from=CLOSED, expires_at=far))

    assert world.tables["recommendations"] == other.tables["recommendations"]
    assert world.counts["ignored", world.policy.topic(topics.RECOMMENDATIONS), "ahead_of_its_time"]
