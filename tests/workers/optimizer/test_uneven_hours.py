"""Hours that the plan or the market sets apart: off, wanted more, excluded, of an event."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from schemas import (
    Actuator,
    CalendarEvent,
    MetricsEvent,
)
from tests.workers.optimizer.test_adaptive import FREE, bids, blank, spent, state_of, steered
from tests.workers.optimizer.world import a_plan, hour
from workers.optimizer import pacing_rows


def converting(numbers: range) -> list[MetricsEvent]:
    """Return hours that sell the same clicks at the same price and convert best at 10 o'clock."""
    return [
        spent(n, 5, clicks=200, conversions=Decimal(40 if n % 24 == 10 else 10)) for n in numbers
    ]


@pytest.mark.parametrize(("actuator", "higher"), [(None, True), (Actuator.TARGET_CPA, False)])
def test_an_hour_whose_clicks_convert_better_is_bid_higher_unless_the_platform_sees_to_it(
    actuator: Actuator | None,
    higher: bool,  # noqa: FBT001 -- what the law says
) -> None:
    world = steered(actuator=actuator)
    world.metrics(*converting(range(21 * 24 + 11)))
    values = {each.hour: each.recommended_value for each in world.advice}
    nine, ten, eleven = (values[hour(21 * 24 + clock)] for clock in (9, 10, 11))
    assert nine is not None
    assert ten is not None
    assert eleven is not None
    assert (ten > Decimal("1.2") * max(nine, eleven)) is higher
    assert higher or abs(ten / nine - 1) < Decimal("0.1")


def test_an_hour_that_the_plan_switches_off_spends_nothing_and_leaves_the_multiplier_alone() -> (
    None
):
    grid = [[1.0] * 24 for _ in range(7)]
    grid[0][3] = 0.0
    world = steered(dayparting=tuple(tuple(day) for day in grid))
    world.metrics(spent(0), spent(1))
    bids(world, (2.05, "0.9", "40"))
    world.metrics(spent(2))
    advice = world.advice[-1]
    assert advice.hour == hour(3)
    assert (advice.hourly_cap, advice.hour_plan[0]) == (Decimal(0), Decimal(0))
    assert advice.recommended_value == Decimal("0.9")
    assert sum(advice.hour_plan) == 240 - 3 * 4
    action = world.actions[-1]
    assert (action.hour, action.target, action.hourly_cap) == (hour(3), Decimal("0.9"), Decimal(0))
    world.metrics(spent(3, 0))
    cap = world.advice[-1].hourly_cap
    assert cap is not None
    assert cap > 0


def test_an_hour_that_the_plan_wants_more_of_is_bid_higher() -> None:
    grid = tuple(tuple(3.0 if clock == 5 else 1.0 for clock in range(24)) for _ in range(7))
    usual, wished = steered(), steered(dayparting=grid)
    for world in (usual, wished):
        world.metrics(*(spent(n, 10) for n in range(29)))
    before, after = (world.advice[-1] for world in (usual, wished))
    assert before.hour == hour(29)
    assert None not in (before.recommended_value, after.recommended_value)
    assert after.recommended_value > Decimal("1.3") * before.recommended_value  # type: ignore[operator]
    share = after.hour_plan[0] / after.hour_plan[1]
    assert Decimal(2) < share < Decimal(4)


def a_calendar(*events: tuple[int, int, dict[str, Any]]) -> tuple[CalendarEvent, ...]:
    return tuple(
        CalendarEvent(name="Event", start=hour(start), end=hour(end), **fields)
        for start, end, fields in events
    )


def test_hours_that_a_plan_excludes_teach_nothing_whenever_the_plan_says_so() -> None:
    out = a_calendar((20, 26, {"exclude_from_learning": True}))
    odd = [spent(n, 99 if 20 <= n < 26 else 6) for n in range(50)]
    usual = [spent(n, 12 if 20 <= n < 26 else 6) for n in range(50)]
    states = []
    for told, when in ((odd, 0), (usual, 0), (odd, 40)):
        world = steered()
        world.metrics(*told[:when])
        world.plan(a_plan(strategy="adaptive", guardrails=FREE, version=2, calendar=out))
        world.metrics(*told[when:])
        states.append(state_of(world))
    assert states[0] == states[1] == states[2]
    plain = steered()
    plain.metrics(*odd)
    assert state_of(plain) != states[0]


def test_an_hour_that_brings_twice_as_much_as_was_told_is_learned_as_a_usual_one() -> None:
    sale = a_calendar((20, 26, {"expected_lift": 2.0}))
    states = []
    for lift, calendar in ((2, sale), (1, ())):
        world = steered(calendar=calendar)
        world.metrics(*(spent(n, 6 * lift if 20 <= n < 26 else 6) for n in range(50)))
        memory = pacing_rows.unpack([state_of(world)], fresh=blank())
        states.append(memory.pacing.response.mean)
    lifted, usual = states
    np.testing.assert_allclose(lifted, usual, atol=1e-9)


def test_an_event_that_is_to_come_gets_its_share_of_the_day_and_needs_no_higher_bids() -> None:
    sale = a_calendar((44, 48, {"expected_lift": 3.0}))
    values, plans = [], []
    for calendar in ((), sale):
        world = steered(calendar=calendar)
        world.metrics(*(spent(n, 10) for n in range(30)))
        values.append(world.advice[-1].recommended_value)
        plans.append(world.advice[-1].hour_plan)
    assert sum(plans[0]) == sum(plans[1])
    assert plans[1][16] > 2 * plans[0][16]
    assert plans[1][0] < plans[0][0]
    assert None not in values
    assert values[1] < values[0]  # type: ignore[operator]
