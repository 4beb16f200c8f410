"""How far a worker has read what others write."""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError


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
    try:
        found = await admin.list_consumer_group_offsets(group, partitions=places)
    except GroupCoordinatorNotAvailableError:
        # A Kafka that has just been made keeps nobody's offsets yet.
        return sum(wanted.values())
    read = {place.partition: offset.offset for place, offset in found.items()}
    return sum(max(end - read.get(number, 0), 0) for number, end in wanted.items())
