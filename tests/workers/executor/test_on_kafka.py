"""The executor as a process on a real Kafka: what it must not lose when it is killed."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from deploy.broker import Broker
from schemas import topics
from schemas.fields import Autonomy
from schemas.record import CampaignRecord
from schemas.topic import Topic
from tests.waiting import eventually
from tests.workers import kafka_stack
from tests.workers.executor.world import (
    START,
    a_plan,
    a_recommendation,
    an_action,
    an_id,
    approve,
    at,
)
from workers.kafka import connect
from workers.settings import BrokerSettings
from workers.verify import Report, Verifier
from workers.verify.reading import audit_records

CAMPAIGNS = [str(number) for number in range(6)]
NOW = (datetime.now(UTC) - START) / timedelta(minutes=1)
"""Minutes; Kafka deletes what is older than a topic's retention, whoever has not read it yet."""
TIMES = {"valid_from": at(NOW), "expires_at": at(NOW + 60)}


@dataclass(frozen=True, kw_only=True)
class Stack(kafka_stack.Stack):
    """An executor, and what it is to do."""

    def entries(self) -> int:
        """Return how many entries the trail has; it must be intact at any time."""
        report = asyncio.run(self._verified())
        assert report.intact, report.faults
        return report.records

    async def _verified(self) -> Report:
        verifier = Verifier(from_genesis=True)
        connection = connect(BrokerSettings(bootstrap=self.bootstrap))
        async for record in audit_records(connection, topics.AUDIT.full_name(self.prefix)):
            verifier.add(record)
        return verifier.report()

    def tell(self, *records: tuple[Topic, CampaignRecord]) -> None:
        self.publish(*((topic, record, at(NOW + 1)) for topic, record in records))


@pytest.fixture
def stack(kafka: Broker, topic_prefix: str, tmp_path: Path) -> Stack:
    return Stack.on(kafka, topic_prefix, tmp_path)


def of_each_campaign(topic: Topic, record: CampaignRecord) -> list[tuple[Topic, CampaignRecord]]:
    return [(topic, replace(record, campaign_id=name)) for name in CAMPAIGNS]


def budget_of(name: str, step: int) -> CampaignRecord:
    action = an_action(f"{name} {step}", str(step) if step else None, str(step + 1), **TIMES)
    return replace(action, campaign_id=name, entity_id=name)


@pytest.mark.kafka
def test_effects_approvals_and_the_chain_go_on_after_a_kill(stack: Stack) -> None:
    many = len(CAMPAIGNS)
    first = [(topics.ACTIONS, budget_of(name, step)) for name in CAMPAIGNS for step in range(3)]
    advice = of_each_campaign(
        topics.RECOMMENDATIONS, a_recommendation("r", "9", field="frequency_cap", **TIMES)
    )
    stack.tell(*of_each_campaign(topics.PLANS, a_plan(Autonomy.AUTO)), *first, *advice)
    with stack.worker("executor") as worker:
        assert eventually(lambda: stack.entries() == 4 * many, seconds=60), stack.log.read_text()
        worker.send_signal(signal.SIGKILL)

    again = [(topics.ACTIONS, budget_of(name, step)) for name in CAMPAIGNS for step in range(4)]
    stack.tell(*again, *advice, *of_each_campaign(topics.DECISIONS, approve("r")))
    with stack.worker("executor"):
        assert eventually(lambda: stack.entries() == 6 * many, seconds=60), stack.log.read_text()

    trail = stack.log.with_name("trail")
    assert stack.run("verify", "--from-genesis", "--export", str(trail)).returncode == 0
    entries = [json.loads(json.loads(line)["value"]) for line in trail.read_text().splitlines()]
    effects = [entry["action_id"] for entry in entries if entry["status"] == "simulated"]
    assert sorted(effects) == sorted(
        an_id(f"{name} {step}") for name in CAMPAIGNS for step in range(4)
    )
    assert sum(entry.get("reason") == "unsupported_field" for entry in entries) == many
