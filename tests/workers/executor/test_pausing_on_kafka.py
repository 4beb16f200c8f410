"""From a plan to a platform: both workers on a real Kafka, Meta's client, Meta on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deploy.broker import Broker
from schemas import topics
from schemas.audit import AuditEntry
from schemas.decision import Decision, Verb
from schemas.fields import Autonomy, Entity
from schemas.plan import Plan
from tests.workers.executor.platform_thread import meta_on_loopback
from tests.workers.executor.test_live_on_kafka import CAMPAIGN, NOW, Stack
from tests.workers.executor.world import a_plan
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.meta.server import MetaSandbox

pytestmark = pytest.mark.kafka

STATUS = Ref(account_id="1", entity=Entity.CAMPAIGN, entity_id="6", lever=Lever.STATUS)
YESTERDAY = NOW.date() - timedelta(days=2)


@pytest.fixture
def platform() -> Iterator[MetaSandbox]:
    with meta_on_loopback() as platform:
        yield platform


@pytest.fixture
def stack(kafka: Broker, topic_prefix: str, tmp_path: Path, platform: MetaSandbox) -> Stack:
    return Stack.acting_on(platform, kafka, topic_prefix, tmp_path)


def a_flight(version: int, **changes: object) -> Plan:
    """Return a plan that lets policy pause and resume the campaign as its flight runs."""
    fields = {"pauses_on_platform": True, "timezone": "UTC", **changes}
    return a_plan(Autonomy.AUTO, **CAMPAIGN, version=version, **fields)


def ended(stack: Stack, count: int) -> AuditEntry:
    """Wait for so many ends of actions; return the last one."""
    stack.wait_for(lambda: len(_ends(stack)) >= count)
    return _ends(stack)[-1]


def _ends(stack: Stack) -> list[AuditEntry]:
    return [each for each in stack.trail() if each.status != "intent" and each.action_id]


def test_a_flight_that_is_over_pauses_its_campaign_on_meta_and_a_longer_one_resumes_it(
    stack: Stack, platform: MetaSandbox
) -> None:
    stack.publish((topics.PLANS, a_flight(1, flight_end=YESTERDAY), NOW))
    with stack.worker("executor"), stack.worker("optimizer"):
        paused = ended(stack, 1)
        assert (paused.status, paused.reason) == ("applied", "applied")
        assert [paused.field, paused.before, paused.after] == ["status", 1, 0]
        assert paused.detail.startswith("The flight is over")
        assert platform.value(STATUS) == 0

        stack.publish((topics.PLANS, a_flight(2), NOW))
        resumed = ended(stack, 2)
        assert [resumed.status, resumed.before, resumed.after] == ["applied", 0, 1]
        assert platform.value(STATUS) == 1

        names: dict[str, Any] = CAMPAIGN
        pause = Decision(verb=Verb.PAUSE, by="ada", why="Sold out", decided_at=NOW, **names)
        stack.publish((topics.DECISIONS, pause, NOW))
        by_hand = ended(stack, 3)
        assert (by_hand.actor, by_hand.detail) == ("ada", "Sold out; PAUSED was sent")
        assert platform.value(STATUS) == 0

    verified = stack.run("verify", "--from-genesis")
    assert verified.returncode == 0, verified.stdout


def test_what_a_person_had_paused_on_meta_stays_paused_when_the_flight_runs_again(
    stack: Stack, platform: MetaSandbox
) -> None:
    platform.edit(STATUS, Decimal(0))
    stack.publish((topics.PLANS, a_flight(1, flight_end=YESTERDAY), NOW))
    with stack.worker("executor"), stack.worker("optimizer"):
        found = ended(stack, 1)
        assert [found.status, found.before, found.after] == ["no_op", 0, 0]

        stack.publish((topics.PLANS, a_flight(2), NOW))
        stack.wait_for(lambda: any(each.status == "approval_required" for each in stack.trail()))

    assert platform.value(STATUS) == 0
    assert len(_ends(stack)) == 1
