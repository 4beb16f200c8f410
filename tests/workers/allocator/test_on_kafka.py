"""A group on a real Kafka: closed days in, budgets set once, and paced by."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from schemas import (
    Action,
    Budget,
    Kind,
    MetricsEvent,
    Plan,
    Portfolio,
    Strategy,
    Tick,
    decode,
    topics,
)
from schemas.fields import Autonomy, BudgetPeriod
from schemas.levers import DAILY_BUDGET
from schemas.record import Record
from schemas.topic import Topic
from tests.faults.topics import PARTITIONS, read
from tests.workers.allocator.currencies import in_money
from tests.workers.allocator.groups import LEVELS, a_group, a_row, history
from tests.workers.kafka_stack import Stack
from workers.partitioner import partition_of

DAYS = 20
MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
CLOSED = MIDNIGHT + timedelta(minutes=10)
"""When the last day was closed: the budgets are for the day that is running."""


FLAT = dict.fromkeys(LEVELS, "spring")
TREE = {"a": "spring", "b": "spring search", "c": "spring meta"}
"""Which group each member is in; those of the tree lie in partitions of their own."""


def plans(where: Mapping[str, str]) -> list[tuple[Topic, Record, datetime]]:
    return [
        (
            topics.PLANS,
            Plan(
                platform="google",
                account_id="7",
                campaign_id=name,
                version=3,
                currency="EUR",
                timezone="UTC",
                budget=Budget(amount=Decimal(100), period=BudgetPeriod.DAY),
                strategy=Strategy.EVEN,
                budget_group_id=where[name],
                autonomy=Autonomy.AUTO,
            ),
            MIDNIGHT,
        )
        for name in LEVELS
    ]


def rows(where: Mapping[str, str]) -> list[tuple[Topic, Record, datetime]]:
    """Return closed days up to yesterday."""
    moved: list[tuple[Topic, Record, datetime]] = []
    for row in history(DAYS):
        ago = DAYS - (row.last_day - history(1)[0].last_day).days
        day = (MIDNIGHT - timedelta(days=ago)).date()
        closed = CLOSED - timedelta(days=ago - 1)
        named: Portfolio = replace(row, budget_group_id=where[row.campaign_id])
        told = replace(named, first_day=day, last_day=day, closed_at=closed)
        moved.append((topics.PORTFOLIO, told, closed))
    return moved


def an_hour(name: str) -> tuple[Topic, Record, datetime]:
    told = MIDNIGHT + timedelta(minutes=65)
    event = MetricsEvent(
        platform="google",
        account_id="7",
        campaign_id=name,
        window_start=MIDNIGHT,
        impressions=1_000,
        clicks=50,
        spend=Decimal(4),
        conversions=Decimal(2),
        currency="EUR",
        emitted_at=told,
    )
    return topics.METRICS, event, told


def define(stack: Stack, where: Mapping[str, str]) -> None:
    """Publish groups, the whole last, each when what was handed up before it has been read."""
    wide, auto = Budget(amount=Decimal(10_000), period=BudgetPeriod.DAY), {"autonomy": "auto"}
    for name in sorted(set(where.values()), reverse=True):
        group = a_group(**auto)
        if name != group.budget_group_id:
            above = group.budget_group_id
            group = a_group(budget_group_id=name, parent_group_id=above, budget=wide, **auto)
        stack.publish((topics.GROUPS, group, MIDNIGHT))
        for topic in (topics.GROUPS, topics.PORTFOLIO):
            stack.wait_until_read("allocator", topic)


@pytest.mark.kafka
@pytest.mark.parametrize("where", [FLAT, TREE], ids=["flat", "tree"])
def test_budgets_of_a_group_are_set_once_through_a_kill_and_paced_by(
    stack: Stack, where: Mapping[str, str]
) -> None:
    told = rows(where)
    stack.publish(*plans(where), *told[:-1])
    with ExitStack() as running:
        for name in ("optimizer", "executor"):
            running.enter_context(stack.worker(name))
        with stack.worker("allocator") as allocator:
            # Were the group known before its days, it would have had each of them allocated.
            stack.wait_until_read("allocator", topics.PORTFOLIO)
            define(stack, where)
            stack.publish(told[-1])
            stack.wait_for(lambda: len(stack.advice(DAILY_BUDGET)) >= len(LEVELS))
            allocator.send_signal(signal.SIGKILL)
        with stack.worker("allocator"):
            stack.publish(*told)
            budgets = [each for each in stack.advice(DAILY_BUDGET) if each.kind is Kind.BUDGET]
            changed = {each.campaign_id: each.recommended_value for each in budgets}
            stack.wait_for(lambda: stack.applied() == changed)
            stack.wait_until_read("optimizer", topics.AUDIT)
            stack.publish(*(an_hour(name) for name in changed))
            stack.wait_for(lambda: len(stack.advice("hourly_budget")) >= len(changed))
            stack.wait_until_read("allocator", topics.PORTFOLIO)
    words = stack.command("explain", stack.advice(DAILY_BUDGET)[0].recommendation_id, "--json")
    again = subprocess.run(words, env=stack.environment, capture_output=True, check=False)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["verdict"] == "identical"
    by_hour = stack.advice("hourly_budget")
    assert len(changed) >= 2
    assert {each.campaign_id: each.period_budget for each in by_hour} == changed
    every = [each.campaign_id for each in stack.advice(DAILY_BUDGET)]
    assert sorted(every) == sorted(LEVELS)


def publish_rates(stack: Stack, folder: Path, *, quote: str, hours: float) -> None:
    """Publish what a euro is worth in dollars, as a person does."""
    as_of = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    told = {"base": "EUR", "quote": "USD", "rate": quote, "as_of": as_of}
    (folder / "rates.json").write_text(json.dumps([told]))
    words = stack.command("rates", "apply", str(folder / "rates.json"))
    done = subprocess.run(words, env=stack.environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def in_dollars(records: Sequence[tuple[Topic, Any, datetime]]) -> list[tuple[Topic, Any, datetime]]:
    """Return records with those of one campaign in dollars, two for a euro."""
    made = []
    for topic, record, at in records:
        if record.campaign_id != "b":
            made.append((topic, record, at))
        elif topic is topics.PLANS:
            budget = Budget(amount=Decimal(200), period=BudgetPeriod.DAY)
            made.append((topic, replace(record, currency="USD", budget=budget), at))
        else:
            (row,) = in_money([record], {"b": ("USD", 2)})
            made.append((topic, row, at))
    return made


@pytest.mark.kafka
def test_a_group_in_two_currencies_is_set_in_each_ones_own_through_a_kill(
    stack: Stack, tmp_path: Path
) -> None:
    told = in_dollars(rows(FLAT))
    stack.publish(*in_dollars(plans(FLAT)), *told[:-1])
    with stack.worker("optimizer"), stack.worker("executor"):
        with stack.worker("allocator") as allocator:
            publish_rates(stack, tmp_path, quote="2", hours=5)
            stack.wait_until_read("allocator", topics.FX_RATES)
            allocator.send_signal(signal.SIGKILL)
        publish_rates(stack, tmp_path, quote="200", hours=4)
        with stack.worker("allocator"):
            stack.wait_until_read("allocator", topics.PORTFOLIO)
            stack.wait_until_read("allocator", topics.FX_RATES)
            define(stack, FLAT)
            stack.publish(told[-1])
            stack.wait_for(lambda: len(stack.advice(DAILY_BUDGET)) >= len(LEVELS))
            advice = stack.advice(DAILY_BUDGET)
            budgets = [each for each in advice if each.kind is Kind.BUDGET]
            changed = {each.campaign_id: each.recommended_value for each in budgets}
            stack.wait_for(lambda: stack.applied() == changed)
    assert {each.campaign_id: each.currency for each in advice} == {
        "a": "EUR",
        "b": "USD",
        "c": "EUR",
    }
    euros = sum(
        (each.recommended_value or each.current_value or Decimal(0))
        / (2 if each.currency == "USD" else 1)
        for each in advice
    )
    assert Decimal("299.98") <= euros <= 300
    letters = asyncio.run(
        read(stack.bootstrap, topics.FX_RATES.dlq(stack.prefix), count=PARTITIONS)
    )
    refused = [dict(record.headers) for records in letters.values() for record in records]
    assert [each["pacekeeper-dead-letter-reason"] for each in refused] == [b"rate_jump"]
    words = stack.command("explain", advice[0].recommendation_id, "--json")
    again = subprocess.run(words, env=stack.environment, capture_output=True, check=False)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["verdict"] == "identical"


MANY = 2_100
"""More members than are told in the step that settles their day."""


def many_rows() -> list[tuple[Topic, Record, datetime]]:
    """Return eight closed days, the last of them yesterday, of many members."""
    made: list[tuple[Topic, Record, datetime]] = []
    for ago in range(8, 0, -1):
        day = (MIDNIGHT - timedelta(days=ago)).date()
        closed = CLOSED - timedelta(days=ago - 1)
        for i in range(MANY):
            row = a_row(
                f"m{i:04d}",
                0,
                first_day=day,
                last_day=day,
                spend=Decimal(90 + (7 * i + ago) % 10),
                conversions=float(5 + i % 50),
                closed_at=closed,
            )
            made.append((topics.PORTFOLIO, row, closed))
    return made


@pytest.mark.kafka
def test_members_of_a_large_group_are_told_once_through_a_kill(stack: Stack) -> None:
    total = Budget(amount=Decimal(100 * MANY), period=BudgetPeriod.DAY)
    group = a_group(budget=total, autonomy=Autonomy.AUTO)
    home = partition_of(group.key, PARTITIONS)
    tick = Tick(partition=home, time=CLOSED + timedelta(minutes=1))
    stack.publish_all(many_rows())
    with stack.worker("allocator") as allocator:
        stack.wait_until_read("allocator", topics.PORTFOLIO)
        stack.publish((topics.GROUPS, group, MIDNIGHT))
        stack.wait_until_read("allocator", topics.GROUPS)
        stack.publish_all([(topics.TICKS, tick, tick.time)], partition=home)
        stack.wait_for(lambda: bool(stack.values(topics.ALLOCATIONS)))
        allocator.send_signal(signal.SIGKILL)
    with stack.worker("allocator"):
        stack.wait_for(lambda: len(stack.advice(DAILY_BUDGET)) >= MANY)
        stack.wait_until_read("allocator", topics.ALLOCATIONS)
    advice = stack.advice(DAILY_BUDGET)
    assert sorted(each.campaign_id for each in advice) == [f"m{i:04d}" for i in range(MANY)]
    budgets = [each.recommended_value or each.current_value or Decimal(0) for each in advice]
    assert sum(budgets) == total.amount
    changed = [each.recommendation_id for each in advice if each.kind is Kind.BUDGET]
    actions = [decode(value, Action) for value in stack.values(topics.ACTIONS)]
    assert len(changed) > MANY / 2
    assert {each.recommendation_id for each in actions} <= set(changed)
    words = stack.command("explain", changed[0], "--json")
    again = subprocess.run(words, env=stack.environment, capture_output=True, check=False)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["verdict"] == "identical"
