"""Limits of speed that plans state: what they do to multipliers, caps and hourly budgets."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from schemas import GuardrailCheck, Guardrails
from tests.workers.optimizer.test_adaptive import bids, spent, steered
from tests.workers.optimizer.test_decisions import entry, say
from tests.workers.optimizer.world import World, an_event

WIDE = {"max_change_pct": 1000.0, "max_changes_per_day": 1000}


def rails(**limits: float) -> Guardrails:
    return Guardrails(**WIDE, **limits)  # type: ignore[arg-type]


def checked(world: World, name: str) -> GuardrailCheck | None:
    """Return what the last recommendation says of a guard rail, none where it says nothing."""
    return next((each for each in world.advice[-1].guardrails if each.name == name), None)


def codes(world: World) -> list[str]:
    return [reason.code for reason in world.advice[-1].reasons]


def starved(guardrails: Guardrails, spend: str = "1") -> World:
    """Return a campaign that spends a tenth of its budget at a multiplier of 1."""
    world = steered(guardrails=guardrails)
    bids(world, (0, "1", "50"))
    world.metrics(*(spent(number, spend) for number in range(24)))
    return world


def test_a_multiplier_goes_up_by_its_step_and_says_so() -> None:
    free, slow = starved(rails()), starved(rails(max_multiplier_step=1.25))
    assert free.advice[-1].recommended_value is not None
    assert free.advice[-1].recommended_value > Decimal("1.25")
    assert slow.advice[-1].recommended_value == Decimal("1.25")
    found = checked(slow, "max_multiplier_step")
    assert found is not None
    assert (found.status, found.limit) == ("clamped", Decimal("1.25"))
    assert "multiplier_slowed" in codes(slow)
    assert slow.actions[-1].target == Decimal("1.25")


def test_a_limit_that_is_not_stated_is_not_spoken_of_and_one_that_holds_has_passed() -> None:
    assert checked(starved(rails()), "max_multiplier_step") is None
    found = checked(starved(rails(max_multiplier_step=100.0)), "max_multiplier_step")
    assert found is not None
    assert (found.status, found.limit) == ("passed", None)


@pytest.mark.parametrize(("cut", "step"), [(None, "1.44"), (17, "1.44"), (18, "1.2"), (23, "1.2")])
def test_for_six_hours_after_one_that_was_cut_off_the_way_up_is_the_root_of_the_step(
    cut: int | None, step: str
) -> None:
    world = steered(guardrails=rails(max_multiplier_step=1.44))
    caps = () if cut is None else ((cut, "1", "1"), (cut + 1, "1", "50"))
    bids(world, (0, "1", "50"), *caps)
    world.metrics(*(spent(number, "1") for number in range(24)))
    assert world.advice[-1].recommended_value == Decimal(step)


def test_the_most_that_an_hour_of_bids_may_spend_follows_the_last_hour() -> None:
    # Of 240 a day the mean hour may spend 10: after one that spent 4 the next may have 15.
    world = starved(rails(max_spend_step_pct=50.0), "4")
    advice, found = world.advice[-1], checked(world, "max_spend_step_pct")
    assert advice.hourly_cap == Decimal(15)
    assert found is not None
    assert (found.status, found.limit) == ("clamped", Decimal(15))
    assert "spend_slowed" in codes(world)
    assert world.actions[-1].hourly_cap == Decimal(15)
    fast = starved(rails(max_spend_step_pct=50.0), "16")
    assert fast.advice[-1].hourly_cap == Decimal(24)


def test_an_hourly_budget_may_grow_by_its_step_over_what_the_last_hour_spent() -> None:
    world = World()
    weights = (1.0,) + (100.0,) + (1.0,) * 22
    world.plan(custom_weights=weights, guardrails=rails(max_spend_step_pct=20.0))
    say(world, entry("10", 0.5))
    world.metrics(an_event(0))
    advice, found = world.advice[-1], checked(world, "max_spend_step_pct")
    # 100 of 123 parts would be 191.86: more than a fifth above the mean hour's 10.
    assert advice.recommended_value == Decimal(12)
    assert advice.hourly_cap == Decimal(12)
    assert sum(advice.hour_plan) == Decimal(236)
    assert found is not None
    assert (found.status, found.limit) == ("clamped", Decimal(12))
    assert checked(world, "max_multiplier_step") is None


@pytest.mark.parametrize("strategy", ["even", "adaptive"])
def test_a_budget_that_is_gone_is_withdrawn_at_once(strategy: str) -> None:
    slow = rails(max_multiplier_step=1.01, max_spend_step_pct=1.0)
    world = World()
    world.plan(strategy=strategy, guardrails=slow)
    say(world, entry("10", 0.5))
    world.metrics(an_event(0, spend=Decimal(250)))
    advice = world.advice[-1]
    assert advice.field == "hourly_budget"
    assert advice.recommended_value == 0


def test_a_cut_is_slowed_only_as_long_as_its_hour_stays_within_what_is_left() -> None:
    # 235 of 240 are spent; hours that spend 10 at a multiplier of 1 would take twice what is left.
    slow = steered(guardrails=rails(max_multiplier_step=1.05))
    bids(slow, (0, "1", "50"))
    slow.metrics(*(spent(number, 10) for number in range(23)), spent(23, 10))
    slow.metrics(*(spent(number, 10) for number in range(24, 30)), spent(30, 175))
    advice = slow.advice[-1]
    assert advice.recommended_value is not None
    assert advice.recommended_value < Decimal("0.95")
    assert advice.hourly_cap is not None
    assert advice.hourly_cap <= Decimal(5)
    assert "multiplier_slowed" not in codes(slow)


def test_over_a_day_every_step_is_within_the_limits_and_what_is_spent_within_the_budget() -> None:
    world = steered(guardrails=rails(max_multiplier_step=1.2, max_spend_step_pct=50.0))
    bids(world, (0, "1", "50"))
    multiplier, last, told = Decimal(1), Decimal(2), Decimal(0)
    world.metrics(*(spent(number, 2) for number in range(24)))
    values = [multiplier]
    for number in range(24, 47):
        advice = world.advice[-1]
        assert advice.recommended_value is not None
        assert advice.hourly_cap is not None
        assert advice.hourly_cap <= max(last, Decimal(10)) * Decimal("1.5")
        values.append(advice.recommended_value)
        bids(world, (number, str(advice.recommended_value), str(advice.hourly_cap)))
        last = min(Decimal(2) * advice.recommended_value, advice.hourly_cap).quantize(Decimal(1))
        told += last
        world.metrics(spent(number, str(last)))
    steps = [float(after / before) for before, after in pairwise(values)]
    assert max(steps) <= 1.2
    assert min(steps) >= 1 / 1.2 - 1e-9
    assert max(values) > 2
    assert told <= 240
