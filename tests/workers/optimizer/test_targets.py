"""Targets of cost per conversion and of revenue per cost: bids stay where they are kept."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas import MetricsEvent
from tests.workers.optimizer.test_adaptive import FREE
from tests.workers.optimizer.world import KEY, World, a_plan, an_event, hour
from workers.optimizer.delays import delays_of
from workers.optimizer.draft import Draft
from workers.optimizer.tables import METRICS, ages_key


def steered(**plan: Any) -> World:  # noqa: ANN401 -- fields of a plan
    world = World()
    world.plan(a_plan(strategy="adaptive", guardrails=FREE, **plan))
    return world


def sold(numbers: range, each: int = 2, **fields: Any) -> list[MetricsEvent]:  # noqa: ANN401 -- fields of a record
    """Return hours of 8 euros, 2 conversions and 40 euros of revenue, told when all are in."""
    return [
        an_event(
            n,
            spend=Decimal(8),
            conversions=Decimal(each),
            revenue=Decimal(20 * each),
            **fields,
        )
        for n in numbers
    ]


def bid(**plan: Any) -> Decimal:  # noqa: ANN401 -- fields of a plan
    """Return the multiplier after four days, in which a conversion cost 4 euros."""
    world = steered(**plan)
    world.metrics(*sold(range(4 * 24)))
    value = world.advice[-1].recommended_value
    assert value is not None
    return value


def test_a_target_that_is_far_off_changes_nothing_and_a_close_one_holds_bids_down() -> None:
    free = bid()
    assert bid(target_cpa=Decimal(400)) == free
    assert bid(target_cpa=Decimal(2)) < Decimal("0.7") * free


@pytest.mark.parametrize("cost", [1, 2, 3])
def test_a_return_that_is_asked_for_binds_as_the_cost_that_comes_to_the_same(cost: int) -> None:
    # 20 euros a conversion: a return of 20 / cost is that cost of a conversion.
    by_cost, by_return = bid(target_cpa=Decimal(cost)), bid(target_roas=20.0 / cost)
    assert float(by_return) == pytest.approx(float(by_cost), rel=1e-4)


def test_the_stricter_the_target_the_lower_the_bids() -> None:
    bids = [bid(target_cpa=Decimal(cost)) for cost in (1, 2, 3, 400)]
    assert bids == sorted(bids)
    assert bids[0] < bids[-1]


def test_who_is_held_by_a_target_is_told_so() -> None:
    world = steered(target_cpa=Decimal(2))
    world.metrics(*sold(range(4 * 24)))
    assert "target_binds" in {reason.code for reason in world.advice[-1].reasons}


def test_a_daily_minimum_goes_before_the_target() -> None:
    low, floor = (
        bid(target_cpa=Decimal(1)),
        bid(target_cpa=Decimal(1), min_daily_budget=Decimal(200)),
    )
    assert floor > low


def test_how_late_conversions_come_is_learned_from_hours_that_are_told_again() -> None:
    world = steered(target_cpa=Decimal(4))
    for number in range(72):
        told = [an_event(number, conversions=Decimal(1), emitted_at=hour(number + 1))]
        if number >= 6:
            # Six hours later there are four times as many.
            again = an_event(number - 6, conversions=Decimal(4), emitted_at=hour(number + 1))
            told.append(again)
        world.metrics(*told)
    delays = delays_of(Draft(world.policy, world, METRICS), [KEY])
    growth = delays.growth[0]
    # 66 hours grew by 3 each between the ages of 0 and 6 hours, and nowhere else.
    assert growth[:5].sum() == pytest.approx(66 * 3, rel=0.1)
    assert growth[5:].sum() == 0.0
    assert len(world.table("metrics")[ages_key(KEY, int(hour(0).timestamp()) // 86_400)]) == 48


def test_campaigns_without_a_target_keep_nothing_of_delays() -> None:
    world = steered()
    for number in range(12):
        late = hour(number + 1) + timedelta(minutes=5)
        world.metrics(an_event(number, emitted_at=late))
    assert not [key for key in world.table("metrics") if b"\0ages" in key or b"\0delay" in key]
