"""What acts beside steps: told of what is committed, and only while a partition is ours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ProducerFenced

from deploy.broker import Broker
from tests.workers.delivery.build import record
from tests.workers.delivery.test_ownership import Silent
from workers.delivery.api import Agent, Program, Record, Step, Tenure, View
from workers.delivery.chunks import Chunk
from workers.delivery.clients import Clients
from workers.delivery.contract import Contract, changelog_topic
from workers.delivery.partition import Partition

pytestmark = pytest.mark.kafka


@dataclass(slots=True)
class Beside:
    """Notes what it is told, with what the table holds at that time."""

    told: list[tuple[str, Mapping[bytes, bytes]]] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def prepare(self) -> None: ...

    async def aclose(self) -> None: ...

    def took_over(self, tenure: Tenure) -> None:
        self.told.append(("took over", dict(tenure.view.table("copy"))))

    def committed(self, tenure: Tenure, agent: str, step: Step) -> None:
        assert agent == "copy"
        assert step.writes.items() <= tenure.view.table("copy").items()
        self.told.append(("committed", dict(tenure.view.table("copy"))))
        self.news.set()

    async def let_go(self, tenure: Tenure) -> None:
        assert not await asyncio.wait_for(tenure.is_ours(0.0), 5.0), "it is about to be another's"
        await self.done.wait()
        self.told.append(("let go", {}))


def copy(view: View, records: Sequence[Record]) -> Step:  # noqa: ARG001 -- a step has a view
    return Step(writes={each.key or b"": each.value for each in records})


@dataclass(slots=True)
class Owner:
    """One process that has partition 0, or believes so."""

    partition: Partition
    beside: Beside
    failures: list[BaseException]

    async def applied(self, *values: bytes) -> None:
        """Hand the lane records, and return once their step is committed."""
        (lane,) = self.partition.lanes.values()
        first = lane.taken_in
        records = [record(first + at, value=value) for at, value in enumerate(values)]
        lane.offer(Chunk(first, records))
        self.beside.news.clear()
        await asyncio.wait_for(self.beside.news.wait(), 20.0)


def owner(kafka: Broker, prefix: str) -> Owner:
    beside, failures = Beside(), list[BaseException]()
    beside.done.set()
    agent = Agent(name="copy", source=f"{prefix}-in", step=copy)
    contract = Contract(
        program=Program(name=prefix, agents=(agent,), companion=beside),
        partitions=1,
        clients=Clients(connection={"bootstrap_servers": kafka.bootstrap}),
        observer=Silent(),
    )
    return Owner(Partition(contract, 0, broadcasts={}, fail=failures.append), beside, failures)


@pytest.fixture
async def prefix(kafka: Broker, topic_prefix: str) -> str:
    """Create a source and a changelog, and return what their names begin with."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    names = (f"{topic_prefix}-in", changelog_topic(topic_prefix, "copy"))
    await admin.create_topics([NewTopic(name, 1, 1) for name in names])
    await admin.close()
    return topic_prefix


async def test_it_hears_of_tables_before_any_step_of_each_commit_and_lets_go_before_the_next_owner(
    kafka: Broker, prefix: str
) -> None:
    first, second = owner(kafka, prefix), owner(kafka, prefix)
    await first.partition.open()
    await first.applied(b"1")
    await first.applied(b"2")
    first.beside.done.clear()
    closing = asyncio.create_task(first.partition.close())
    assert not (await asyncio.wait({closing}, timeout=0.5))[0], "something is still acted on"
    first.beside.done.set()
    await closing
    await second.partition.open()
    await second.partition.close()

    one, two = {b"key": b"1"}, {b"key": b"2"}
    assert first.beside.told == [
        ("took over", {}),
        ("committed", one),
        ("committed", two),
        ("let go", {}),
    ]
    assert second.beside.told == [("took over", two), ("let go", {})]


async def test_a_partition_is_ours_until_another_has_opened_it_however_long_we_were_stopped(
    kafka: Broker, prefix: str
) -> None:
    stopped, next_one = owner(kafka, prefix), owner(kafka, prefix)
    await stopped.partition.open()
    assert await stopped.partition.is_ours(5.0), "nobody else has it: asking proves it"
    await next_one.partition.open()
    await next_one.applied(b"1")

    assert await stopped.partition.is_ours(60.0), "what was proved less than a minute ago"
    assert not await stopped.partition.is_ours(0.001)
    assert [type(each) for each in stopped.failures] == [ProducerFenced]
    assert await next_one.partition.is_ours(5.0)
    assert next_one.failures == []
    await next_one.partition.close()


async def test_proving_that_a_partition_is_ours_moves_no_offset_and_waits_for_its_turn(
    kafka: Broker, prefix: str
) -> None:
    one, again = owner(kafka, prefix), owner(kafka, prefix)
    await one.partition.open()
    await one.applied(b"1", b"2", b"3")
    await asyncio.gather(*(one.partition.is_ours(0.001) for _ in range(5)))
    await one.partition.hold()
    one.partition._proven = -inf
    asked = asyncio.create_task(one.partition.is_ours(60.0))
    assert not (await asyncio.wait({asked}, timeout=0.3))[0], "partitions change hands just now"
    await one.partition.close()
    assert not await asked
    await again.partition.open()

    (lane,) = again.partition.lanes.values()
    assert lane.applied == 3
    await again.partition.close()


async def test_what_the_world_has_said_is_committed_like_a_step_and_by_the_owner_alone(
    kafka: Broker, prefix: str
) -> None:
    first, second = owner(kafka, prefix), owner(kafka, prefix)

    def said(view: View) -> Step:
        assert view.table("copy") == {b"key": b"2"}
        return Step(writes={b"other": b"3"})

    await first.partition.open()
    await first.applied(b"1", b"2")
    assert await first.partition.commit("copy", said)
    assert first.beside.told[-1] == ("committed", {b"key": b"2", b"other": b"3"})
    await second.partition.open()
    assert not await first.partition.commit("copy", lambda _: Step(writes={b"key": None}))

    assert second.beside.told == [("took over", {b"key": b"2", b"other": b"3"})]
    assert [type(each) for each in first.failures] == [ProducerFenced]
    (lane,) = second.partition.lanes.values()
    assert lane.applied == 2, "no record was passed over, and none is read again"
    await second.partition.close()
