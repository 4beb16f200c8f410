"""What every topic must be like: partitions, copies, retention, compaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.topic import FOREVER, Cleanup, Partitions, Topic
from schemas.topics import TOPICS
from workers.delivery.api import Program
from workers.delivery.contract import changelog_topic, table_names
from workers.delivery.sizes import LARGEST_LETTER, MEBIBYTE
from workers.settings import TopicSettings

_DEAD_LETTER_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """One topic as it must be."""

    name: str
    partitions: int
    replication: int = 0
    """Copies; 0 leaves it to the broker."""
    configs: Mapping[str, str] = field(default_factory=dict)
    """Kafka's names and values, only those that matter to us."""


def catalogue_specs(settings: TopicSettings) -> tuple[TopicSpec, ...]:
    """Return the topics of the catalogue and their dead-letter topics."""
    specs = []
    for topic in TOPICS:
        specs.append(_spec(topic.full_name(settings.prefix), settings, topic, _retention(topic)))
        if topic.dead_letters:
            specs.append(_spec(topic.dlq(settings.prefix), settings, topic, _DEAD_LETTERS))
    return tuple(specs)


def changelog_specs(program: Program, settings: TopicSettings) -> Sequence[TopicSpec]:
    """Return the changelog topics of the tables of ``program``."""
    return [
        TopicSpec(
            name=changelog_topic(program.name, table),
            partitions=settings.partitions,
            replication=settings.replication,
            configs=_durable(_CHANGELOG, settings),
        )
        for table in table_names(program)
    ]


_DEAD_LETTERS = {
    "cleanup.policy": "delete",
    "retention.ms": str(_DEAD_LETTER_DAYS * 86_400_000),
    # A dead letter is the original and its headers: larger than what its own topic takes.
    "max.message.bytes": str(LARGEST_LETTER + MEBIBYTE),
}
_CHANGELOG = {
    "cleanup.policy": "compact",
    # Kafka compacts closed segments only; small ones keep what a new owner has to read short.
    "segment.bytes": str(64 * MEBIBYTE),
}


def _retention(topic: Topic) -> Mapping[str, str]:
    if topic.cleanup is Cleanup.COMPACT:
        lag = {"min.compaction.lag.ms": str(topic.versions_ms)} if topic.versions_ms else {}
        return {"cleanup.policy": "compact", **lag}
    kept = {"cleanup.policy": "delete", "retention.ms": str(topic.retention_ms)}
    if topic.retention_ms == FOREVER:
        # A broker may bound partitions by size as well, as the embedded one does.
        kept["retention.bytes"] = str(FOREVER)
    return kept


def _spec(
    name: str, settings: TopicSettings, topic: Topic, configs: Mapping[str, str]
) -> TopicSpec:
    shared = topic.partitions is Partitions.CAMPAIGNS
    return TopicSpec(
        name=name,
        partitions=settings.partitions if shared else 1,
        replication=settings.replication,
        configs=_durable(configs, settings),
    )


def _durable(configs: Mapping[str, str], settings: TopicSettings) -> Mapping[str, str]:
    if not settings.min_insync_replicas:
        return configs
    return {**configs, "min.insync.replicas": str(settings.min_insync_replicas)}
