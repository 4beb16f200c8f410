"""A log in Kafka, read between offsets or of some hours."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.broker import Broker
from tests.workers.backtest.logs import Law, heap_of, write_csv
from workers.backtest.span import Span
from workers.backtest.topic import Topic, read_topic
from workers.errors import UsageError
from workers.importer.run import Request, Target, publish_file, reading
from workers.kafka import Connection, connect
from workers.reading import writer
from workers.settings import BrokerSettings
from workers.topic_specs import TopicSpec
from workers.topics import create_topics

pytestmark = pytest.mark.kafka


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "log.csv", [Law(days=4), Law(days=4, budget=800.0)])


@pytest.fixture
def connection(kafka: Broker) -> Connection:
    return connect(BrokerSettings(bootstrap=kafka.bootstrap))


@pytest.fixture
async def name(connection: Connection, topic_prefix: str, path: Path) -> str:
    topic = f"{topic_prefix}.metrics.v1"
    async with connection.admin() as admin:
        await create_topics(admin, [TopicSpec(name=topic, partitions=2)])
    request = Request(path=path, refused_path=path.with_suffix(".refused"))
    with reading(request) as source:
        target = Target(connection=connection, topic=topic, prefix=topic_prefix)
        await publish_file(source, target, lambda _: None)
    async with writer(connection) as producer:
        await producer.send_and_wait(topic, b"no event", partition=0)
    return topic


async def test_a_topic_says_what_the_file_said_that_was_published_to_it(
    connection: Connection, name: str, path: Path
) -> None:
    shares: list[float] = []
    heap = await read_topic(Topic(connection=connection, name=name), shares.append)
    assert heap.campaigns == heap_of(path).campaigns
    assert (heap.taken, heap.refused.total()) == (2 * 96, 1)
    assert "partition 0" in heap.example
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


async def test_hours_are_chosen_by_time(connection: Connection, name: str) -> None:
    span = Span(first=datetime(2026, 3, 3, tzinfo=UTC), end=datetime(2026, 3, 3, 2, tzinfo=UTC))
    heap = await read_topic(Topic(connection=connection, name=name, span=span), lambda _: None)
    for heard in heap.campaigns.values():
        assert [f"{hour:%d %H}" for hour in heard.hours] == ["03 00", "03 01"]


async def test_records_are_chosen_by_offset(connection: Connection, name: str) -> None:
    whole = await read_topic(Topic(connection=connection, name=name), lambda _: None)
    some = Span(first_offset=10, end_offset=15)
    heap = await read_topic(Topic(connection=connection, name=name, span=some), lambda _: None)
    partitions = len({name[-1] for name in whole.campaigns})
    assert 0 < heap.taken <= 5 * partitions
    none = Topic(connection=connection, name=name, span=Span(first_offset=10_000))
    with pytest.raises(UsageError, match="no event"):
        await read_topic(none, lambda _: None)


async def test_a_topic_that_does_not_exist_is_said(connection: Connection) -> None:
    with pytest.raises(UsageError, match="there is no topic nowhere"):
        await read_topic(Topic(connection=connection, name="nowhere"), lambda _: None)
