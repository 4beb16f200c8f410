"""Workers as processes on a real Kafka, with topics that nobody else uses."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from aiokafka import AIOKafkaProducer

from deploy.broker import Broker
from schemas import AuditEntry, Recommendation, decode, encode, topics
from schemas.levers import DAILY_BUDGET
from schemas.record import Record
from schemas.topic import Partitions, Topic
from tests.faults.recount import ends
from tests.faults.topics import PARTITIONS, reach, read
from tests.waiting import eventually
from workers.partitioner import partition_of


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A broker, and names of topics that nobody else uses."""

    bootstrap: str
    prefix: str
    log: Path

    @classmethod
    def on(cls, kafka: Broker, prefix: str, folder: Path) -> Self:
        """Return one whose topics exist, and whose workers log to a file in ``folder``."""
        stack = cls(bootstrap=kafka.bootstrap, prefix=prefix, log=folder / "workers.log")
        created = stack.run("topics", "create")
        assert created.returncode == 0, created.stderr
        return stack

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "workers", *words, "--bootstrap", self.bootstrap]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), env=self.environment, capture_output=True, text=True, check=False
        )

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

    @contextmanager
    def worker(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                self.command(name), env=self.environment, stderr=log, stdout=log
            )
        try:
            yield worker
        finally:
            worker.kill()
            worker.wait()

    def publish(self, *records: tuple[Topic, Record, datetime]) -> None:
        asyncio.run(self._publish(records))

    async def _publish(self, records: Sequence[tuple[Topic, Any, datetime]]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        await producer.start()
        for topic, record, at in records:
            await producer.send_and_wait(
                topic.full_name(self.prefix),
                encode(record),
                key=record.key,
                partition=partition_of(record.key, PARTITIONS),
                timestamp_ms=int(at.timestamp() * 1_000),
            )
        await producer.stop()

    def publish_all(
        self, records: Sequence[tuple[Topic, Any, datetime]], partition: int | None = None
    ) -> None:
        """Publish many records at a time; to one partition, or where their keys belong."""
        asyncio.run(self._publish_all(records, partition))

    async def _publish_all(
        self, records: Sequence[tuple[Topic, Any, datetime]], partition: int | None
    ) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap, linger_ms=20) as producer:
            stored = [
                await producer.send(
                    topic.full_name(self.prefix),
                    encode(record),
                    key=record.key,
                    partition=partition_of(record.key, PARTITIONS)
                    if partition is None
                    else partition,
                    timestamp_ms=int(at.timestamp() * 1_000),
                )
                for topic, record, at in records
            ]
            await asyncio.gather(*stored)

    def values(self, topic: Topic) -> list[bytes]:
        count = 1 if topic.partitions is Partitions.BROADCAST else PARTITIONS
        found = asyncio.run(read(self.bootstrap, topic.full_name(self.prefix), count=count))
        return [record.value for records in found.values() for record in records]

    def advice(self, field: str) -> list[Recommendation]:
        told = [decode(value, Recommendation) for value in self.values(topics.RECOMMENDATIONS)]
        return [each for each in told if each.field == field]

    def wait_for(self, done: Callable[[], bool]) -> None:
        assert eventually(done, seconds=90), self.log.read_text()

    def wait_until_read(self, worker: str, topic: Topic) -> None:
        """Wait until a worker has taken in all that a topic holds."""
        asyncio.run(self._reach(f"{self.prefix}-{worker}", topic))

    async def _reach(self, group: str, topic: Topic) -> None:
        wanted = await ends(self.bootstrap, [topic.full_name(self.prefix)])
        await reach(self.bootstrap, group, wanted, seconds=60, check=lambda: None)

    def applied(self) -> dict[str, Decimal | None]:
        told = [decode(value, AuditEntry) for value in self.values(topics.AUDIT)]
        return {
            each.campaign_id: each.after
            for each in told
            if each.field == DAILY_BUDGET and each.status == "simulated"
        }


@dataclass(frozen=True, kw_only=True)
class LiveStack(Stack):
    """One whose executor changes what a file of platforms names."""

    platforms: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **super().environment,
            "PACEKEEPER_EXECUTOR_MODE": "live",
            "PACEKEEPER_EXECUTOR_PLATFORMS": str(self.platforms),
        }
