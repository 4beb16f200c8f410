"""Revenue that is judged at a horizon: clicks whose customers buy again may cost more."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engine.value_told import STEPS
from schemas import MetricsEvent
from tests.workers.explain.histories import Kept
from tests.workers.explain.test_replay import replayed
from tests.workers.optimizer.test_adaptive import FREE
from tests.workers.optimizer.world import KEY, World, a_plan, an_event, hour
from workers.optimizer.tables import delay_key, value_key

DAYS = 10


def steered(world: World, **plan: Any) -> World:  # noqa: ANN401 -- fields of a plan
    world.plan(a_plan(strategy="adaptive", guardrails=FREE, target_roas=700.0, **plan))
    return world


def told(number: int, age: int, again: float = 1.0) -> MetricsEvent:
    """Return an hour of 8 euros, whose 3,200 euros of revenue double by and by, told at an age."""
    grown = 1.0 + again * (1.0 - np.exp(-age / 24.0 / 20.0))
    return an_event(
        number,
        spend=Decimal(8),
        conversions=Decimal(200),
        revenue=Decimal(str(round(3_200.0 * grown, 2))),
        emitted_at=hour(number + 1 + age),
    )


def live(world: World, again: float = 1.0, *, days: int = DAYS) -> World:
    """Tell each hour at once, and every seventh one again each day."""
    for day in range(days):
        today = range(24 * day, 24 * (day + 1))
        retold = [told(n, today[0] - n - 1, again) for n in range(0, 24 * day, 7)]
        world.metrics(*retold, *(told(number, 0, again) for number in today))
    return world


def bid(world: World) -> float:
    value = world.advice[-1].recommended_value
    assert value is not None
    return float(value)


def test_the_further_the_horizon_the_more_clicks_may_cost() -> None:
    """At once an hour returns 400 and in the end 800; the target is 700."""
    near, month, year = (
        bid(live(steered(World(), value_horizon_days=days))) for days in (1, 28, 365)
    )

    assert near < month < year


def test_revenue_that_does_not_grow_is_judged_alike_at_any_horizon() -> None:
    plain, far = steered(World()), steered(World(), value_horizon_days=365)

    # Revenue counts for fewer orders than there are conversions: it varies.
    assert bid(live(plain, 0.0, days=6)) == pytest.approx(bid(live(far, 0.0, days=6)), rel=0.01)


def test_what_is_kept_is_small_and_nothing_without_a_horizon() -> None:
    table = live(steered(World(), value_horizon_days=90), days=3).table("metrics")
    assert len(table[value_key(KEY)]) == 1 + 8 + 16 * STEPS
    assert len(table[value_key(KEY)]) + len(table[delay_key(KEY)]) <= 2_000

    other = live(steered(World()), days=3).table("metrics")
    assert value_key(KEY) not in other


def test_how_reports_are_cut_into_steps_leaves_the_same_bytes() -> None:
    one, many = (steered(World(), value_horizon_days=90) for _ in range(2))
    events = [told(n, age) for age in (0, 30, 60) for n in range(20)]
    one.metrics(*events)
    for event in events:
        many.metrics(event)

    assert one.table("metrics")[value_key(KEY)] == many.table("metrics")[value_key(KEY)]


def test_every_decision_is_made_again_from_the_log_byte_for_byte() -> None:
    world = Kept()
    steered(world, value_horizon_days=180)
    live(world, days=4)
    history = world.history()
    last = len(history.published) - 1
    found = replayed(history, last)

    assert last > 80
    assert found.recomputed == history.published[last].value
    assert (list(found.differing), list(found.missing)) == ([], [])
