"""The executor as a process on a real Kafka: what it must not lose when it is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from msgspec.structs import replace

from deploy.broker import Broker
from schemas import topics
from schemas.codec import encode
from schemas.fields import Autonomy
from schemas.record import CampaignRecord
from schemas.topic import Topic
from tests.waiting import eventually
from tests.workers.executor.world import (
    START,
    a_plan,
    a_recommendation,
    an_action,
    an_id,
    approve,
    at,
    ms,
)
from workers.kafka import connect
from workers.partitioner import partition_of
from workers.settings import BrokerSettings
from workers.verify import Report, Verifier
from workers.verify.reading import audit_records

PARTITIONS = 2
CAMPAIGNS = [str(number) for number in range(6)]
NOW = (datetime.now(UTC) - START) / timedelta(minutes=1)
"""Minutes; Kafka deletes what is older than a topic's retention, whoever has not read it yet."""
TIMES = {"valid_from": at(NOW), "expires_at": at(NOW + 60)}


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A broker, and names of topics that nobody else uses."""

    bootstrap: str
    prefix: str
    log: Path

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "workers", *words, "--bootstrap", self.bootstrap]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PACEKEEPER_TOPICS_PREFIX": self.prefix,
            "PACEKEEPER_TOPICS_PARTITIONS": str(PARTITIONS),
            "PACEKEEPER_WEB_PORT": "0",
            "PACEKEEPER_DELIVERY_SESSION_TIMEOUT_SECONDS": "6",
            "PACEKEEPER_DELIVERY_HEARTBEAT_SECONDS": "1",
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), env=self.environment, capture_output=True, text=True, check=False
        )

    @contextmanager
    def executor(self) -> Iterator[subprocess.Popen[bytes]]:
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                self.command("executor"), env=self.environment, stderr=log, stdout=log
            )
        try:
            yield worker
        finally:
            worker.kill()
            worker.wait()

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

    def publish(self, *records: tuple[Topic, CampaignRecord]) -> None:
        asyncio.run(self._publish(records))

    async def _publish(self, records: tuple[tuple[Topic, CampaignRecord], ...]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        await producer.start()
        for topic, record in records:
            await producer.send_and_wait(
                topic.full_name(self.prefix),
                encode(record),
                key=record.key,
                partition=partition_of(record.key, PARTITIONS),
                timestamp_ms=ms(NOW + 1),
            )
        await producer.stop()


@pytest.fixture
def stack(kafka: Broker, topic_prefix: str, tmp_path: Path) -> Stack:
    stack = Stack(bootstrap=kafka.bootstrap, prefix=topic_prefix, log=tmp_path / "executor.log")
    created = stack.run("topics", "create")
    assert created.returncode == 0, created.stderr
    return stack


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
    stack.publish(*of_each_campaign(topics.PLANS, a_plan(Autonomy.AUTO)), *first, *advice)
    with stack.executor() as worker:
        assert eventually(lambda: stack.entries() == 4 * many, seconds=60), stack.log.read_text()
        worker.send_signal(signal.SIGKILL)

    again = [(topics.ACTIONS, budget_of(name, step)) for name in CAMPAIGNS for step in range(4)]
    stack.publish(*again, *advice, *of_each_campaign(topics.DECISIONS, approve("r")))
    with stack.executor():
        assert eventually(lambda: stack.entries() == 6 * many, seconds=60), stack.log.read_text()

    trail = stack.log.with_name("trail")
    assert stack.run("verify", "--from-genesis", "--export", str(trail)).returncode == 0
    entries = [json.loads(json.loads(line)["value"]) for line in trail.read_text().splitlines()]
    effects = [entry["action_id"] for entry in entries if entry["status"] == "simulated"]
    assert sorted(effects) == sorted(
        an_id(f"{name} {step}") for name in CAMPAIGNS for step in range(4)
    )
    assert sum(entry.get("reason") == "unsupported_field" for entry in entries) == many
