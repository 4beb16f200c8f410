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
from workers.optimizer.late_values import KEPT_DAYS
from workers.optimizer.tables import delay_key, late_key, value_key

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


def lived(*, retold: bool, **plan: Any) -> World:  # noqa: ANN401 -- fields of a plan
    """Return a world in which some hours are told again when they are 60 days old, or are not."""
    world = steered(World(), **plan)
    world.metrics(*(told(n, 0) for n in range(24)))
    for day in range(1, 61):
        world.metrics(an_event(24 * day))
    if retold:
        world.metrics(*(told(n, 24 * 60) for n in range(24)))
    return world


def test_revenue_that_is_told_after_two_months_teaches_how_it_grows_and_changes_no_ledger() -> None:
    before, world = (lived(retold=retold, value_horizon_days=90) for retold in (False, True))

    assert [letter.reason for letter in world.dead_letters] == ["too_old"] * 24
    assert world.counts["events", "too_old"] == 24
    assert "how revenue grows was learned" in world.dead_letters[0].detail
    told_before, told_after = (each.table("metrics") for each in (before, world))
    assert told_before[KEY] == told_after[KEY]
    kept = np.dtype([("hour", "<i4"), ("age", "<u2"), ("revenue", "<f8")])
    rows = np.frombuffer(told_after[late_key(KEY)], kept)
    grown = 3_200.0 * (2.0 - np.exp(-3.0))
    assert rows["age"][:24].tolist() == [24 * 60] * 24
    assert rows["revenue"][:24] == pytest.approx(grown, abs=0.01)
    # All that came in from each hour's end to its sixtieth day; it counts for 1/e after 90 days.
    weights = np.exp(-np.arange(24) / (90.0 * 24.0)).sum()
    sums = np.frombuffer(told_after[value_key(KEY)], "<f8", STEPS, 9)
    assert sums.sum() == pytest.approx(weights * (grown - 3_200.0) * 100.0, rel=1e-5)


def test_late_words_of_campaigns_without_a_horizon_are_put_aside_and_nothing_is_kept_for_them() -> (
    None
):
    world = lived(retold=True)
    assert [letter.reason for letter in world.dead_letters] == ["too_old"] * 24
    assert "learned" not in world.dead_letters[0].detail
    assert late_key(KEY) not in world.table("metrics")


def test_a_late_word_that_comes_twice_or_is_of_an_earlier_age_teaches_once() -> None:
    once, more = (lived(retold=True, value_horizon_days=90) for _ in range(2))
    more.metrics(*(told(n, age) for age in (24 * 60, 24 * 40) for n in range(24)))
    for key in (value_key(KEY), late_key(KEY)):
        assert once.table("metrics")[key] == more.table("metrics")[key]


def test_what_is_kept_of_forgotten_hours_ends_after_some_ninety_days() -> None:
    world = steered(World(), value_horizon_days=90)
    for day in range(150):
        world.metrics(*(told(24 * day + n, 0) for n in (0, 12)))
    kept = len(world.table("metrics")[late_key(KEY)]) // 14
    assert 2 * (KEPT_DAYS - 36 - 1) <= kept <= 2 * (KEPT_DAYS - 36 + 1)


def test_what_is_kept_of_forgotten_hours_goes_with_the_horizon() -> None:
    world = steered(World(), value_horizon_days=90)
    for day in range(42):
        if day == 40:
            assert late_key(KEY) in world.table("metrics")
            world.plan(a_plan(strategy="adaptive", guardrails=FREE, target_roas=700.0, version=9))
        world.metrics(told(24 * day, 0))
    assert late_key(KEY) not in world.table("metrics")
