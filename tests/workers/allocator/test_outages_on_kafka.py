"""Conversions of an account vanish on a real Kafka: nothing is cut for want of them, by anybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from deploy.broker import Broker
from schemas import (
    Budget,
    Condition,
    ConditionKind,
    Decision,
    HoldReason,
    Kind,
    MetricsEvent,
    Plan,
    Recommendation,
    Scope,
    Shape,
    Strategy,
    Verb,
    decode,
    topics,
)
from schemas.fields import Autonomy, BudgetPeriod
from schemas.record import Record
from schemas.topic import Topic
from tests.workers import kafka_stack
from tests.workers.optimizer.test_adaptive import FREE

BEFORE = 6 * 24
FEW = 20
"""Hours within which what is awaited comes, one after the other."""
START = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=20)
CAMPAIGNS = ("1", "2", "3")
Sent = tuple[Topic, Record, datetime]


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def a_plan(account: str, campaign: str) -> Sent:
    plan = Plan(
        platform="google",
        account_id=account,
        campaign_id=campaign,
        version=1,
        currency="EUR",
        timezone="UTC",
        budget=Budget(amount=Decimal(240), period=BudgetPeriod.DAY),
        strategy=Strategy.ADAPTIVE,
        autonomy=Autonomy.AUTO,
        min_confidence=0.0,
        guardrails=FREE,
        target_cpa=Decimal(4),
    )
    return topics.PLANS, plan, START


def an_hour(account: str, number: int, sold: int, told: float) -> Iterator[Sent]:
    """Yield an hour of 10 euros and 100 clicks of each campaign, as told in hour ``told``."""
    for campaign in CAMPAIGNS:
        event = MetricsEvent(
            platform="google",
            account_id=account,
            campaign_id=campaign,
            window_start=hour(number),
            impressions=1_000,
            clicks=100,
            spend=Decimal(10),
            conversions=Decimal(sold),
            currency="EUR",
            emitted_at=hour(told),
        )
        yield topics.METRICS, event, hour(told)


@dataclass(frozen=True, kw_only=True)
class Stack(kafka_stack.Stack):
    """Workers whose time is that of the reports."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "PACEKEEPER_OPTIMIZER_TICK_SECONDS": "0"}

    def about(self, account: str, number: int) -> list[Recommendation]:
        """Return what is recommended for an hour of an account's campaigns."""
        told = [decode(value, Recommendation) for value in self.values(topics.RECOMMENDATIONS)]
        return [e for e in told if (e.account_id, e.hour) == (account, hour(number))]

    def conditions(self, account: str, kind: ConditionKind) -> list[Condition]:
        told = [decode(value, Condition) for value in self.values(topics.CONDITIONS)]
        return [each for each in told if each.account_id == account and each.kind is kind]

    def decided(self, account: str, number: int) -> list[Recommendation]:
        """Return what is recommended for an hour once it is for all campaigns."""
        self.wait_for(lambda: len(self.about(account, number)) >= len(CAMPAIGNS))
        return self.about(account, number)

    def live(self, account: str, first: int, sold: int, reason: HoldReason | None) -> int:
        """Tell hours one by one until all campaigns are decided for ``reason``; return the next."""
        for number in range(first, first + FEW):
            self.publish(*an_hour(account, number, sold, number + 1.1))
            if {each.hold_reason for each in self.decided(account, number + 1)} == {reason}:
                return number + 1
        raise AssertionError(f"no decision for {reason} within {FEW} hours")


@pytest.fixture
def stack(kafka: Broker, topic_prefix: str, tmp_path: Path) -> Stack:
    return Stack.on(kafka, topic_prefix, tmp_path)


def struck(stack: Stack, account: str) -> tuple[int, int]:
    """Return the first hour lost, and the first after which all of the account is held."""
    # Each is told again when it is a day old, so that it is known that all is told at once.
    past = [
        sent
        for at in range(BEFORE)
        for number in (at - 24, at)
        if number >= 0
        for sent in an_hour(account, number, sold=4, told=at + 1.1)
    ]
    stack.publish(*(a_plan(account, each) for each in CAMPAIGNS))
    stack.wait_until_read("optimizer", topics.PLANS)
    stack.publish(*past)
    stack.wait_until_read("optimizer", topics.METRICS)
    assert stack.conditions(account, ConditionKind.OUTAGE) == []
    return BEFORE, stack.live(account, BEFORE, 0, HoldReason.SUSPECTED_OUTAGE)


@pytest.mark.kafka
def test_an_outage_is_held_left_out_and_lifted_by_what_is_told_after_all_or_by_a_person(
    stack: Stack,
) -> None:
    with ExitStack() as running:
        for name in ("optimizer", "allocator", "executor"):
            running.enter_context(stack.worker(name))
        first, held = struck(stack, "7")
        found = stack.conditions("7", ConditionKind.OUTAGE)
        assert {each.active for each in found} == {True}
        assert {each.since for each in found} == {hour(first)}
        assert Scope.ACCOUNT in {each.scope for each in found}

        # A day ends while it lasts: its hours have been left out of what others learn from it.
        for number in range(held, BEFORE + 25):
            stack.publish(*an_hour("7", number, 0, number + 1.1))
        stack.wait_for(lambda: len(stack.about("7", BEFORE + 25)) == len(CAMPAIGNS))
        # Later on what is in force could spend more than the day has left: that is lowered.
        lost = [e for at in range(held, BEFORE + 19) for e in stack.about("7", at)]
        assert {each.kind for each in lost} == {Kind.HOLD}
        days = [decode(value, Shape) for value in stack.values(topics.SHAPES)]
        day = [each for each in days if each.day == hour(BEFORE).date()]
        assert {each.campaign_id for each in day} == set(CAMPAIGNS)
        assert not any(any(each.observed) for each in day)

        # All of it is told after all.
        now = BEFORE + 26.1
        stack.publish(*(s for at in range(first, BEFORE + 25) for s in an_hour("7", at, 4, now)))
        stack.live("7", BEFORE + 26, 4, None)
        stack.wait_for(
            lambda: not any(e.active for e in _latest(stack.conditions("7", ConditionKind.OUTAGE)))
        )

        # Somebody knows that nothing was sold.
        _, held = struck(stack, "8")
        said = [_rejected(each, hour(held + 1.2)) for each in CAMPAIGNS]
        stack.publish(*said)
        stack.wait_for(
            lambda: len(stack.conditions("8", ConditionKind.REJECTED_OUTAGE)) == len(CAMPAIGNS)
        )
        stack.live("8", held, 0, None)


def _latest(conditions: list[Condition]) -> list[Condition]:
    return list({each.key: each for each in conditions}.values())


def _rejected(campaign: str, at: datetime) -> Sent:
    decision = Decision(
        platform="google",
        account_id="8",
        campaign_id=campaign,
        verb=Verb.REJECT_OUTAGE,
        by="maria@example.com",
        why="Nothing was for sale",
        decided_at=at,
    )
    return topics.DECISIONS, decision, at
