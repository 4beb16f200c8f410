"""Budget that moves between the hours to come when today performs other than expected."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas import Explanation, MetricsEvent, Strategy
from tests.workers.optimizer.world import World, a_plan, an_event, hour

LEARNED = ("performance_based", "dayparting", "conversion_pattern", "front_loading")
DAYS = 10
MOVING = {"better_than_expected", "worse_than_expected"}


def final(number: int, conversions: int, **fields: Any) -> MetricsEvent:  # noqa: ANN401 -- fields of a record
    """Return an hour of which nothing will be told again."""
    return an_event(number, conversions=Decimal(conversions), is_final=True, **fields)


def after(today: list[int], *, moves: bool = True, **plan: Any) -> World:  # noqa: ANN401 -- fields of a plan
    """Return ten days of two conversions an hour, and what the first hours of the next brought."""
    world = World()
    world.plan(a_plan(**({"strategy": "dayparting"} | plan), reallocate_within_day=moves))
    world.metrics(*(final(number, 2) for number in range(24 * DAYS)))
    for number, count in enumerate(today, start=24 * DAYS):
        world.metrics(final(number, count))
    return world


def moved(world: World) -> Explanation | None:
    return next((each for each in world.advice[-1].reasons if each.code in MOVING), None)


@pytest.mark.parametrize("strategy", LEARNED)
def test_a_morning_three_times_as_good_brings_the_next_hours_more_and_the_day_the_same(
    strategy: str,
) -> None:
    still = after([6] * 8, moves=False, strategy=strategy).advice[-1]
    world = after([6] * 8, strategy=strategy)
    advice, why = world.advice[-1], moved(world)
    assert why is not None
    assert why.code == "better_than_expected"
    assert float(why.evidence["counted"]) == pytest.approx(3 * float(why.evidence["expected"]))
    assert float(why.evidence["score"]) > 2.576
    assert sum(advice.hour_plan) == sum(still.hour_plan) == Decimal(240 - 8 * 4)
    assert advice.hour_plan[0] > still.hour_plan[0]
    assert advice.hour_plan[-1] < still.hour_plan[-1]
    pairs = zip(advice.hour_plan, still.hour_plan, strict=True)
    assert Decimal(str(why.evidence["moved"])) == sum(max(a - b, Decimal(0)) for a, b in pairs)


def test_a_morning_without_conversions_keeps_the_money_for_later() -> None:
    still, world = after([0] * 12, moves=False).advice[-1], after([0] * 12)
    why = moved(world)
    assert why is not None
    assert why.code == "worse_than_expected"
    assert world.advice[-1].hour_plan[0] < still.hour_plan[0]
    assert sum(world.advice[-1].hour_plan) == sum(still.hour_plan)


@pytest.mark.parametrize("strategy", ["even", "adaptive"])
def test_a_plan_without_a_split_that_is_learned_moves_nothing(strategy: str) -> None:
    assert moved(after([6] * 8, strategy=strategy)) is None


def test_a_usual_day_moves_nothing_and_neither_does_a_plan_that_does_not_ask() -> None:
    assert moved(after([2, 3, 1, 2, 4, 2, 1, 2])) is None
    assert moved(after([6] * 8, moves=False)) is None


def test_hours_whose_counts_may_still_grow_are_not_judged_before_their_delay_is_learned() -> None:
    world = World()
    world.plan(strategy="dayparting", reallocate_within_day=True)
    world.metrics(*(final(number, 2) for number in range(24 * DAYS)))
    for number in range(24 * DAYS, 24 * DAYS + 8):
        world.metrics(an_event(number, conversions=Decimal(6)))
    assert moved(world) is None


def late(number: int, age: int, count: int) -> MetricsEvent:
    """Return what is told of an hour some hours after its end: half of it at once, all in two."""
    return an_event(
        number,
        conversions=Decimal(count if age >= 2 else count // 2),
        emitted_at=hour(number + 1 + age) + timedelta(minutes=5),
    )


@pytest.mark.parametrize(("today", "code"), [(10, None), (30, "better_than_expected")])
def test_half_of_the_conversions_an_hour_later_is_as_expected_once_the_delay_is_learned(
    today: int, code: str | None
) -> None:
    world, first = World(), 24 * DAYS
    world.plan(strategy=Strategy.DAYPARTING, reallocate_within_day=True)
    for now in range(first + 9):
        ages = [age for age in (0, 2, 30) if now - age >= 0]
        counts = {age: today if now - age >= first else 10 for age in ages}
        world.metrics(*(late(now - age, age, counts[age]) for age in reversed(ages)))
    why = moved(world)
    assert (why and why.code) == code
