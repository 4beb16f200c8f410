"""What a closed day of a group's member says of conversions to come, and of hours cut off."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from engine.delay import AGES
from schemas import PooledDelay, Portfolio, Prior, PriorLevel, decode, encode, topics
from tests.workers.optimizer.test_adaptive import bids, steered
from tests.workers.optimizer.world import START, World, a_plan, an_event

MEAN = 30.0
"""Hours, of exponential delays."""


def told_share(age: float) -> float:
    """Return the share of an hour's conversions told at an age, by the distribution itself."""
    minutes = np.arange(0.5, 60.0) / 60.0
    ever = 1.0 - np.exp(-(AGES[-1] + minutes) / MEAN)
    return float(((1.0 - np.exp(-(age + minutes) / MEAN)) / ever).mean())


def a_prior() -> Prior:
    """Return what a great many conversions with those delays teach."""
    ends = np.array([told_share(age) for age in AGES]) * 1e7
    through = [
        np.mean([told_share(age) * 1e7 for age in np.linspace(first, last, 200)])
        for first, last in pairwise(AGES)
    ]
    growth = tuple(np.diff(ends).tolist())
    return Prior(
        version=1,
        level=PriorLevel.ALL,
        weights=(1.0,) * 168,
        evidence=0.0,
        concentration=0.0,
        campaigns=20,
        delay=PooledDelay(campaigns=50.0, growth=growth, level=tuple(map(float, through))),
        computed_at=START,
    )


def closed(world: World) -> Portfolio:
    name = world.policy.topic(topics.PORTFOLIO)
    (row,) = (decode(each.value or b"", Portfolio) for each in world.outputs if each.topic == name)
    return row


def a_day(prior: Prior | None = None, **fields: Any) -> Portfolio:  # noqa: ANN401 -- of an event
    """Return the row of a day whose first six hours spend three times as much as the others."""
    world = World()
    world.plan(a_plan(budget_group_id="spring"))
    if prior:
        world.broadcasts[world.policy.topic(topics.PRIORS)] = {b"*": encode(prior)}
    for number in range(25):
        spend = Decimal(12 if number < 6 else 4)
        world.metrics(an_event(number, spend=spend, **fields))
    return closed(world)


def test_the_share_that_is_told_is_that_of_the_days_hours_by_what_they_spent() -> None:
    told_at = 25.0 + 5.0 / 60.0
    ages = told_at - 1.0 - np.arange(24)
    shares = np.array([told_share(age) for age in ages])
    weights = np.where(np.arange(24) < 6, 3.0, 1.0)
    expected = float((weights * shares).sum() / weights.sum())
    assert 0.2 < expected < 0.6
    assert a_day(a_prior()).conversion_maturity == pytest.approx(expected, rel=0.05)


def test_where_nobody_has_taught_delays_all_conversions_are_taken_to_be_there() -> None:
    assert a_day().conversion_maturity == 1.0


def test_hours_whose_counts_are_final_are_told_in_full() -> None:
    assert a_day(a_prior(), is_final=True).conversion_maturity == 1.0


def test_hours_that_spent_all_they_might_are_counted_as_cut_off() -> None:
    world = steered(budget_group_id="spring")
    bids(world, (0.01, "1", "50"), (12.1, "2", "5"))
    world.metrics(*(an_event(n, spend=Decimal(5)) for n in range(25) if n != 20))
    row = closed(world)
    assert (row.observed_hours, row.capped_hours) == (23, 11)


def test_budgets_that_are_what_is_steered_by_cut_nothing_off() -> None:
    assert a_day().capped_hours == 0
