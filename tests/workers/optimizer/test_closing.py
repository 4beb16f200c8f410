"""The end of a local day: what is learned, and what others are told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from engine import patterns
from schemas import Portfolio, Shape, decode, topics
from schemas.topics import Topic
from tests.workers.optimizer.world import KEY, World, a_plan, an_event, hour
from workers.optimizer.tables import pattern_key
from workers.partitioner import partition_of


def published(world: World, topic: Topic) -> list[bytes]:
    name = world.policy.topic(topic)
    return [output.value or b"" for output in world.outputs if output.topic == name]


def learned(world: World) -> Any:  # noqa: ANN401 -- a row of an array
    return patterns.unpack([world.tables["metrics"].get(pattern_key(KEY), b"")])[0]


def test_a_closed_day_is_told_hour_by_hour() -> None:
    world = World(partitions=4, partition=partition_of(KEY, 4))
    world.plan(timezone="Europe/Berlin")
    # The clock goes forward on 29 March in Berlin: local hour 2 is missing.
    first = 27 * 24 - 1
    told = [number for number in range(first, first + 24) if number != first + 5]
    world.metrics(*(an_event(number, clicks=number - first) for number in told))
    output = next(each for each in world.outputs if each.topic == world.policy.topic(topics.SHAPES))
    shape = decode(output.value or b"", Shape)
    assert (output.key, output.partition) == (b"google:7", partition_of(b"google:7", 4))
    assert (shape.day, shape.weekday) == (date(2026, 3, 29), 6)
    assert shape.local_hours == (0, 1, *range(3, 24))
    assert shape.observed == tuple(number != 5 for number in range(23))
    assert shape.clicks == tuple(number * (number != 5) for number in range(23))
    assert shape.spend_minor[0] == 400
    assert shape.conversion_thousandths[0] == 2_000


def test_a_restated_hour_corrects_what_a_closed_day_has_taught() -> None:
    world, straight = World(), World()
    world.metrics(*(an_event(number) for number in range(30)))
    world.metrics(an_event(3, clicks=500, emitted_at=hour(31)))
    straight.metrics(*(an_event(n, clicks=500 if n == 3 else 50) for n in range(30)))
    assert learned(world).tobytes() == learned(straight).tobytes()
    assert learned(world)["clicks"][3] == 500
    assert learned(world)["hours"][:24].tolist() == [1] * 24
    assert not learned(world)["hours"][24:].any()


def test_suspect_hours_and_days_beyond_the_window_teach_nothing() -> None:
    world = World()
    world.metrics(an_event(0, clicks=2_000), *(an_event(number) for number in range(1, 30)))
    assert learned(world)["hours"][0] == 0
    world.metrics(an_event(24 * 50))
    assert pattern_key(KEY) not in world.tables["metrics"]


def test_a_closed_day_of_a_group_is_told_to_the_group() -> None:
    world = World()
    world.plan(a_plan(budget_group_id="spring"))
    world.metrics(*(an_event(number, revenue=Decimal("1.5")) for number in range(25)))
    (row,) = (decode(value, Portfolio) for value in published(world, topics.PORTFOLIO))
    assert (row.budget_group_id, row.first_day) == ("spring", date(2026, 3, 2))
    assert [int(each) for each in (row.spend, row.revenue, row.budget)] == [96, 36, 240]
    assert (row.conversions, row.clicks, row.observed_hours) == (48, 1_200, 24)


def test_a_day_above_its_cap_is_observed() -> None:
    world = World()
    world.plan(daily_cap=Decimal(80))
    world.metrics(*(an_event(number) for number in range(24)))
    step = world.metrics(an_event(24))
    assert step.observations["spend_over_cap"] == [0.2]
