"""Topics of the broker that figures are taken on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)

GROUPS_NOT_READY = (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)
"""What a broker says of a group before it has made the topic that groups are kept in."""

Assignments = dict[str, dict[str, list[int]]]
"""Partitions by topic, by member of a group."""


class Cluster:
    """A client for what the harness itself does: make topics, watch them grow, remove them."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        self._reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None)

    async def __aenter__(self) -> Self:
        await self._admin.start()
        await self._reader.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._reader.stop()
        await self._admin.close()

    async def create(
        self, names: Sequence[str], *, partitions: int, settings: Mapping[str, str] | None = None
    ) -> None:
        """Create topics that keep what they are given, whatever its age."""
        kept = {"retention.ms": "-1", "retention.bytes": "-1", **(settings or {})}
        await self._admin.create_topics(
            [
                NewTopic(
                    name=name, num_partitions=partitions, replication_factor=1, topic_configs=kept
                )
                for name in names
            ]
        )

    async def remove(self, prefix: str) -> None:
        """Remove all topics whose names start with ``prefix``."""
        names = [name for name in await self._admin.list_topics() if name.startswith(prefix)]
        if names:
            await self._admin.delete_topics(names)

    async def committed(self, group: str, topic: str, partitions: int) -> list[int]:
        """Return how far ``group`` has committed each partition."""
        wanted = [TopicPartition(topic, partition) for partition in range(partitions)]
        try:
            found = await self._admin.list_consumer_group_offsets(group, partitions=wanted)
        except GROUPS_NOT_READY:
            return [0] * partitions
        return [max(found[at].offset, 0) if at in found else 0 for at in wanted]

    async def assignments(self, group: str) -> Assignments:
        """Return what each member of ``group`` owns; empty while a rebalance goes on."""
        try:
            (response,) = await self._admin.describe_consumer_groups([group])
        except GROUPS_NOT_READY:
            return {}
        _, _, state, _, _, members, *_ = response.groups[0]
        if state != "Stable":
            return {}
        return {
            member: dict(ConsumerProtocolMemberAssignment.decode(assignment).assignment)
            for member, _, _, _, assignment, *_ in members
        }

    async def ends(self, topic: str, partitions: int) -> list[int]:
        """Return the end offset of each partition, markers of transactions included."""
        wanted = [TopicPartition(topic, partition) for partition in range(partitions)]
        ends = await self._reader.end_offsets(wanted)
        return [ends[partition] for partition in wanted]
