"""Reads what a recommendation of a group's budget was made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas import Recommendation, decode
from schemas.topics import GROUPS, PORTFOLIO
from workers.allocator.member_rows import KEPT_DAYS
from workers.allocator.policy import AllocatorPolicy
from workers.delivery.api import Record
from workers.errors import UsageError
from workers.explain.gone import Again, deleted, replaced, since, undefined
from workers.explain.group_budgets import group_of, groups_of, recomputed
from workers.explain.reading import read_logs
from workers.kafka import Connection
from workers.partitioner import partition_of
from workers.reading import partitions_of, reader

GOES_BY_DAYS: Final = KEPT_DAYS
"""Days before a recommendation of which rows count: curves and flights go no further back."""


async def recomputed_from_topics(
    connection: Connection, policy: AllocatorPolicy, record: ConsumerRecord
) -> Again:
    """Return a group's recommendation as its records lead to it now.

    Raises
    ------
    UsageError
        The record is of no group, or what it was made from is not kept any more.
    """
    advice = decode(record.value, Recommendation)
    group = group_of(advice)
    if group is None:
        raise UsageError(f"recommendation {advice.recommendation_id} names neither state nor group")
    names = [policy.topic(GROUPS), policy.topic(PORTFOLIO)]
    every = await partitions_of(connection, names)
    count = sum(each.topic == names[0] for each in every)
    home = partition_of(group.encode(), count)
    defined, closed = (TopicPartition(name, home) for name in names)
    async with reader(connection) as consumer:
        # Which groups lie in this one is told by what is said of all that the partition knows.
        logs = await read_logs(consumer, [defined], lambda _: True)
        groups: list[Record] = [entry.record for entry in logs[defined.topic]]
        rows = await _rows(consumer, policy, advice, groups, (closed, count))
        gone = await deleted(consumer, closed, since(record, advice, GOES_BY_DAYS))
    gone += replaced(groups, advice.inputs[defined.topic], _told(rows, advice))
    made = recomputed(policy, advice, [*groups, *rows], (home, count))
    if made is None:
        raise UsageError(
            f"what is kept of group {group} leads to no recommendation {advice.recommendation_id}",
            remedy="; ".join(gone) or "the topic or the prefix may not be those it was of",
        )
    return Again(made, gone)


async def _rows(
    consumer: AIOKafkaConsumer,
    policy: AllocatorPolicy,
    advice: Recommendation,
    groups: Sequence[Record],
    place: tuple[TopicPartition, int],
) -> list[Record]:
    """Return the closed days of a tree, and of groups that may have been in it and are not told."""
    closed, count = place
    keys = groups_of(policy, advice, groups, (closed.partition, count))
    keys |= undefined(groups, advice.inputs[policy.topic(GROUPS)]).keys()
    logs = await read_logs(consumer, [closed], lambda told: told.key in keys)
    return [entry.record for entry in logs[closed.topic]]


def _told(rows: Sequence[Record], advice: Recommendation) -> Counter[bytes]:
    return Counter(
        each.key or b"" for each in rows if each.offset <= advice.inputs.get(each.topic, -1)
    )
