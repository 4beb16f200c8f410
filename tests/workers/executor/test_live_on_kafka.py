"""The executor in live mode as a process: a real Kafka, Meta's own client, Meta on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import pytest

from deploy.broker import Broker
from schemas import topics
from schemas.action import Action
from schemas.audit import AuditEntry, AuditStatus
from schemas.codec import decode
from schemas.decision import Decision, Verb
from schemas.fields import Autonomy
from tests.workers import kafka_stack
from tests.workers.executor.platform_thread import (
    TOKEN,
    daily_budget,
    in_force,
    meta_on_loopback,
    platforms_file,
)
from tests.workers.executor.world import a_plan, an_action
from workers.sandbox.meta.server import MetaSandbox

pytestmark = pytest.mark.kafka

NOW = datetime.now(UTC)
CAMPAIGN = {"platform": "meta", "account_id": "1", "campaign_id": "6"}


def budget(name: str, expected: str | None, target: str) -> Action:
    return an_action(
        name,
        expected,
        target,
        **CAMPAIGN,
        entity_id="6",
        field="daily_budget",
        released_at=NOW,
        valid_from=NOW,
        expires_at=NOW + timedelta(hours=1),
    )


@dataclass(frozen=True, kw_only=True)
class Stack(kafka_stack.LiveStack):
    @classmethod
    def acting_on(cls, platform: MetaSandbox, kafka: Broker, prefix: str, folder: Path) -> Self:
        """Return one whose topics exist, and whose executor acts on the platform."""
        file = platforms_file(folder, platform)
        log = folder / "workers.log"
        stack = cls(bootstrap=kafka.bootstrap, prefix=prefix, log=log, platforms=file)
        created = stack.run("topics", "create")
        assert created.returncode == 0, created.stderr
        return stack

    def trail(self) -> list[AuditEntry]:
        return [decode(value, AuditEntry) for value in self.values(topics.AUDIT)]

    def said(self) -> list[str]:
        return [entry.status.value for entry in self.trail()]


@pytest.fixture
def platform() -> Iterator[MetaSandbox]:
    with meta_on_loopback() as platform:
        yield platform


@pytest.fixture
def stack(kafka: Broker, topic_prefix: str, tmp_path: Path, platform: MetaSandbox) -> Stack:
    return Stack.acting_on(platform, kafka, topic_prefix, tmp_path)


def test_a_released_change_is_made_on_the_platform_and_told_with_what_was_found(
    stack: Stack, platform: MetaSandbox
) -> None:
    plan = a_plan(Autonomy.AUTO, **CAMPAIGN)
    stack.publish((topics.PLANS, plan, NOW), (topics.ACTIONS, budget("up", "90", "110.50"), NOW))
    with stack.worker("executor"):
        stack.wait_for(lambda: len(stack.said()) == 2)
        entry = stack.trail()[1]
        assert entry.status == AuditStatus.APPLIED
        assert [entry.before, entry.after] == [90, Decimal("110.50")]
        assert entry.sent == 11_050
        assert in_force(platform, "6") == Decimal("110.50")

        platform.edit(daily_budget("6"), Decimal(70))
        stack.publish((topics.ACTIONS, budget("again", "110.50", "120"), NOW))
        stack.wait_for(lambda: len(stack.said()) == 4)
        assert stack.said()[2:] == ["intent", "drift"]
        assert in_force(platform, "6") == 70

    verified = stack.run("verify", "--from-genesis")
    assert verified.returncode == 0, verified.stdout
    assert TOKEN not in stack.log.read_text()


def test_a_freeze_stops_what_is_not_on_the_wire(stack: Stack, platform: MetaSandbox) -> None:
    plan = a_plan(Autonomy.AUTO, **CAMPAIGN)
    names: dict[str, Any] = CAMPAIGN
    freeze = Decision(verb=Verb.FREEZE, by="ada", decided_at=NOW, **names)
    stack.publish((topics.PLANS, plan, NOW), (topics.DECISIONS, freeze, NOW))
    with stack.worker("executor"):
        stack.wait_for(lambda: stack.said() == ["applied"])
        stack.publish((topics.ACTIONS, budget("up", "90", "110.50"), NOW))
        stack.wait_for(lambda: len(stack.said()) == 2)

    assert stack.trail()[1].reason == "frozen"
    assert in_force(platform, "6") == 90
