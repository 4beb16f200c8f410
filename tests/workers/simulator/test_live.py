"""The simulator on a real Kafka: what it publishes, and that it obeys."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from aiokafka.structs import ConsumerRecord

from deploy.broker import Broker
from schemas import (
    AuditEntry,
    AuditStatus,
    MetricsEvent,
    Mode,
    Plan,
    Strategy,
    Tick,
    decode,
    decode_metrics,
    encode,
)
from schemas.topic import Topic
from schemas.topics import AUDIT, METRICS, PLANS, TICKS
from workers.delivery.loading import read_to_end
from workers.kafka import Connection, connect
from workers.partitioner import partition_of
from workers.reading import partitions_of, reader, writer
from workers.settings import BrokerSettings, TopicSettings
from workers.simulator.live import Course, Setting, Surroundings, simulate
from workers.simulator.population import World, make_world
from workers.simulator.reports import Faults, Outage
from workers.topic_specs import catalogue_specs
from workers.topics import create_topics

pytestmark = pytest.mark.kafka

START = 495_000
CAMPAIGNS, HOURS = 5, 6


@pytest.fixture
def topics(topic_prefix: str) -> TopicSettings:
    return TopicSettings(prefix=topic_prefix, partitions=3)


@pytest.fixture
async def connection(kafka: Broker, topics: TopicSettings) -> Connection:
    found = connect(BrokerSettings(bootstrap=kafka.bootstrap))
    async with found.admin() as admin:
        await create_topics(admin, catalogue_specs(topics))
    return found


def world() -> World:
    return make_world(CAMPAIGNS, seed=6, auctions_per_day=3_000)


async def run(connection: Connection, topics: TopicSettings, faults: Faults) -> None:
    course = Course(start=START, hours=HOURS, history=24, seconds_per_hour=0.0)
    setting = Setting(world=world(), faults=faults, course=course, strategy=Strategy.EVEN)
    around = Surroundings(
        connection=connection,
        topics=topics,
        now=lambda: datetime(2030, 1, 1, tzinfo=UTC),
        tell=lambda _: None,
    )
    async with asyncio.timeout(60):
        await simulate(setting, around)


async def records(
    connection: Connection, topics: TopicSettings, topic: Topic
) -> list[ConsumerRecord]:
    found: list[ConsumerRecord] = []
    partitions = await partitions_of(connection, [topic.full_name(topics.prefix)])
    async with reader(connection) as consumer:
        async for _, batch in read_to_end(consumer, partitions):
            found += batch
    return found


def events(found: Sequence[ConsumerRecord]) -> list[MetricsEvent]:
    return [decode_metrics(record.value).event for record in found]


def hour_of(event: MetricsEvent) -> int:
    return int(event.window_start.timestamp()) // 3600


async def test_history_comes_first_and_every_live_hour_is_told_in_its_time(
    connection: Connection, topics: TopicSettings
) -> None:
    await run(connection, topics, Faults())
    found = await records(connection, topics, METRICS)
    told = Counter(hour_of(event) for event in events(found) if event.sequence_number == 0)
    assert all(told[START + hour] == CAMPAIGNS for hour in range(HOURS))
    assert {hour_of(event) for event in events(found)} == set(range(START - 24, START + HOURS))
    for record, event in zip(found, events(found), strict=True):
        assert record.key == bytes(event.key)
        assert record.partition == partition_of(record.key, topics.partitions)
        # Two minutes after the beginning of an hour that is not before the event's end.
        age = record.timestamp - int(event.window_start.timestamp() * 1000) - 3_600_000
        assert age >= 120_000
        assert age % 3_600_000 == 120_000


async def test_every_campaign_has_a_plan_and_every_partition_the_time(
    connection: Connection, topics: TopicSettings
) -> None:
    await run(connection, topics, Faults())
    plans = [decode(r.value, Plan) for r in await records(connection, topics, PLANS)]
    assert {plan.campaign_id for plan in plans} == {c.key.campaign_id for c in world().campaigns}
    assert {plan.strategy for plan in plans} == {Strategy.EVEN}
    times = [decode(r.value, Tick) for r in await records(connection, topics, TICKS)]
    assert Counter(tick.partition for tick in times) == dict.fromkeys(range(3), HOURS + 1)


async def test_the_market_spends_no_more_than_the_trail_has_put_in_force(
    connection: Connection, topics: TopicSettings
) -> None:
    chosen = world().campaigns[2]
    limit = (chosen.day_budget / 240).quantize(Decimal("0.01"))
    entry = AuditEntry(
        at=datetime(2026, 6, 1, tzinfo=UTC),
        status=AuditStatus.SIMULATED,
        mode=Mode.SIMULATE,
        actor="test",
        platform=chosen.key.platform,
        account_id=chosen.key.account_id,
        campaign_id=chosen.key.campaign_id,
        entity_id=chosen.key.campaign_id,
        field="hourly_budget",
        currency=chosen.currency,
        after=limit,
    )
    async with writer(connection) as producer:
        topic = AUDIT.full_name(topics.prefix)
        await producer.send_and_wait(topic, encode(entry), key=bytes(chosen.key))
    await run(connection, topics, Faults())
    live = [e for e in events(await records(connection, topics, METRICS)) if hour_of(e) >= START]
    ours = [event.spend for event in live if event.key == bytes(chosen.key)]
    assert ours
    assert max(ours) <= limit
    for campaign in world().campaigns:
        others = [e.spend for e in live if e.key == bytes(campaign.key) != bytes(chosen.key)]
        assert all(spend <= campaign.day_budget / 24 for spend in others)


async def test_an_outage_of_reports_is_silence_and_then_everything(
    connection: Connection, topics: TopicSettings
) -> None:
    outage = Outage(start=START + 2, end=START + 5)
    await run(connection, topics, Faults(reporting_outages=(outage,), duplicate_share=0.5))
    found = await records(connection, topics, METRICS)
    by_time = Counter(record.timestamp // 3_600_000 for record in found)
    assert not any(outage.covers(hour) for hour in by_time)
    told = {hour_of(e) for e in events(found) if e.sequence_number == 0}
    assert told >= {START + hour for hour in range(HOURS)}
