"""What a plan's calendar does to its decisions, and keeps out of what is learned."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import patterns
from schemas import CalendarEvent, MetricsEvent, Recommendation, Shape, decode, topics
from tests.workers.optimizer.world import KEY, World, an_event, hour
from workers.optimizer.tables import METRICS, pattern_key, windows_key

quick = settings(max_examples=25, deadline=None)
DOWN = CalendarEvent(name="Down", start=hour(9), end=hour(14.5), exclude_from_learning=True)
EXCLUDED = range(9, 15)


def learned(world: World) -> tuple[list[int], list[int]]:
    """Return hours and clicks by hour of the week that the campaign has been learned from."""
    row = patterns.unpack([world.table(METRICS).get(pattern_key(KEY), b"")])[0]
    return row["hours"].tolist(), row["clicks"].tolist()


def odd(number: int, clicks: int, conversions: int) -> MetricsEvent:
    return an_event(number, clicks=clicks, conversions=Decimal(conversions))


def lived(days: int, *calendar: CalendarEvent, inside: int = 7, **plan: Any) -> World:  # noqa: ANN401 -- fields of a record
    """Return a campaign after some days, with ``inside`` as the clicks of 9:00 to 15:00."""
    world = World()
    world.plan(calendar=calendar, **plan)
    for number in range(24 * days):
        clicks = inside if number in EXCLUDED else 50
        world.metrics(odd(number, clicks, clicks % 5))
    return world


def test_hours_of_an_excluded_window_are_not_learned_nor_told_to_those_who_pool() -> None:
    world = lived(2, DOWN)
    hours, clicks = learned(world)
    assert hours == [*[1] * 9, *[0] * 6, *[1] * 9, *[0] * 144]
    assert clicks == [50 * hour for hour in hours]
    shapes = [
        decode(out.value or b"", Shape)
        for out in world.outputs
        if out.topic == world.policy.topic(topics.SHAPES)
    ]
    assert shapes[0].observed == tuple(number not in EXCLUDED for number in range(24))
    # What was spent in them is spent.
    assert world.advice[22].spend_to_date == Decimal("92.00")


@pytest.mark.parametrize("before", [(), (DOWN,)])
def test_a_plan_that_changes_what_is_excluded_is_learned_anew_with_its_next_hour(
    before: tuple[CalendarEvent, ...],
) -> None:
    world = lived(2, *before)
    after = () if before else (DOWN,)
    world.plan(version=2, calendar=after)
    world.metrics(an_event(48))
    wanted = lived(2, *after)
    wanted.metrics(an_event(48))
    assert learned(world) == learned(wanted)
    assert (windows_key(KEY) in world.table(METRICS)) is bool(after)


@cache
def two_plain_days() -> World:
    """Return the life that all begin with, which nothing more is to be told to."""
    world = World()
    world.plan()
    for number in range(48):
        world.metrics(an_event(number))
    return world


@given(
    st.lists(st.tuples(st.integers(0, 71), st.integers(1, 90)), max_size=8),
    st.integers(0, 60),
    st.integers(1, 30),
    st.integers(48, 70),
)
@quick
def test_whatever_is_restated_or_excluded_later_leaves_what_was_learned_without_the_window(
    restated: list[tuple[int, int]], first: int, many: int, changed: int
) -> None:
    window = CalendarEvent(
        name="Odd", start=hour(first), end=hour(first + many), exclude_from_learning=True
    )
    known = dict.fromkeys(range(72), 50)
    world = two_plain_days().restarted()
    for number in range(48, 72):
        if number == changed:
            world.plan(version=2, calendar=(window,))
        world.metrics(an_event(number))
    for number, clicks in restated:
        known[number] = clicks
        world.metrics(an_event(number, clicks=clicks, emitted_at=hour(73)))
    world.metrics(an_event(72))
    taught = [number for number in range(72) if not first <= number < first + many]
    hours, sums = [0] * 168, [0] * 168
    for number in taught:
        hours[number] += 1
        sums[number] += known[number]
    assert learned(world) == (hours, sums)


def test_hours_that_expire_are_taken_out_but_for_those_that_were_never_learned() -> None:
    world = lived(1, DOWN)
    world.plan(version=2, calendar=(DOWN,), strategy="even")
    days = world.policy.restatement_days
    for number in range(24, 24 * (days + 4), 24):
        world.metrics(an_event(number))
    hours, clicks = learned(world)
    assert min(hours) == 0
    assert sum(hours[1:24]) == 0
    assert sum(clicks) == 50 * sum(hours)


def told(advice: Recommendation) -> tuple[object, ...]:
    return advice.hour, advice.kind, advice.hour_plan, advice.confidence, advice.recommended_value


@cache
def later(strategy: str, inside: int, *calendar: CalendarEvent) -> list[tuple[object, ...]]:
    """Return what is decided on the second and third day: lived once for all examples."""
    return [*map(told, lived(3, *calendar, strategy=strategy, inside=inside).advice)][24:]


@given(st.integers(0, 900), st.sampled_from(["dayparting", "performance_based", "front_loading"]))
@quick
def test_no_decision_after_an_excluded_window_follows_from_what_happened_in_it(
    inside: int, strategy: str
) -> None:
    one = later(strategy, 7, DOWN)
    assert one == later(strategy, inside, DOWN)
    assert one != later(strategy, 900)


def shares(starts: datetime, ends: datetime, lift: float, number: int) -> list[Decimal]:
    world = World()
    sale = CalendarEvent(name="Sale", start=starts, end=ends, expected_lift=lift)
    world.plan(calendar=(sale,))
    world.metrics(an_event(number))
    return list(world.advice[-1].hour_plan)


def test_hours_of_an_event_get_their_factor_and_those_after_it_what_they_usually_get() -> None:
    # 236.00 are left for hours 1 to 23, of which four weigh 3: 19 + 12 parts.
    plan = shares(hour(10), hour(14), 3.0, 0)
    part = Decimal(236) / 31
    for number, amount in enumerate(plan, start=1):
        wanted = part * (3 if 10 <= number < 14 else 1)
        assert abs(amount - wanted) <= Decimal("0.01")
    assert sum(plan) == Decimal("236.00")
    assert len(set(shares(hour(10), hour(14), 3.0, 14))) <= 2
