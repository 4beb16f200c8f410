"""A campaign is left alone where that is the answer, and the reason is said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from schemas import (
    Budget,
    Condition,
    ConditionKind,
    HoldReason,
    Kind,
    Scope,
    encode,
    topics,
)
from schemas.fields import BudgetPeriod, Status
from schemas.plan import Days, Strategy
from tests.workers.optimizer.test_decisions import a_freeze, after
from tests.workers.optimizer.world import NAMES, World, an_event, hour


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({"status": Status.PAUSED}, HoldReason.PAUSED),
        ({"status": Status.ENDED}, HoldReason.ENDED),
        ({"flight_start": date(2026, 3, 3)}, HoldReason.FLIGHT_NOT_STARTED),
        ({"flight_end": date(2026, 3, 1)}, HoldReason.FLIGHT_OVER),
        (
            {"flight_gaps": (Days(first=date(2026, 3, 2), last=date(2026, 3, 2)),)},
            HoldReason.FLIGHT_GAP,
        ),
        ({"currency": "USD"}, HoldReason.CURRENCY_MISMATCH),
        ({"timezone": "Europe/Berlin"}, HoldReason.TIMEZONE_MISMATCH),
        ({"strategy": Strategy.DAYPARTING}, HoldReason.TOO_LITTLE_DATA),
        ({"budget": Budget(amount=Decimal(3), period=BudgetPeriod.DAY)}, HoldReason.BUDGET_GONE),
        ({"min_hourly_budget": Decimal("10.01")}, HoldReason.INFEASIBLE_MINIMUM),
    ],
)
def test_a_campaign_is_held_for_the_reason_that_applies(
    plan: dict[str, Any], reason: HoldReason
) -> None:
    advice = after(an_event(0, account_timezone="UTC"), **plan)
    assert advice.kind is Kind.HOLD
    assert advice.hold_reason is reason
    assert advice.reasons[0].text
    assert not advice.auto_execute


def test_zones_with_other_names_and_the_same_clock_are_no_mismatch() -> None:
    advice = after(an_event(0, account_timezone="Etc/UTC"), timezone="UTC")
    assert advice.kind is Kind.PACING


def test_a_campaign_without_a_plan_is_held() -> None:
    world = World()
    world.metrics(an_event(0))
    assert world.advice[-1].hold_reason is HoldReason.NO_PLAN
    world.plan()
    world.metrics(an_event(1))
    assert world.advice[-1].kind is Kind.PACING
    world.feed("plans", [world.stored(topics.PLANS, None, hour(2))])
    world.metrics(an_event(2))
    assert world.advice[-1].hold_reason is HoldReason.NO_PLAN


def test_another_currency_is_held_and_never_added() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0), an_event(1, currency="USD"), an_event(2))
    kinds = [(advice.kind, advice.hold_reason) for advice in world.advice]
    assert kinds[1] == (Kind.HOLD, HoldReason.CURRENCY_MISMATCH)
    assert kinds[2] == (Kind.PACING, None)
    assert world.advice[2].spend_to_date == 8
    assert [letter.reason for letter in world.dead_letters] == ["currency_mismatch"]


def test_data_that_are_too_old_are_held() -> None:
    advice = after(an_event(0, emitted_at=hour(7.5)))
    assert advice.hold_reason is HoldReason.STALE_DATA


def test_a_silence_is_held_once_and_ends_with_the_next_event() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0))
    for minutes in (360, 425, 430, 600):
        world.tick(hour(minutes / 60))
    assert [advice.hold_reason for advice in world.advice[1:]] == [HoldReason.STALE_DATA]
    assert world.advice[1].hour == hour(7)
    world.metrics(*(an_event(number) for number in range(1, 8)))
    assert world.advice[-1].kind is Kind.PACING
    for minutes in (900, 1_000):
        world.tick(hour(minutes / 60))
    assert [advice.hour for advice in world.advice if advice.hold_reason] == [hour(7), hour(15)]


def test_the_first_decision_after_a_silence_supersedes_its_hold() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0))
    world.tick(hour(8))
    world.metrics(an_event(8))
    hold, back = world.advice[1:]
    assert hold.supersedes == world.advice[0].recommendation_id
    assert back.supersedes == hold.recommendation_id


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        (a_freeze(), HoldReason.FROZEN),
        (a_freeze(scope=Scope.PLATFORM, platform="google"), HoldReason.FROZEN),
        (a_freeze(scope=Scope.CAMPAIGN, **NAMES), HoldReason.FROZEN),
        (a_freeze(kind=ConditionKind.OUTAGE), HoldReason.SUSPECTED_OUTAGE),
        (a_freeze(active=False), None),
        (a_freeze(until=hour(1)), None),
        (a_freeze(since=hour(2)), None),
        (a_freeze(scope=Scope.PLATFORM, platform="meta"), None),
    ],
)
def test_conditions_hold_where_and_while_they_apply(
    condition: Condition, reason: HoldReason | None
) -> None:
    world = World()
    world.plan()
    name = world.policy.topic(topics.CONDITIONS)
    world.broadcasts[name] = {condition.key: encode(condition)}
    world.metrics(an_event(0))
    assert world.advice[-1].hold_reason is reason


def test_a_prior_that_cannot_be_read_teaches_nothing_and_stops_nothing() -> None:
    world, without = World(), World()
    world.broadcasts[world.policy.topic(topics.PRIORS)] = {b"*": b"?", b"google": b"{}"}
    for each in (world, without):
        each.plan(strategy="dayparting", dayparting=((1.0,) * 24,) * 7)
        each.metrics(an_event(0))
    assert world.advice == without.advice
    assert world.counts["ignored", "pacekeeper.priors.v1", "unreadable"] == 2


def test_a_freeze_that_cannot_be_read_holds() -> None:
    world = World()
    world.plan()
    world.broadcasts[world.policy.topic(topics.CONDITIONS)] = {b"*#freeze": b"?"}
    world.metrics(an_event(0))
    assert world.advice[-1].hold_reason is HoldReason.FROZEN
    assert world.counts["ignored", "pacekeeper.conditions.v1", "unreadable"] == 1
