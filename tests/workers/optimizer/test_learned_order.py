"""What is known of a campaign depends on its hours, not on how they came to be told."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal

import pytest

from schemas import (
    MetricsEvent,
    Recommendation,
)
from tests.workers.optimizer.test_adaptive import FREE, bids, lived, spent, state_of, steered
from tests.workers.optimizer.world import World, a_plan


@pytest.mark.parametrize("seed", range(3))
def test_what_is_known_depends_on_the_hours_and_not_on_the_order_in_which_they_were_told(
    seed: int,
) -> None:
    hours, last = lived(range(60)), spent(60, 5)
    straight, shuffled = steered(), steered()
    for world in (straight, shuffled):
        bids(world, (20, "0.8", "50"), (30, "0.9", "60"), (47.5, "1.1", "7"))
    straight.metrics(*hours, last)
    chance = random.Random(seed)
    told = hours + chance.sample(hours, 20)
    chance.shuffle(told)
    for at in range(0, len(told), 7):
        shuffled.metrics(*told[at : at + 7])
    shuffled.metrics(last)
    assert state_of(shuffled) == state_of(straight)
    assert decided(shuffled) == decided(straight)


def decided(world: World) -> Sequence[object]:
    """Return what the last decision comes to, but for what names its history."""
    advice: Recommendation = world.advice[-1]
    return [advice.recommended_value, advice.hourly_cap, advice.hour_plan, advice.projected_spend]


@pytest.mark.parametrize(("days", "back"), [(3, 1), (3, 30), (5, 100), (37, 450)])
def test_an_hour_that_is_restated_is_learned_as_if_it_had_been_told_so_at_first(
    days: int, back: int
) -> None:
    newest = days * 24
    corrected = newest - back
    straight, restated = steered(), steered()
    true = [spent(n, 50) if n == corrected else spent(n, 5 + n % 5) for n in range(newest)]
    for first in range(0, newest, 24):
        straight.metrics(*true[first : first + 24])
        restated.metrics(*(spent(n, 5 + n % 5) for n in range(first, first + 24)))
    before = state_of(restated)
    restated.metrics(spent(corrected, 50))
    for world in (straight, restated):
        world.metrics(spent(newest, 5))
    assert state_of(restated) == state_of(straight)
    assert state_of(restated) != before


def test_conversions_that_are_restated_change_nothing_in_what_spend_has_taught() -> None:
    world = steered()
    world.metrics(*lived(range(30)))
    before = state_of(world)
    world.metrics(spent(3, 5 + 3, conversions=Decimal(9)))
    assert state_of(world) == before


def test_what_is_kept_of_a_campaign_is_small_and_does_not_grow_with_its_life() -> None:
    world = steered()
    sizes, counts = [], []
    for first in range(0, 56 * 24, 24):
        world.metrics(*lived(range(first, first + 24)))
        own = [key for key in world.table("metrics") if b"\0anchor " in key]
        sizes.append(len(state_of(world)))
        counts.append(len(own))
    assert max(sizes) <= 2_048
    assert max(counts) <= 5


def test_campaigns_that_are_decided_together_are_decided_as_each_is_alone() -> None:
    alone = []
    for name in ("a", "b"):
        world = World()
        world.plan(a_plan(strategy="adaptive", guardrails=FREE, campaign_id=name))
        world.metrics(*own_hours(name))
        alone.append(world.advice[-1].recommended_value)
    both = World()
    for name in ("a", "b", "even"):
        strategy = "even" if name == "even" else "adaptive"
        both.plan(a_plan(strategy=strategy, guardrails=FREE, campaign_id=name))
    mixed = [
        each for three in zip(*map(own_hours, ("a", "b", "even")), strict=True) for each in three
    ]
    both.metrics(*mixed)
    together = {each.campaign_id: each.recommended_value for each in both.advice}
    assert [together["a"], together["b"]] == alone


def own_hours(name: str) -> list[MetricsEvent]:
    scale = {"a": 1, "b": 3, "even": 2}[name]
    return [spent(n, scale * (5 + n % 6), campaign_id=name) for n in range(26)]
