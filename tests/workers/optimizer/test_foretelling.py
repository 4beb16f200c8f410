"""Platforms are told of events that a plan gives a conversion rate for, if a person agrees."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas import (
    AuditEntry,
    AuditStatus,
    Kind,
    Plan,
    Recommendation,
    SchemaError,
    decode,
    encode,
    topics,
)
from schemas.audit import Mode
from schemas.calendar_event import CalendarEvent
from schemas.fields import Status
from tests.workers.optimizer.world import NAMES, World, a_plan, hour


def a_sale(start: float = 72, end: float = 96, **fields: Any) -> CalendarEvent:  # noqa: ANN401 -- fields of a record
    given = {"name": "Sale", "conversion_rate_lift": 1.35, **fields}
    return CalendarEvent(start=hour(start), end=hour(end), **given)


def planning(*events: CalendarEvent, **plan: Any) -> World:  # noqa: ANN401 -- fields of a plan
    world = World()
    world.plan(calendar=events, **plan)
    return world


def told(
    world: World,
    at: datetime,
    after: str,
    *,
    window: tuple[float, float] = (72, 96),
    status: AuditStatus = AuditStatus.APPLIED,
) -> None:
    """Let the trail say what the platform was told of a window."""
    names: dict[str, Any] = NAMES
    entry = AuditEntry(
        **names,
        at=at,
        status=status,
        mode=Mode.LIVE,
        actor="ada",
        entity_id="42",
        field="seasonality",
        after=Decimal(after),
        window_start=hour(window[0]),
        window_end=hour(window[1]),
    )
    world.feed("audit", [world.stored(topics.AUDIT, encode(entry), at)])


def proposed(world: World) -> list[Recommendation]:
    return [each for each in world.advice if each.kind is Kind.CALENDAR]


def said(world: World) -> list[Any]:
    return [
        (each.reasons[0].code, each.current_value, each.recommended_value)
        for each in proposed(world)
    ]


def test_an_event_to_come_is_proposed_to_a_person_even_where_policy_may_act() -> None:
    world = planning(a_sale())
    world.tick(hour(1))
    (advice,) = proposed(world)

    assert said(world) == [("event_planned", 1, Decimal("1.35"))]
    assert [advice.window_start, advice.window_end] == [hour(72), hour(96)]
    assert not advice.auto_execute
    assert world.actions == []


def test_an_event_that_says_nothing_of_it_leads_to_nothing() -> None:
    world = planning(a_sale(conversion_rate_lift=None, expected_lift=3.0))
    for number in range(1, 80):
        world.tick(hour(number))

    assert proposed(world) == []


@pytest.mark.parametrize("status", [Status.PAUSED, Status.ENDED])
def test_a_plan_that_is_not_active_tells_nothing(status: Status) -> None:
    world = planning(a_sale(), status=status)
    world.tick(hour(1))

    assert proposed(world) == []


def test_who_does_not_answer_is_asked_once_a_local_day_until_the_event_begins() -> None:
    world = planning(a_sale(50, 60))
    for number in range(1, 70):
        world.tick(hour(number))

    assert [each.decided_at for each in proposed(world)] == [hour(1), hour(24), hour(48)]
    assert [each.expires_at for each in proposed(world)] == [hour(24), hour(48), hour(50)]


def test_an_event_is_told_of_no_earlier_than_two_weeks_before() -> None:
    world = planning(a_sale(24 * 15, 24 * 16))
    world.tick(hour(23.9))
    assert proposed(world) == []
    world.tick(hour(24))
    assert len(proposed(world)) == 1


def test_what_was_told_is_not_proposed_again() -> None:
    world = planning(a_sale())
    world.tick(hour(1))
    told(world, hour(1.1), "1.35")
    for number in range(2, 72):
        world.tick(hour(number))

    assert len(proposed(world)) == 1


@pytest.mark.parametrize(
    "status", [AuditStatus.DRIFT, AuditStatus.REJECTED, AuditStatus.UNVERIFIED, AuditStatus.SHADOW]
)
def test_what_is_not_known_to_be_told_is_proposed_on_the_next_day(status: AuditStatus) -> None:
    world = planning(a_sale())
    world.tick(hour(1))
    told(world, hour(1.1), "1.35", status=status)
    world.tick(hour(24))

    assert len(proposed(world)) == 2


def test_another_factor_and_an_event_that_is_gone_are_told_as_such() -> None:
    world = planning(a_sale())
    told(world, hour(1), "1.35")
    world.plan(version=2, calendar=(a_sale(conversion_rate_lift=2.0),))
    world.tick(hour(2))
    told(world, hour(3), "2")
    world.plan(version=3, calendar=())
    world.tick(hour(26))
    told(world, hour(27), "1")
    world.tick(hour(49))

    assert said(world) == [
        ("event_planned", Decimal("1.35"), 2),
        ("event_gone", 2, 1),
    ]


def test_an_increase_of_budget_is_proposed_in_money_beside_the_conversion_rate() -> None:
    world = planning(a_sale(budget_increase=Decimal(50)))
    world.tick(hour(1))
    increase, rate = sorted(proposed(world), key=lambda each: each.field or "")

    assert (increase.field, increase.unit, increase.currency) == (
        "budget_increase",
        "currency",
        "EUR",
    )
    assert [increase.current_value, increase.recommended_value] == [0, 50]
    assert (rate.field, rate.recommended_value) == ("seasonality", Decimal("1.35"))
    assert world.actions == []


def test_what_is_told_of_one_field_says_nothing_of_another() -> None:
    world = planning(a_sale(conversion_rate_lift=None, budget_increase=Decimal(50)))
    told(world, hour(1), "50")
    world.tick(hour(2))

    assert said(world) == [
        ("event_planned", 0, 50),
        ("event_gone", 50, 1),
    ]


def test_a_restart_asks_nothing_twice() -> None:
    world = planning(a_sale())
    world.tick(hour(1))
    again = world.restarted()
    again.tick(hour(2))

    assert proposed(again) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"conversion_rate_lift": 1.005},
        {"end": 72 + 24 * 14.5},
        {"start": 72 + 1 / 3_600},
        {"conversion_rate_lift": 0.05},
        {"budget_increase": Decimal(-1)},
        {"budget_increase": Decimal("0.001")},
    ],
    ids=[
        "finer than platforms have it",
        "longer",
        "within a minute",
        "too low",
        "below 0",
        "cents",
    ],
)
def test_what_no_platform_could_be_told_is_refused_with_the_plan(odd: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        decode(encode(a_plan(calendar=(a_sale(**odd),))), Plan)


def test_without_the_factor_an_event_may_be_as_long_and_as_odd_as_ever() -> None:
    event = a_sale(1 / 3_600, 24 * 40, conversion_rate_lift=None)
    assert event.end - event.start > timedelta(days=39)
