"""How far a worker has read what others write."""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient


async def unread(
    admin: AIOKafkaAdminClient, group: str, topic: str, wanted: Mapping[int, int]
) -> int:
    """Return how many records a consumer group still has to read.

    Parameters
    ----------
    admin
        Connected to Kafka.
    group, topic
        Who reads what, by their full names.
    wanted
        The offset up to which it is to have read, by partition.
    """
    if not wanted:
        return 0
    places = [TopicPartition(topic, number) for number in wanted]
    found = await admin.list_consumer_group_offsets(group, partitions=places)
    return sum(max(wanted[place.partition] - found[place].offset, 0) for place in places)
