"""Somebody with a terminal, a Kafka and a prefix of their own: how tests run commands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from typer.testing import CliRunner, Result

from deploy.broker import Broker
from schemas import encode
from schemas.record import Record
from workers.cli.main import app

Header = tuple[str, bytes]
Message = tuple[bytes, bytes, list[Header]]
"""Key, value and headers."""


class Person:
    """Runs commands in this process, publishes and reads."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.bootstrap, self.prefix = bootstrap, prefix
        self.terminal: dict[str, str] = {}
        """Variables of the terminal's own."""

    def runs(self, *arguments: str, code: int = 0) -> Result:
        environment = {
            "PACEKEEPER_BROKER": self.bootstrap,
            "PACEKEEPER_TOPICS_PREFIX": self.prefix,
            "PACEKEEPER_TOPICS_PARTITIONS": "2",
            **self.terminal,
        }
        result = CliRunner(env=environment).invoke(app, arguments)
        assert result.exit_code == code, result.output
        return result

    def told(self, *arguments: str) -> Any:  # noqa: ANN401 -- JSON
        return json.loads(self.runs(*arguments, "--json").stdout)

    def publishes(self, topic: str, value: bytes, headers: dict[str, bytes] | None = None) -> None:
        """Publish what may be anything, under a key that is nobody's."""
        self._sends(topic, [(b"k", value, list((headers or {}).items()))])

    def tells(self, topic: str, *records: Record) -> None:
        """Publish records under their keys, in order."""
        self._sends(topic, [(each.key, encode(each), []) for each in records])  # type: ignore[attr-defined]

    def _sends(self, topic: str, messages: Iterable[Message]) -> None:
        async def send() -> None:
            async with AIOKafkaProducer(
                bootstrap_servers=self.bootstrap, max_request_size=1 << 22
            ) as producer:
                sent = [
                    await producer.send(f"{self.prefix}.{topic}", value, key=key, headers=headers)
                    for key, value, headers in messages
                ]
                await asyncio.gather(*sent)

        asyncio.run(send())

    def reads(self, topic: str, count: int) -> list[tuple[bytes, dict[str, bytes]]]:
        async def read() -> list[tuple[bytes, dict[str, bytes]]]:
            consumer = AIOKafkaConsumer(
                f"{self.prefix}.{topic}",
                bootstrap_servers=self.bootstrap,
                auto_offset_reset="earliest",
            )
            async with asyncio.timeout(30), consumer:
                found = [await consumer.getone() for _ in range(count)]
            return [(record.value, dict(record.headers)) for record in found]

        return asyncio.run(read())


@pytest.fixture
def newcomer(
    kafka: Broker, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Person:
    """Somebody in a folder of their own, who has no topics yet."""
    monkeypatch.chdir(tmp_path)
    return Person(kafka.bootstrap, topic_prefix)


@pytest.fixture
def person(newcomer: Person) -> Person:
    """Somebody who has created the topics."""
    newcomer.runs("topics", "create")
    return newcomer
