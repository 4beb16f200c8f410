"""Conversions of an account are lost for the demo, and what became of it is told as it was."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from schemas import Condition, ConditionKind, Scope, Strategy
from workers.demo.costs import Costs
from workers.demo.lost_tracking import ACCOUNT, FIRST, HOURS, LostTracking, sentence
from workers.simulator.clearing import Outcome, Policy, clear
from workers.simulator.market import draw
from workers.simulator.population import World, make_world
from workers.simulator.records import plan, start_of

LIVE = 495_000
CAMPAIGNS = 10


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(CAMPAIGNS, seed=2, auctions_per_day=30_000)


@pytest.fixture
def lost(world: World) -> LostTracking:
    return LostTracking(world.campaigns, LIVE, Costs(world.campaigns))


@pytest.fixture(scope="module")
def outcome(world: World) -> Outcome:
    return clear(draw(world.market, LIVE), Policy.throttled(np.ones(CAMPAIGNS)))


def a_condition(campaign: str | None, *, active: bool, account: str = ACCOUNT[1]) -> Condition:
    return Condition(
        kind=ConditionKind.OUTAGE,
        scope=Scope.CAMPAIGN if campaign else Scope.ACCOUNT,
        platform=ACCOUNT[0],
        account_id=account,
        campaign_id=campaign,
        version=1,
        active=active,
        since=start_of(LIVE + FIRST),
        by="allocator",
    )


def test_only_the_accounts_campaigns_lose_conversions(lost: LostTracking, world: World) -> None:
    rows = lost.outage.rows or frozenset()

    assert {world.campaigns[row].key[:2] for row in rows} == {ACCOUNT}
    assert (lost.outage.start, lost.outage.end) == (LIVE + FIRST, LIVE + FIRST + HOURS)


def test_where_the_account_is_not_there_it_is_the_first_ones() -> None:
    campaigns = make_world(3, seed=2).campaigns
    few = LostTracking(campaigns, LIVE, Costs(campaigns))

    assert few.outage.rows == frozenset({0})


def test_targets_are_three_times_what_conversions_cost_and_others_have_none(
    lost: LostTracking, world: World, outcome: Outcome
) -> None:
    for _ in range(3):
        lost.costs.add(outcome)
    for row, campaign in enumerate(world.campaigns):
        target = lost.plan(row, plan(campaign, Strategy.ADAPTIVE)).target_cpa
        if row in (lost.outage.rows or ()):
            cost = int(outcome.spend[row]) / int(outcome.conversions[row, -1]) / 10_000
            assert float(target or 0) == pytest.approx(3 * cost, abs=0.01)
        else:
            assert target is None


def test_it_is_told_when_it_was_suspected_and_when_all_of_it_was_lifted(
    lost: LostTracking,
) -> None:
    said = [
        (FIRST + 3, a_condition("c", active=True, account="another")),
        (FIRST + 6, a_condition("c", active=True)),
        (FIRST + 7, a_condition(None, active=True)),
        (FIRST + HOURS, a_condition("c", active=False)),
        (FIRST + HOURS + 2, a_condition(None, active=False)),
    ]
    for hour, condition in said:
        lost.hour = LIVE + hour
        lost.hear(condition)
    facts = lost.facts(held=20)

    assert facts is not None
    assert (facts["suspected_after_hours"], facts["lifted_after_hours"]) == (7, 3)
    assert "suspected after 7 h, 20 decisions held so that no bid is cut" in sentence(facts)
    assert "lifted 3 h after" in sentence(facts)


def test_what_was_not_noticed_or_not_lifted_is_said_to_be_so(lost: LostTracking) -> None:
    lost.hour = LIVE + FIRST
    unnoticed = lost.facts(held=0)
    lost.hear(a_condition("c", active=True))
    going_on = lost.facts(held=1)

    assert unnoticed is not None
    assert going_on is not None
    assert sentence(unnoticed).endswith("it was not noticed.")
    assert sentence(going_on).endswith("not lifted by the end.")


def test_a_demo_that_does_not_come_to_it_tells_nothing(lost: LostTracking) -> None:
    lost.hour = LIVE + FIRST - 1

    assert lost.facts(held=0) is None


def test_a_target_is_a_whole_number_of_minor_units(lost: LostTracking, outcome: Outcome) -> None:
    lost.costs.add(outcome)
    row = min(lost.outage.rows or ())
    target = lost.plan(row, plan(lost.campaigns[row], Strategy.ADAPTIVE)).target_cpa

    assert target is not None
    assert target == target.quantize(Decimal("0.01"))
