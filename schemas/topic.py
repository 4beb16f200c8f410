"""What is said of a topic: what is in it, who writes it, how long it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.record import Record

DEFAULT_PREFIX = "pacekeeper"
DLQ_SUFFIX = ".dlq"

DAY_MS = 86_400_000
FOREVER = -1
"""Retention in milliseconds that means: never deleted."""


class Key(StrEnum):
    """What a topic's records are keyed by; every record's ``key`` gives the bytes."""

    CAMPAIGN = "platform:account_id:campaign_id"
    BUDGET_GROUP = "budget_group_id"
    ACCOUNT = "platform:account_id"
    POOL = "platform:account_id, platform or *"
    SCOPE = "the names of the scope (or *), # and the kind"
    EXPERIMENT = "experiment_id"
    CURRENCIES = "two currencies in alphabetical order, / between them"
    PARTITION = "the number of the partition"


class Partitions(StrEnum):
    """How a topic's number of partitions is found."""

    CAMPAIGNS = "campaigns"
    """One setting for all campaign topics: a worker owns the same numbers of each."""
    BROADCAST = "broadcast"
    """One: every worker reads the whole topic."""


class Cleanup(StrEnum):
    """Kafka's ``cleanup.policy``."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic of the catalogue. ``name`` is without the prefix, such as ``metrics.v1``."""

    name: str
    record: type[Record]
    key: Key
    partitions: Partitions = Partitions.CAMPAIGNS
    cleanup: Cleanup = Cleanup.DELETE
    retention_ms: int = 30 * DAY_MS
    versions_ms: int = 0
    """Of a compacted topic: how long a record stays though a later one took its place."""
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    dead_letters: bool = True
    """Whether unreadable records go to ``<topic>.dlq``; broadcast readers only count them."""
    about: str

    def full_name(self, prefix: str = DEFAULT_PREFIX) -> str:
        """Return the Kafka name, such as ``pacekeeper.metrics.v1``."""
        return f"{prefix}.{self.name}"

    def dlq(self, prefix: str = DEFAULT_PREFIX) -> str:
        """Return the name of the topic's dead-letter topic."""
        return self.full_name(prefix) + DLQ_SUFFIX
