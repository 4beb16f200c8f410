"""Edits from a platform's history to the audit trail, by the real collector and executor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from deploy.broker import Broker
from schemas import topics
from schemas.action import Action
from schemas.codec import decode
from schemas.edit import PlatformEdit
from schemas.fields import Autonomy
from schemas.tick import Tick
from tests.faults.topics import PARTITIONS
from tests.workers.executor import test_live_on_kafka
from tests.workers.executor.platform_thread import daily_budget, in_force, meta_on_loopback
from tests.workers.executor.test_live_on_kafka import CAMPAIGN
from tests.workers.executor.world import a_plan, an_action
from workers.sandbox.meta.server import MetaSandbox

pytestmark = pytest.mark.kafka

START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=30)
"""All of it lies in the past: Kafka takes no records of a day that has not come."""


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


@dataclass(frozen=True, kw_only=True)
class Stack(test_live_on_kafka.Stack):
    platform: MetaSandbox

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "PACEKEEPER_EXECUTOR_CLOCK": "ticks"}

    def it_is(self, minutes: float) -> None:
        """Let log and platform have a time, and the executor know it."""
        self.platform.store.now = lambda: after(minutes)
        for partition in range(PARTITIONS):
            tick = Tick(partition=partition, time=after(minutes))
            self.publish_all([(topics.TICKS, tick, after(minutes))], partition)
        self.wait_until_read("executor", topics.TICKS)

    def act(self, name: str, expected: str, target: str, minutes: float) -> None:
        self.publish((topics.ACTIONS, budget(name, expected, target, minutes), after(minutes)))

    def collect(self) -> None:
        done = self.run("collect", "--once")
        assert done.returncode == 0, done.stderr
        self.wait_until_read("executor", topics.EDITS)

    def edits(self) -> list[str]:
        told = [decode(value, PlatformEdit) for value in self.values(topics.EDITS)]
        return [f"{each.by} {each.after}" for each in sorted(told, key=lambda each: each.at)]

    def told(self) -> list[tuple[str, str | None]]:
        return [(entry.status.value, entry.reason) for entry in self.trail()]


def budget(name: str, expected: str, target: str, minutes: float) -> Action:
    return an_action(
        name,
        expected,
        target,
        **CAMPAIGN,
        entity_id="6",
        field="daily_budget",
        released_at=after(minutes),
        valid_from=after(minutes),
        expires_at=after(minutes + 60),
    )


@pytest.fixture
def platform() -> Iterator[MetaSandbox]:
    with meta_on_loopback() as platform:
        yield platform


@pytest.fixture
def stack(kafka: Broker, topic_prefix: str, tmp_path: Path, platform: MetaSandbox) -> Stack:
    plain = test_live_on_kafka.Stack.acting_on(platform, kafka, topic_prefix, tmp_path)
    text = plain.platforms.read_text()
    plain.platforms.write_text(text.replace("[meta.options]", '[meta.options]\napp_id = "app"'))
    return Stack(
        bootstrap=plain.bootstrap,
        prefix=plain.prefix,
        log=plain.log,
        platforms=plain.platforms,
        platform=platform,
    )


def test_a_person_who_edits_is_named_and_left_alone_for_a_day_on_a_real_kafka(
    stack: Stack, platform: MetaSandbox
) -> None:
    plan = a_plan(Autonomy.AUTO, **CAMPAIGN)
    with stack.worker("executor"):
        stack.publish((topics.PLANS, plan, START))
        stack.wait_until_read("executor", topics.PLANS)
        stack.it_is(0)
        stack.act("ours", "90", "110", 0)
        stack.wait_for(lambda: stack.said() == ["intent", "applied"])
        stack.it_is(10)
        platform.edit(daily_budget("6"), Decimal(70))
        stack.it_is(25)
        stack.collect()
        stack.wait_for(lambda: len(stack.trail()) == 3)
        edited = stack.trail()[2]
        assert (edited.status, edited.reason) == ("edited", "edited_by_person")
        assert [edited.actor, edited.edited_at, edited.after] == ["Jane", after(10), 70]
        assert "Ads Manager" in edited.detail

        stack.act("hands off", "70", "80", 30)
        stack.wait_for(lambda: len(stack.trail()) == 4)
        assert stack.told()[3] == ("rejected", "edited_by_others")
        assert in_force(platform, "6") == 70

    with stack.worker("executor"):
        stack.it_is(10 + 24 * 60)
        stack.act("goes on", "70", "80", 10 + 24 * 60)
        stack.wait_for(lambda: len(stack.trail()) == 6)
        assert stack.said()[4:] == ["intent", "applied"]
        assert in_force(platform, "6") == 80
        stack.collect()
        assert len(stack.trail()) == 6, "our own edits confirm, those of before are known"
        assert stack.edits() == ["us 110", "person 70", "us 80"]

    assert stack.run("verify", "--from-genesis").returncode == 0
