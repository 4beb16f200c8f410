"""What is said of a group's budget when retention has deleted what it was made from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from deploy.broker import Broker
from schemas import Portfolio, topics
from tests.workers.allocator.groups import at, history
from tests.workers.explain.kept import Kept
from tests.workers.stored import Stored
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.releasing import ADVICE_ID, identified, written
from workers.cli.main import app
from workers.explain.reading_groups import GOES_BY_DAYS
from workers.kafka import connect
from workers.partitioner import partition_of
from workers.settings import BrokerSettings

pytestmark = pytest.mark.kafka

DAYS = GOES_BY_DAYS + 6
FIRST_DAYS = 62
"""What is told before anything is shared out."""
PARTITIONS = 2


def lived(prefix: str) -> Kept:
    """Return a group that was defined before its members told of more days than it goes by."""
    allocator, rows = Kept(policy=AllocatorPolicy(prefix=prefix)), [*map(of_late, history(DAYS))]
    allocator.group()
    allocator.rows(rows[: 3 * FIRST_DAYS])
    for day in range(FIRST_DAYS, DAYS):
        allocator.rows(rows[3 * day : 3 * day + 3])
    return allocator


def of_late(row: Portfolio) -> Portfolio:
    """Return a closed day as many days later as makes the last one end today: Kafka deletes."""
    days = timedelta(days=(datetime.now(UTC) - at(DAYS)).days)
    return replace(
        row,
        first_day=row.first_day + days,
        last_day=row.last_day + days,
        closed_at=row.closed_at + days,
    )


class Topics:
    """The topics of one group."""

    def __init__(self, kafka: Broker, prefix: str, allocator: Kept) -> None:
        self._kafka, self._prefix = kafka, prefix
        self.home = partition_of(allocator.log[0].key or b"", PARTITIONS)
        self._run("topics", "create")

    def explain(self, identity: str) -> Result:
        return self._run("explain", identity, "--json")

    def _run(self, *words: str) -> Result:
        environment = {
            "PACEKEEPER_BROKER": self._kafka.bootstrap,
            "PACEKEEPER_TOPICS_PREFIX": self._prefix,
            "PACEKEEPER_TOPICS_PARTITIONS": str(PARTITIONS),
        }
        return CliRunner(env=environment).invoke(app, [*words])

    def publish(self, records: Sequence[Stored]) -> None:
        """Write records as of when they would have been written."""
        asyncio.run(self._publish(records))

    async def _publish(self, records: Sequence[Stored]) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self._kafka.bootstrap) as producer:
            for each in records:
                await producer.send(
                    each.topic,
                    each.value,
                    each.key,
                    partition_of(each.key or b"", PARTITIONS),
                    each.timestamp,
                )

    def delete_days(self, before: int) -> None:
        """Delete the closed days before an offset."""
        asyncio.run(self._delete_days(before))

    async def _delete_days(self, before: int) -> None:
        tp = TopicPartition(topics.PORTFOLIO.full_name(self._prefix), self.home)
        async with connect(BrokerSettings(bootstrap=self._kafka.bootstrap)).admin() as admin:
            await admin.delete_records({tp: RecordsToDelete(before_offset=before)})


def words_of(allocator: Kept) -> list[Stored]:
    """Return the recommendations as records."""
    name = allocator.policy.topic(topics.RECOMMENDATIONS)
    return [
        Stored(name, i, int(each.decided_at.timestamp() * 1_000), each.key, value)
        for i, (each, value) in enumerate(zip(allocator.advice, allocator.published, strict=True))
    ]


def verdict(result: Result) -> tuple[int, str, list[str]]:
    assert result.stdout, result.stderr
    told = json.loads(result.stdout)
    return result.exit_code, told["verdict"], told["gone"]


def test_advice_is_identical_while_its_days_are_kept_and_names_the_offsets_that_are_gone(
    kafka: Broker, topic_prefix: str
) -> None:
    allocator = lived(topic_prefix)
    group = Topics(kafka, topic_prefix, allocator)
    group.publish([*allocator.log, *words_of(allocator)])
    words = [each.recommendation_id for each in allocator.advice]
    early, last = words[len(words) // 2], words[-1]
    assert verdict(group.explain(early)) == (0, "identical", [])

    first = 3 * (DAYS - GOES_BY_DAYS)
    group.delete_days(first)

    assert verdict(group.explain(last)) == (0, "identical", [])
    code, said, gone = verdict(group.explain(early))
    assert (code, said) == (2, "inputs_gone")
    name = topics.PORTFOLIO.full_name(topic_prefix)
    assert len(gone) == 1
    assert f"{name}, partition {group.home}, begins at offset {first}:" in gone[0]


def test_what_differs_though_its_days_are_kept_is_not_laid_to_retention(
    kafka: Broker, topic_prefix: str
) -> None:
    allocator = lived(topic_prefix)
    group = Topics(kafka, topic_prefix, allocator)
    forged = identified(replace(allocator.advice[-1], confidence=0.99))
    word = Stored(**(vars(words_of(allocator)[-1]) | {"value": written(forged, ADVICE_ID)}))
    group.publish([*allocator.log, word])
    # One day before those that it goes by is kept still.
    group.delete_days(3 * (DAYS - GOES_BY_DAYS - 3))

    assert verdict(group.explain(forged.recommendation_id)) == (1, "differs", [])
