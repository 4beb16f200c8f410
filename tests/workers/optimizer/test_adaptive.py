"""Campaigns whose bids are set: what is learned of their hours, and what is decided next."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engine.calendar import DAY, HOUR
from engine.day_shapes import no_days, pooled
from engine.pacer import Pacing, start
from schemas import (
    Bid,
    Budget,
    Guardrails,
    Kind,
    MetricsEvent,
    Shape,
    decode,
    encode,
    topics,
)
from schemas.fields import BudgetPeriod
from tests.workers.optimizer.test_decisions import entry, say
from tests.workers.optimizer.world import KEY, START, World, a_plan, an_event, hour
from workers.optimizer import pacing_rows
from workers.optimizer.tables import pacing_key

FREE = Guardrails(max_change_pct=1000.0, max_changes_per_day=1000)


def steered(**plan: Any) -> World:  # noqa: ANN401 -- fields of a plan
    """Return a world whose campaign has its bids set, and may be changed freely."""
    world = World()
    world.plan(a_plan(**({"strategy": "adaptive", "guardrails": FREE} | plan)))
    return world


def spent(number: int, spend: float | str = 4, **fields: Any) -> MetricsEvent:  # noqa: ANN401 -- fields of a record
    return an_event(number, spend=Decimal(spend), **fields)


def lived(numbers: range) -> list[MetricsEvent]:
    """Return hours that spend by the clock, each something else."""
    return [spent(number, 5 + number % 24 % 7) for number in numbers]


def state_of(world: World) -> bytes:
    return world.table("metrics")[pacing_key(KEY)]


def bids(world: World, *settings: tuple[float, str, str]) -> None:
    """Let multipliers and caps be in force from some hours on."""
    for at, multiplier, cap in settings:
        said = entry(multiplier, at, field="bid_multiplier", hourly_cap=Decimal(cap))
        say(world, said)


def test_a_campaign_gets_a_multiplier_the_most_its_hour_may_spend_and_a_plan_of_its_day() -> None:
    world = steered()
    world.metrics(*lived(range(30)))
    advice, action = world.advice[-1], world.actions[-1]
    assert (advice.kind, advice.field, advice.unit) == (
        Kind.PACING,
        "bid_multiplier",
        "multiplier",
    )
    today = sum(spent(number, 5 + number % 24 % 7).spend for number in range(24, 30))
    assert sum(advice.hour_plan) == Decimal(240) - today
    assert advice.hourly_cap is not None
    assert 0 < advice.hourly_cap <= Decimal(240) - today
    assert (action.target, action.hourly_cap) == (advice.recommended_value, advice.hourly_cap)
    assert action.expected is None


def test_the_multiplier_is_what_is_expected_to_spend_the_day() -> None:
    # Every hour spends 6 at a multiplier of 1 and answers by the elasticity that is assumed first,
    # about: to spend 10 an hour needs more than 1, to spend 3 an hour less.
    for budget, more in ((240, True), (72, False)):
        world = steered(budget=Budget(amount=Decimal(budget), period=BudgetPeriod.DAY))
        world.metrics(*(spent(number, 6) for number in range(24)))
        value = world.advice[-1].recommended_value
        assert value is not None
        assert (value > 1) is more


def test_an_entry_from_a_clock_that_runs_ahead_counts_from_when_it_was_told() -> None:
    worlds = []
    for ahead in (0, 24 * 365 * 40):
        world = steered()
        early = entry("1.3", 2 + ahead, field="bid_multiplier", hourly_cap=Decimal(50))
        world.feed("audit", [world.stored(topics.AUDIT, encode(early), hour(2), key=KEY)])
        bids(world, (5.01, "1.5", "40"))
        world.metrics(*lived(range(30)))
        worlds.append(world)
    assert worlds[0].table("audit") == worlds[1].table("audit")
    assert state_of(worlds[0]) == state_of(worlds[1])


@pytest.mark.parametrize(("budget", "multiplier"), [("0.24", "0.90"), ("100000", "1.10")])
def test_bids_stay_within_what_the_plan_allows(budget: str, multiplier: str) -> None:
    bid = Bid(base=Decimal("0.5"), min=Decimal("0.45"), max=Decimal("0.55"))
    amount = Budget(amount=Decimal(budget), period=BudgetPeriod.DAY)
    world = steered(bid=bid, budget=amount)
    world.metrics(*(spent(number, "0.02") for number in range(24)))
    assert world.advice[-1].recommended_value == Decimal(multiplier)


def test_silence_teaches_nothing_and_a_tick_does_not_touch_what_is_known() -> None:
    world = steered()
    world.metrics(*lived(range(30)))
    before = dict(world.table("metrics"))
    world.tick(START + timedelta(hours=45))
    assert world.advice[-1].kind is Kind.HOLD
    assert dict(world.table("metrics")) == before


def test_what_was_in_force_in_an_hour_is_what_the_hour_is_learned_with() -> None:
    memories = []
    for multiplier in ("1", "2"):
        world = steered()
        bids(world, (24.01, multiplier, "1000"))
        world.metrics(*lived(range(48)))
        memory = pacing_rows.unpack([state_of(world)], fresh=blank())
        memories.append(memory)
        assert memory.steered.all()
    low, high = memories
    # The same spend at twice the multiplier is that of a market half as willing.
    assert high.pacing.response.anchor[0] == pytest.approx(np.log(2.0))
    assert low.pacing.response.anchor[0] == 0.0
    assert (low.until == high.until).all()
    assert low.until.tolist() == [START.timestamp() + 48 * HOUR]


def blank() -> Pacing:
    shapes = pooled(no_days()).of(np.zeros(1, dtype=np.int64))
    return start(shapes, np.ones(1), np.zeros(1))


def test_settings_are_kept_as_long_as_hours_are() -> None:
    world = steered()
    for day in range(80):
        bids(world, (24 * day + 1, "1.1", "50"), (24 * day + 2, "1.2", "60"))
    days = [key for key in world.table("audit") if b"\0settings " in key]
    assert len(days) == world.policy.restatement_days + 1
    assert DAY * len(days) > 35 * DAY


def test_a_closed_day_tells_what_was_in_force_and_which_hours_were_cut_off() -> None:
    world = steered()
    bids(world, (0.01, "1", "50"), (12.1, "2", "5"))
    world.metrics(*(spent(number, 5) for number in range(25)))
    (shape,) = shapes_of(world)
    assert shape.log_multiplier == (0.0,) * 12 + (0.6931,) * 12
    assert shape.capped == (False,) * 12 + (True,) * 12
    assert shape.allowed_minor == (5_000,) * 12 + (500,) * 12


def test_hours_that_were_given_a_budget_and_no_bids_tell_nothing_of_the_market() -> None:
    world = steered(strategy="even")
    world.metrics(*(spent(number, 5) for number in range(25)))
    say(world, entry("9", 26))
    world.metrics(*(spent(number, 5) for number in range(25, 49)))
    free, shaped = shapes_of(world)
    assert (free.log_multiplier, free.capped) == (None, None)
    assert (shaped.log_multiplier, shaped.capped) == (None, (True,) * 24)
    assert (free.allowed_minor, shaped.allowed_minor) == (None, None)


def shapes_of(world: World) -> list[Shape]:
    name = world.policy.topic(topics.SHAPES)
    return [decode(each.value or b"", Shape) for each in world.outputs if each.topic == name]


def test_taking_bids_over_does_not_make_a_known_campaign_wait_for_confidence() -> None:
    world = steered(min_confidence=0.5)
    world.metrics(*lived(range(48)))
    first = world.actions[-1]
    said = entry(str(first.target), 48.1, field="bid_multiplier", hourly_cap=first.hourly_cap)
    say(world, said)
    world.metrics(spent(48, 9))
    statuses = {check.name: check.status for check in world.advice[-1].guardrails}
    assert statuses["min_confidence"] == "passed"
    assert len(world.actions) >= 2
    assert world.actions[-1].hour == hour(49)
    fresh = steered(min_confidence=0.5)
    fresh.metrics(*lived(range(5)))
    assert not fresh.actions


@pytest.mark.parametrize("budget", ["60", "9000"])
@pytest.mark.parametrize("percent", [5.0, 20.0, 1000.0])
def test_a_multiplier_moves_by_what_the_plan_allows_and_never_more_than_threefold(
    budget: str, percent: float
) -> None:
    amount = Budget(amount=Decimal(budget), period=BudgetPeriod.DAY)
    rails = Guardrails(max_change_pct=percent, max_changes_per_day=1000)
    world = steered(budget=amount, guardrails=rails)
    bids(world, (0.01, "1", "500"))
    world.metrics(*(spent(number, 6) for number in range(30)))
    most = min(1.0 + percent / 100.0, 3.0)
    value = world.advice[-1].recommended_value
    assert value is not None
    assert max(1.0 - percent / 100.0, 1.0 / 3.0) - 1e-4 <= float(value) <= most + 1e-4
    assert value != 1
