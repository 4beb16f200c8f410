"""Finds a recommendation in Kafka, and reads what it was made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas import Recommendation, campaign_key, decode
from schemas.topics import RECOMMENDATIONS, TICKS
from workers.delivery.clock import at_its_clock
from workers.delivery.loading import read_to_end
from workers.errors import UsageError
from workers.explain.history import Entry, History, read_published
from workers.kafka import Connection
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.program import BROADCASTS, agents
from workers.reading import partitions_of, reader
from workers.record_ids import find_each

Mine = Callable[[ConsumerRecord], bool]


class OfNoOptimizerError(UsageError):
    """A recommendation names no state of an optimizer."""

    def __init__(self, identity: str, record: ConsumerRecord) -> None:
        super().__init__(
            f"recommendation {identity} names no state that it was decided from",
            remedy="only what an optimizer or an allocator decided can be recomputed",
        )
        self.record = record


async def read_history(
    connection: Connection, policy: OptimizerPolicy, prefix: str
) -> tuple[History, int]:
    """Return the history of the campaign of a recommendation, and its position in ``published``.

    Raises
    ------
    UsageError
        No recommendation that is kept has an id that begins with ``prefix``, or several have, or it
        is not one that an optimizer decided.
    """
    advice = policy.topic(RECOMMENDATIONS)
    async with reader(connection) as consumer:
        partitions = await partitions_of(connection, [advice])
        (found,) = await find_each(consumer, partitions, [prefix], "recommendation")
        if found.key is None:
            raise UsageError(f"recommendation {prefix} has no key: nobody knows whose it is")
        history = await _history(connection, consumer, policy, found)
    identity = decode(found.value, Recommendation).recommendation_id
    for number, published in enumerate(history.published):
        if published.advice.recommendation_id == identity:
            return history, number
    raise OfNoOptimizerError(identity, found)


async def _history(
    connection: Connection,
    consumer: AIOKafkaConsumer,
    policy: OptimizerPolicy,
    found: ConsumerRecord,
) -> History:
    advice = policy.topic(RECOMMENDATIONS)
    names = {agent.source for agent in agents(policy)} - {policy.topic(TICKS)}
    told = [policy.topic(each) for each in BROADCASTS]
    every = await partitions_of(connection, [*sorted(names), advice, *told])
    # Topics of campaigns have as many partitions as each other, and a campaign the same of all.
    wanted = [tp for tp in every if tp.topic in told or tp.partition == found.partition]
    beginnings = await consumer.beginning_offsets(wanted)

    def mine(record: ConsumerRecord) -> bool:
        return record.topic in told or key_of(record) == found.key

    logs = await read_logs(consumer, wanted, mine)
    return History(
        key=found.key,
        partition=found.partition,
        partitions=sum(tp.topic == advice for tp in every),
        sources={name: logs[name] for name in names},
        broadcasts={name: logs[name] for name in told},
        published=read_published(logs[advice]),
        beginnings={tp.topic: offset for tp, offset in beginnings.items()},
    )


async def read_logs(
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition], mine: Mine
) -> dict[str, list[Entry]]:
    """Return the records of ``partitions`` that are ``mine``, by topic."""
    logs: dict[str, list[Entry]] = defaultdict(list)
    async for tp, records in read_to_end(consumer, partitions):
        own = [record for record in records if mine(record)]
        clocked = at_its_clock(own)
        logs[tp.topic] += [Entry(a.timestamp, b) for a, b in zip(own, clocked, strict=True)]
    return logs


def key_of(record: ConsumerRecord) -> bytes | None:
    """Return whose record it is; publishers may leave the key to the value."""
    if record.key:
        key: bytes = record.key
        return key
    try:
        value: Any = orjson.loads(record.value or b"")
        return campaign_key(value["platform"], value["account_id"], value["campaign_id"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
