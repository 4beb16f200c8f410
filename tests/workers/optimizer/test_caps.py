"""The most that an hour may spend, where hours are not reported or a decision did not come."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from schemas import (
    Bid,
    Guardrails,
)
from tests.workers.optimizer.test_adaptive import bids, lived, spent, steered
from tests.workers.optimizer.test_decisions import entry, say
from tests.workers.optimizer.world import hour


def test_hours_that_nobody_has_reported_can_spend_their_caps_and_the_budget_still_holds() -> None:
    for late in range(5):
        world = steered()
        world.metrics(*lived(range(30)))
        bids(world, (30.05, "1.2", "40"))
        told = hour(31 + late) + timedelta(minutes=5)
        world.metrics(spent(30, 20, emitted_at=told))
        cap = world.advice[-1].hourly_cap
        today = sum(each.spend for each in lived(range(24, 30))) + 20
        assert cap is not None
        assert today + 40 * late + cap <= 240


def test_a_budget_in_force_that_is_more_than_is_left_is_lowered_though_bids_may_not_change() -> (
    None
):
    world = steered(guardrails=Guardrails(max_changes_per_day=0))
    world.metrics(*lived(range(24)))
    bids(world, (24.01, "1.2", "300"))
    world.metrics(spent(24, 200))
    advice, action = world.advice[-1], world.actions[-1]
    assert (advice.field, advice.recommended_value) == ("hourly_budget", Decimal(40))
    assert (action.field, action.expected) == ("hourly_budget", Decimal(300))
    assert action.hourly_cap is None


def test_a_multiplier_that_stays_still_brings_the_cap_of_its_hour() -> None:
    bid = Bid(base=Decimal("0.5"), min=Decimal("0.45"), max=Decimal("0.55"))
    world = steered(bid=bid)
    world.metrics(*(spent(number, "0.02") for number in range(24)))
    bids(world, (24.01, "1.1", "230"))
    world.metrics(spent(24, 200))
    action = world.actions[-1]
    assert (action.target, action.expected) == (Decimal("1.1"), Decimal("1.1"))
    assert action.hourly_cap is not None
    assert action.hourly_cap <= 40
    # What is in force already is not set once more.
    bids(world, (25.01, "1.1", str(action.hourly_cap)))
    count = len(world.actions)
    world.metrics(spent(25, 0))
    assert (world.advice[-1].hourly_cap, len(world.actions)) == (action.hourly_cap, count)


@pytest.mark.parametrize("strategy", ["adaptive", "even"])
def test_an_hour_that_is_not_reported_may_have_spent_a_higher_budget_than_the_one_in_force(
    strategy: str,
) -> None:
    world = steered(strategy=strategy)
    world.metrics(*lived(range(30)))
    today = sum(each.spend for each in lived(range(24, 30)))
    say(world, entry("90", 30.05), entry("5", 33.05))
    world.metrics(spent(30, 6, emitted_at=hour(34) + timedelta(minutes=5)))
    # Hours 31 to 33 are not known: any of them may have spent 90 before it was lowered to 5.
    advice = world.advice[-1]
    assert advice.hourly_cap == max(Decimal(0), 240 - today - 6 - 3 * 90)


@pytest.mark.parametrize("clock", [10, 20, 21, 22])
@pytest.mark.parametrize("missed", [False, True])
def test_where_a_decision_did_not_come_the_next_cap_can_be_spent_once_more(
    clock: int,
    missed: bool,  # noqa: FBT001 -- what the law is about
) -> None:
    world = steered()
    # Of 240 nothing is spent yet but 1 an hour: much is left, and the hours that are left are few.
    told = [spent(number, 1) for number in range(24 + clock + 1)]
    # An hour that is not told is not decided after.
    world.metrics(*(told[:-2] + told[-1:] if missed else told))
    left = 240 - clock - (0 if missed else 1)
    cap, hours = world.advice[-1].hourly_cap, 23 - clock
    assert cap is not None
    assert cap * min(hours, 2 if missed else 1) <= left
    assert hours > 2 or missed or cap == left


def test_a_cap_that_is_replaced_as_its_next_hour_begins_is_not_taken_to_be_spent_in_it() -> None:
    caps = []
    for before in ("190", "41"):
        world = steered()
        world.metrics(*lived(range(29)))
        # 190 holds for the hour from 29 to 30, and for the three minutes until 40 is set.
        bids(world, (29.05, "1.1", before), (30.05, "1.2", "40"))
        world.metrics(spent(29, 9, emitted_at=hour(31) + timedelta(minutes=5)))
        caps.append(world.advice[-1].hourly_cap)
    assert caps[0] == caps[1]
