"""The real workers as processes on topics of their own, and what they were asked to take in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
from aiokafka import ConsumerRecord
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from schemas import topics
from schemas.topic import Topic
from tests.faults.bad_input import START, Sent
from tests.faults.recount import ends
from tests.faults.topics import admin, producer, reach, read
from tests.odd_headers import publish_odd
from workers.kafka import connect
from workers.programs import create_program
from workers.settings import Settings
from workers.verify import Verifier
from workers.verify.reading import audit_records

_READ = {
    "optimizer": (topics.PLANS, topics.METRICS, topics.AUDIT, topics.TICKS),
    "executor": (
        topics.PLANS,
        topics.RECOMMENDATIONS,
        topics.DECISIONS,
        topics.ACTIONS,
        topics.TICKS,
        topics.EDITS,
    ),
}


@dataclass
class Stack:
    """Optimizer, executor and allocator as processes on topics of their own."""

    settings: Settings
    folder: Path

    def name(self, topic: Topic) -> str:
        return topic.full_name(self.settings.topics.prefix)

    @property
    def bootstrap(self) -> str:
        return self.settings.broker.bootstrap

    async def send(self, records: Iterable[Sent], *, compression: str | None = None) -> None:
        """Publish in order, each acknowledged before the next, and wait until all is taken in."""
        options = {"max_request_size": 1 << 25, "compression_type": compression}
        async with producer(self.bootstrap, **options) as client:
            for sent in records:
                if sent.odd_header:
                    await self._send_odd(sent)
                    continue
                await client.send_and_wait(
                    self.name(sent.topic),
                    sent.value,
                    key=sent.key,
                    partition=sent.partition,
                    timestamp_ms=_milliseconds(sent),
                    headers=[("case", sent.case.encode())],
                )
        await self.settle()

    async def _send_odd(self, sent: Sent) -> None:
        await publish_odd(
            self.bootstrap,
            self.name(sent.topic),
            partition=sent.partition or 0,
            key=sent.key,
            value=sent.value,
            timestamp_ms=_milliseconds(sent),
            case=sent.case,
        )

    async def settle(self) -> None:
        """Wait until nothing is left to read: twice, as each worker reads what the other writes."""
        for worker in ("optimizer", "executor") * 2:
            group = create_program(worker, self.settings).name
            wanted = await ends(self.bootstrap, [self.name(topic) for topic in _READ[worker]])
            await reach(self.bootstrap, group, wanted, seconds=40, check=lambda: None)

    async def records(self, topic: str) -> list[ConsumerRecord]:
        found = await read(self.bootstrap, topic)
        return [record for records in found.values() for record in records]

    async def dead_letters(self) -> list[ConsumerRecord]:
        prefix = self.settings.topics.prefix
        names = [topic.dlq(prefix) for topic in topics.TOPICS if topic.dead_letters]
        return [record for name in names for record in await self.records(name)]

    async def chain_is_intact(self) -> bool:
        verifier = Verifier(from_genesis=True)
        connection = connect(self.settings.broker)
        async for record in audit_records(connection, self.name(topics.AUDIT)):
            verifier.add(record)
        return verifier.report().intact

    async def allow(self, topic: Topic, largest: int) -> None:
        """Let ``topic`` take records of up to ``largest`` bytes."""
        changed = {"max.message.bytes": str(largest)}
        async with admin(self.bootstrap) as client:
            await client.alter_configs(
                [ConfigResource(ConfigResourceType.TOPIC, self.name(topic), configs=changed)]
            )

    async def figures(self) -> str:
        """Return what the optimizer and the executor show to Prometheus."""
        shown = []
        async with aiohttp.ClientSession() as session:
            for worker in _READ:
                log = (self.folder / f"{worker}.log").read_text()
                (address,) = re.findall(r"http://127\.0\.0\.1:\d+", log)
                async with session.get(f"{address}/metrics") as answer:
                    shown.append(await answer.text())
        return "\n".join(shown)


def _milliseconds(sent: Sent) -> int:
    return int((START + timedelta(hours=sent.at)).timestamp() * 1000)
