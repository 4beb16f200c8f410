"""The executor's plans are the optimizer's: what one puts aside, the other does not follow."""

from __future__ import annotations

import pytest

from schemas import topics
from schemas.fields import Autonomy
from schemas.plan import Plan
from tests.workers.executor.world import KEY, World, a_plan
from workers.executor.plan_rules import PlanRule
from workers.executor.tables import rule_of
from workers.partitioner import partition_of


def rule_after(
    world: World, *plans: Plan | bytes | None, key: bytes | None = KEY
) -> PlanRule | None:
    """Return what the campaign's plan allows after these records of the topic of plans."""
    for plan in plans:
        world.publish(topics.PLANS, plan, 0, key=key)
    world.settle()
    return rule_of(world, KEY)


def allows(rule: PlanRule | None) -> tuple[int, Autonomy] | None:
    return (rule.version, rule.autonomy) if rule else None


ASKS = a_plan(Autonomy.PROPOSE, version=2)
"""The plan that holds before each of these."""


@pytest.mark.parametrize(
    "later",
    [
        a_plan(Autonomy.AUTO, version=1),
        a_plan(Autonomy.AUTO, version=2),
        b"",
        b"{}",
    ],
    ids=["older", "the same version of another plan", "empty", "unreadable"],
)
def test_a_plan_that_cannot_be_kept_leaves_the_one_before(later: Plan | bytes) -> None:
    world = World()
    assert allows(rule_after(world, ASKS, later)) == (2, Autonomy.PROPOSE)
    assert not world.dead_letters


def test_a_plan_under_the_key_of_another_campaign_is_not_followed() -> None:
    world = World(planned=False)
    assert rule_after(world, a_plan(Autonomy.AUTO), key=b"google:7:43") is None


def test_a_deleted_plan_allows_nothing_any_more_and_may_begin_anew() -> None:
    world = World()
    assert rule_after(world, ASKS, None) is None
    assert allows(rule_after(world, a_plan(Autonomy.AUTO))) == (1, Autonomy.AUTO)


def test_a_plan_in_another_partition_than_its_key_s_is_the_optimizer_s_to_send_on() -> None:
    home = partition_of(KEY, 8)
    elsewhere = World(partitions=8, partition=(home + 1) % 8, planned=False)
    assert rule_after(elsewhere, ASKS) is None
    assert elsewhere.counts == {("ignored", "pacekeeper.plans.v1", "other_partition"): 1}
    assert not elsewhere.elsewhere
    at_home = World(partitions=8, partition=home, planned=False)
    assert rule_after(at_home, ASKS, key=None) is not None
