"""The end of a local day: what is learned, and what others are told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine import patterns
from schemas import Budget, Portfolio, Shape, decode, topics
from schemas.fields import BudgetPeriod
from schemas.topic import Topic
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


@pytest.mark.parametrize(
    ("event", "plan", "currency", "minor"),
    [
        # 4.56 spent an hour, in the minor units of whatever it was spent in.
        ("EUR", None, "EUR", 456),
        ("EUR", "JPY", "EUR", 456),
        ("KWD", "EUR", "KWD", 4_560),
        (None, "EUR", "EUR", 456),
        (None, None, None, 4),
    ],
)
def test_a_closed_day_is_told_in_the_minor_units_of_its_ledger(
    event: str | None, plan: str | None, currency: str | None, minor: int
) -> None:
    world = World()
    if plan:
        world.plan(currency=plan)
    world.metrics(*(an_event(n, spend=Decimal("4.56"), currency=event) for n in range(25)))
    (shape,) = (decode(value, Shape) for value in published(world, topics.SHAPES))
    assert shape.currency == currency
    assert shape.spend_minor == (minor,) * 24


@pytest.mark.parametrize(("currency", "rows"), [("EUR", 1), (None, 1), ("USD", 0)])
def test_spend_in_another_currency_than_the_plans_is_not_told_to_the_group(
    currency: str | None, rows: int
) -> None:
    world = World()
    world.plan(a_plan(budget_group_id="spring"))
    world.metrics(*(an_event(number, currency=currency) for number in range(25)))
    told = [decode(value, Portfolio) for value in published(world, topics.PORTFOLIO)]
    assert [row.currency for row in told] == ["EUR"] * rows


def budget(amount: int, period: str) -> Budget:
    return Budget(amount=Decimal(amount), period=BudgetPeriod(period))


@pytest.mark.parametrize(
    ("plan", "hours", "over"),
    [
        # Four euros an hour from Monday 2 March on: 96 a day, 672 a week, 2,880 in March.
        ({"budget": budget(80, "day")}, 24, [0.2]),
        ({"budget": budget(96, "day")}, 24, []),
        ({"budget": budget(640, "week")}, 24, []),
        ({"budget": budget(640, "week")}, 24 * 7, [0.05]),
        ({"budget": budget(2_400, "month")}, 24 * 29, []),
        ({"budget": budget(2_400, "month")}, 24 * 30, [0.2]),
        ({"budget": budget(160, "flight"), "flight_end": date(2026, 3, 3)}, 24, []),
        ({"budget": budget(160, "flight"), "flight_end": date(2026, 3, 3)}, 24 * 2, [0.2]),
        ({"budget": budget(160, "flight"), "flight_end": date(2026, 3, 3)}, 24 * 3, []),
        ({"budget": budget(640, "week"), "daily_cap": Decimal(80)}, 24 * 7, [0.05, 0.2]),
        # What it may spend beside its amount is what earlier periods have left over.
        ({"budget": budget(80, "day"), "rollover": "full"}, 24, []),
        ({"budget": budget(80, "day"), "currency": "JPY"}, 24, []),
    ],
)
def test_a_period_that_ended_above_its_limit_is_observed_once(
    plan: dict[str, Any], hours: int, over: list[float]
) -> None:
    world = World()
    world.plan(**{"flight_start": date(2026, 3, 2), **plan})
    world.metrics(*(an_event(number) for number in range(hours)))
    step = world.metrics(an_event(hours))
    assert sorted(step.observations.get("spend_over_cap", ())) == over


def test_a_day_above_its_cap_is_observed() -> None:
    world = World()
    world.plan(daily_cap=Decimal(80))
    world.metrics(*(an_event(number) for number in range(24)))
    step = world.metrics(an_event(24))
    assert step.observations["spend_over_cap"] == [0.2]
