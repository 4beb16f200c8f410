"""Reads what a recommendation of a group's budget was made from."""

from __future__ import annotations

from aiokafka import ConsumerRecord

from schemas import Recommendation, decode
from schemas.topics import GROUPS, PORTFOLIO
from workers.allocator.policy import AllocatorPolicy
from workers.delivery.api import Record
from workers.errors import UsageError
from workers.explain.group_budgets import group_of, groups_of, recomputed
from workers.explain.reading import read_logs
from workers.kafka import Connection
from workers.partitioner import partition_of
from workers.reading import partitions_of, reader


async def recomputed_from_topics(
    connection: Connection, policy: AllocatorPolicy, record: ConsumerRecord
) -> bytes:
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
    place = home, count
    async with reader(connection) as consumer:
        groups, closed = (
            [each for each in every if each.topic == name and each.partition == home]
            for name in names
        )
        # Which groups lie in this one is told by what is said of all that the partition knows.
        logs = await read_logs(consumer, groups, lambda _: True)
        records: list[Record] = [entry.record for entry in logs[names[0]]]
        keys = groups_of(policy, advice, records, place)
        logs = await read_logs(consumer, closed, lambda told: told.key in keys)
    records += [entry.record for entry in logs[names[1]]]
    made = recomputed(policy, advice, records, place)
    if made is None:
        raise UsageError(
            f"what is kept of group {group} leads to no recommendation {advice.recommendation_id}",
            remedy="a newer version of the group takes the place of the one that it was made by, "
            "and closed days are kept for 90 days",
        )
    return made
