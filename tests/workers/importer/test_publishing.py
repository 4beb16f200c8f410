from __future__ import annotations

import asyncio
import csv
import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.broker import Broker
from schemas import decode_metrics
from tests.waiting import eventually
from workers.errors import WorkerError
from workers.importer.publishing import Import, identify, publisher
from workers.importer.run import Request, Target, publish_file, reading
from workers.importer.tally import Tally
from workers.kafka import Connection, connect
from workers.partitioner import partition_of
from workers.settings import BrokerSettings
from workers.topic_specs import TopicSpec
from workers.topics import create_topics

pytestmark = pytest.mark.kafka

PARTITIONS = 4
HOURS = 500
CAMPAIGNS = 24
ROWS = HOURS * CAMPAIGNS


@pytest.fixture
def connection(kafka: Broker) -> Connection:
    return connect(BrokerSettings(bootstrap=kafka.bootstrap))


@pytest.fixture
async def topic(connection: Connection, topic_prefix: str) -> str:
    name = f"{topic_prefix}.metrics.v1"
    async with connection.admin() as admin:
        await create_topics(admin, [TopicSpec(name=name, partitions=PARTITIONS)])
    return name


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "report.csv"
    lines = ["platform,account_id,campaign_id,window_start,impressions,clicks,spend"]
    for hour in range(HOURS):
        start = f"2026-{1 + hour // 24 // 28:02d}-{1 + hour // 24 % 28:02d}T{hour % 24:02d}:00:00Z"
        lines += [f"meta,7,c-{c},{start},{hour},{c},0.{hour:04d}" for c in range(CAMPAIGNS)]
    path.write_text("\n".join(lines))
    return path


def target(connection: Connection, topic: str, *, again: bool = False) -> Target:
    prefix = topic.removesuffix(".metrics.v1")
    return Target(connection=connection, topic=topic, prefix=prefix, again=again)


async def publish(file: Path, where: Target, **given: object) -> Tally:
    request = Request(path=file, refused_path=file.with_suffix(".refused"), **given)  # type: ignore[arg-type]
    with reading(request) as source:
        return await publish_file(source, where, lambda _: None)


async def committed(connection: Connection, topic: str) -> list[tuple[int, bytes, bytes]]:
    """Return partition, key and value of all that a reader of committed records sees."""
    consumer = AIOKafkaConsumer(isolation_level="read_committed", **connection.client_options())
    found: list[tuple[int, bytes, bytes]] = []
    async with connection.opened(consumer.start, consumer.stop):
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                found += [(place.partition, record.key, record.value) for record in records]
    return found


def cells(found: list[tuple[int, bytes, bytes]]) -> Counter[tuple[str, str]]:
    events = (decode_metrics(value).event for _, _, value in found)
    return Counter((event.campaign_id, event.window_start.isoformat()) for event in events)


async def test_every_row_is_published_once_in_its_keys_partition(
    connection: Connection, topic: str, file: Path
) -> None:
    tally = await publish(file, target(connection, topic))
    found = await committed(connection, topic)
    assert (tally.published, tally.already, tally.refused.total()) == (ROWS, 0, 0)
    counts = cells(found)
    assert len(counts) == ROWS
    assert set(counts.values()) == {1}
    assert all(place == partition_of(key, PARTITIONS) for place, key, _ in found)


async def test_a_second_run_publishes_nothing_unless_it_is_asked_to(
    connection: Connection, topic: str, file: Path
) -> None:
    await publish(file, target(connection, topic))
    second = await publish(file, target(connection, topic))
    assert (second.published, second.already) == (0, ROWS)
    third = await publish(file, target(connection, topic, again=True))
    assert (third.published, third.already) == (ROWS, 0)
    assert set(cells(await committed(connection, topic)).values()) == {2}


async def test_another_file_or_reading_is_another_import(
    connection: Connection, topic: str, file: Path
) -> None:
    await publish(file, target(connection, topic))
    assert (await publish(file, target(connection, topic), replay=True)).published == ROWS
    append(file, "\nmeta,7,c-new,2026-12-01T00:00:00Z,1,1,1")
    assert (await publish(file, target(connection, topic))).published == ROWS + 1


def test_a_run_that_was_killed_goes_on_and_doubles_nothing(
    kafka: Broker, connection: Connection, topic: str, file: Path
) -> None:
    """Killed in the middle three times; what it had not committed, nobody sees."""
    command = [sys.executable, "-m", "workers", "publish", str(file), "--json"]
    environment = os.environ | {
        "PACEKEEPER_BROKER": kafka.bootstrap,
        "PACEKEEPER_TOPICS_PREFIX": topic.removesuffix(".metrics.v1"),
    }
    for goal in (1, ROWS // 3, ROWS // 2):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)

        def enough(goal: int = goal, process: subprocess.Popen[bytes] = process) -> bool:
            return (
                process.poll() is not None or len(asyncio.run(committed(connection, topic))) > goal
            )

        assert eventually(enough, seconds=30)
        process.kill()
        process.wait()
    last = subprocess.run(command, env=environment, capture_output=True, check=True)
    facts = json.loads(last.stdout)
    assert facts["published"] + facts["published_before"] == ROWS
    counts = cells(asyncio.run(committed(connection, topic)))
    assert len(counts) == ROWS
    assert set(counts.values()) == {1}


async def test_a_run_that_another_overtakes_stops_and_doubles_nothing(
    connection: Connection, topic: str, file: Path
) -> None:
    request = Request(path=file, refused_path=file.with_suffix(".refused"))
    with reading(request) as source:
        identity = identify(file, source.binding, replay=False)
        first_rows = next(source.chunks(Tally(), _Nowhere()))  # type: ignore[arg-type]
    job = Import(topic=topic, prefix=topic.removesuffix(".metrics.v1"), identity=identity)
    last, rows = first_rows
    async with AsyncExitStack() as stack:
        stack.enter_context(pytest.raises(WorkerError, match="started once more"))
        old = await stack.enter_async_context(publisher(connection, job))
        await publish(file, target(connection, topic))
        await old.write(rows, through=last)
    assert set(cells(await committed(connection, topic)).values()) == {1}


class _Nowhere:
    def add(self, refusal: object) -> None:
        raise AssertionError(refusal)


async def test_refused_rows_are_complete_after_a_run_that_went_on(
    connection: Connection, topic: str, file: Path
) -> None:
    spoil(file)
    await publish(file, target(connection, topic))
    again = await publish(file, target(connection, topic))
    assert dict(again.refused) == {"invalid_name": 1, "wrong_type": 1}
    assert refused_rows(file) == [6, ROWS + 1]


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def spoil(file: Path) -> None:
    lines = file.read_text().splitlines()
    lines[5] = lines[5].replace("meta", "Meta")
    lines[-1] += "x"
    file.write_text("\n".join(lines))


def refused_rows(file: Path) -> list[int]:
    with file.with_suffix(".refused").open(newline="") as refused:
        return [int(line["refused_row"]) for line in csv.DictReader(refused)]
