"""Laws of the monitor, on a real Kafka: a lane that does not move is seen, markers are not."""

from collections.abc import AsyncIterator, Iterable

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete

from deploy.broker import Broker
from tests.odd_headers import publish_odd
from workers.delivery.api import Agent, Step
from workers.delivery.lane import Lane, LaneLimits
from workers.health import Health
from workers.kafka import Connection, connect
from workers.monitor import Monitor
from workers.reading import reader
from workers.settings import BrokerSettings
from workers.topic_specs import TopicSpec
from workers.topics import create_topics

pytestmark = pytest.mark.kafka

LIMIT = 60.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def connection(kafka: Broker, topic_prefix: str) -> Connection:
    found = connect(BrokerSettings(bootstrap=kafka.bootstrap))
    async with found.admin() as admin:
        await create_topics(admin, [TopicSpec(name=topic_prefix, partitions=1)])
    return found


@pytest.fixture
async def consumer(connection: Connection) -> AsyncIterator[AIOKafkaConsumer]:
    async with reader(connection) as client:
        yield client


async def write(connection: Connection, topic: str, count: int, *, transactional: bool) -> None:
    if not transactional:
        async with AIOKafkaProducer(**connection.client_options()) as producer:
            for _ in range(count):
                await producer.send_and_wait(topic, b"v")
        return
    options = {**connection.client_options(), "transactional_id": topic}
    async with AIOKafkaProducer(**options) as producer, producer.transaction():
        for _ in range(count):
            await producer.send(topic, b"v")


async def _never(_agent: Agent, _records: object) -> None:
    raise AssertionError


def lane_at(topic: str, applied: int) -> Lane:
    agent = Agent(name="metrics", source=topic, step=lambda _view, _records: Step())
    return Lane(agent, 0, position=applied, limits=LaneLimits(), apply=_never)


async def watch(
    consumer: AIOKafkaConsumer, lanes: Iterable[Lane], *, looks: Iterable[float]
) -> Health:
    health, clock, held = Health(stall_seconds=LIMIT), Clock(), list(lanes)
    monitor = Monitor(consumer, health, lanes=lambda: held, clock=clock)
    for clock.now in looks:
        await monitor.look()
    return health


async def test_records_that_nobody_applies_fail_liveness(
    connection: Connection, consumer: AIOKafkaConsumer, topic_prefix: str
) -> None:
    await write(connection, topic_prefix, 3, transactional=False)

    health = await watch(consumer, [lane_at(topic_prefix, 1)], looks=(0, 40, 70))

    assert f"{topic_prefix}[0]" in health.live().reason
    assert health.ready(now=70).ok


async def test_a_lane_that_has_applied_everything_is_alive_although_a_marker_follows(
    connection: Connection, consumer: AIOKafkaConsumer, topic_prefix: str
) -> None:
    await write(connection, topic_prefix, 3, transactional=True)

    health = await watch(consumer, [lane_at(topic_prefix, 3)], looks=(0, 40, 70, 140, 500))

    assert health.live().ok


async def test_a_record_behind_a_marker_still_counts(
    connection: Connection, consumer: AIOKafkaConsumer, topic_prefix: str
) -> None:
    await write(connection, topic_prefix, 3, transactional=True)
    await write(connection, topic_prefix, 1, transactional=False)

    health = await watch(consumer, [lane_at(topic_prefix, 3)], looks=(0, 40, 70))

    assert not health.live().ok


async def test_a_lane_whose_next_records_retention_has_deleted_is_not_vouched_for_while_others_wait(
    connection: Connection, consumer: AIOKafkaConsumer, topic_prefix: str
) -> None:
    await write(connection, topic_prefix, 5, transactional=False)
    async with connection.admin() as admin:
        gone = RecordsToDelete(before_offset=3)
        await admin.delete_records({TopicPartition(topic_prefix, 0): gone})

    health = await watch(consumer, [lane_at(topic_prefix, 1)], looks=(0, 40, 70))

    assert f"{topic_prefix}[0]" in health.live().reason


async def test_a_record_whose_header_has_a_name_that_is_no_text_waits_like_any_other(
    connection: Connection, consumer: AIOKafkaConsumer, topic_prefix: str
) -> None:
    await publish_odd(connection.where, topic_prefix, partition=0, key=b"k", value=b"v")

    health = await watch(consumer, [lane_at(topic_prefix, 0)], looks=(0, 40, 70))

    assert f"{topic_prefix}[0]" in health.live().reason


async def test_a_worker_without_lanes_is_alive_and_in_touch(consumer: AIOKafkaConsumer) -> None:
    health = await watch(consumer, [], looks=(0, 40, 100))

    assert health.live().ok
    assert health.ready(now=100).ok
