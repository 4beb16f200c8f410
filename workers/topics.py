"""Creates topics that are missing, and compares those that exist with what they must be.

An existing topic is never touched unless asked: its number of partitions decides which worker
owns which campaign, and its retention decides what can still be replayed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    NoError,
    TopicAlreadyExistsError,
    for_code,
)

from workers.errors import WorkerError
from workers.topic_specs import TopicSpec

_DYNAMIC_TOPIC_CONFIG = 1
_BROKER_DEFAULT = -1
_PROPAGATION_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One way in which a topic is not what it must be."""

    topic: str
    what: str
    """``missing``, ``partitions``, ``replication`` or the name of a configuration."""
    wanted: str
    found: str
    remedy: str

    @property
    def settable(self) -> bool:
        """Whether it is a configuration, which can be set on a topic that exists."""
        return "." in self.what


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What creating topics did, and what it left as it was."""

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    drift: tuple[Drift, ...] = ()


class TopicCreationError(WorkerError):
    """Kafka would not create a topic."""


async def create_topics(
    admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec], *, update: bool = False
) -> Outcome:
    """Create what is missing; report what differs, or with ``update`` set what can be set.

    Raises
    ------
    TopicCreationError
        Kafka refused, for example for want of permission or of brokers to replicate to.
    """
    drift = await find_drift(admin, specs)
    missing = {found.topic for found in drift if found.what == "missing"}
    settable = {found.topic for found in drift if update and found.settable}
    await _create(admin, [spec for spec in specs if spec.name in missing])
    for spec in specs:
        if spec.name in settable:
            await _set_configs(admin, spec)
    return Outcome(
        created=tuple(spec.name for spec in specs if spec.name in missing),
        updated=tuple(spec.name for spec in specs if spec.name in settable),
        drift=tuple(await _settled(admin, specs, missing | settable)),
    )


async def _settled(
    admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec], changed: set[str]
) -> list[Drift]:
    """Return the drift that is left once the brokers have heard of what the controller changed."""
    deadline = asyncio.get_running_loop().time() + _PROPAGATION_SECONDS
    while True:
        drift = await find_drift(admin, specs)
        waiting = any(d.topic in changed and (d.settable or d.what == "missing") for d in drift)
        if not waiting or asyncio.get_running_loop().time() > deadline:
            return drift
        await asyncio.sleep(0.05)


async def await_coordinator(admin: AIOKafkaAdminClient, group: str) -> None:
    """Return once Kafka has a coordinator for ``group``, or after a while without.

    A new Kafka makes its topic of consumer groups when it is first asked for one; consumers that
    come before it is there log errors for seconds.
    """
    deadline = asyncio.get_running_loop().time() + _PROPAGATION_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        try:
            await admin.find_coordinator(group)
        except GroupCoordinatorNotAvailableError:
            await asyncio.sleep(0.1)
        else:
            return


async def find_drift(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> list[Drift]:
    """Compare ``specs`` with what Kafka has; an empty list means that all is as it must be."""
    described = await admin.describe_topics()
    existing = {topic["topic"]: topic["partitions"] for topic in described}
    configs = await _configs(admin, [spec for spec in specs if spec.name in existing])
    drift: list[Drift] = []
    for spec in specs:
        if spec.name not in existing:
            remedy = "pacekeeper topics create"
            drift.append(_drift(spec, "missing", "a topic", "nothing", remedy))
            continue
        drift += _shape_drift(spec, existing[spec.name])
        for name, wanted in spec.configs.items():
            found = configs[spec.name].get(name, ("nothing", 0))[0]
            if found != wanted:
                drift.append(_drift(spec, name, wanted, found, "pacekeeper topics create --update"))
    return drift


def _shape_drift(spec: TopicSpec, partitions: Sequence[Mapping[str, Any]]) -> Iterable[Drift]:
    if len(partitions) != spec.partitions:
        yield _drift(
            spec,
            "partitions",
            str(spec.partitions),
            str(len(partitions)),
            f"set topics.partitions to {len(partitions)}: keys must not move",
        )
    copies = {len(partition["replicas"]) for partition in partitions}
    if spec.replication and copies != {spec.replication}:
        yield _drift(
            spec,
            "replication",
            str(spec.replication),
            ", ".join(map(str, sorted(copies))),
            "reassign replicas with Kafka's own tools, or set topics.replication",
        )


def _drift(spec: TopicSpec, what: str, wanted: str, found: str, remedy: str) -> Drift:
    return Drift(topic=spec.name, what=what, wanted=wanted, found=found, remedy=remedy)


async def _create(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> None:
    if not specs:
        return
    response = await admin.create_topics([_new_topic(spec) for spec in specs])
    for name, code, detail in response.topic_errors:
        # Somebody else created it in the meantime: that is what was wanted.
        if for_code(code) not in (NoError, TopicAlreadyExistsError):
            kind = for_code(code).__name__.removesuffix("Error")
            raise TopicCreationError(f"Kafka would not create {name}: {kind}: {detail}")


def _new_topic(spec: TopicSpec) -> NewTopic:
    topic = NewTopic(spec.name, spec.partitions, spec.replication or 1, topic_configs=spec.configs)
    if not spec.replication:
        # Kafka's protocol has this value for its own default; NewTopic's constructor refuses it.
        topic.replication_factor = _BROKER_DEFAULT
    return topic


async def _configs(
    admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]
) -> dict[str, dict[str, tuple[str, int]]]:
    """Return name to value and source, per topic, as Kafka has them."""
    if not specs:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, spec.name) for spec in specs]
    found: dict[str, dict[str, tuple[str, int]]] = {}
    for response in await admin.describe_configs(resources):
        for _, _, _, topic, entries in response.resources:
            found[topic] = {entry[0]: (entry[1], entry[3]) for entry in entries}
    return found


async def _set_configs(admin: AIOKafkaAdminClient, spec: TopicSpec) -> None:
    """Set ours and keep what somebody else has set: Kafka's request replaces all of them."""
    current = (await _configs(admin, [spec]))[spec.name]
    kept = {n: value for n, (value, source) in current.items() if source == _DYNAMIC_TOPIC_CONFIG}
    resource = ConfigResource(ConfigResourceType.TOPIC, spec.name, {**kept, **spec.configs})
    for response in await admin.alter_configs([resource]):
        for code, detail, _, topic in response.resources:
            if for_code(code) is not NoError:
                raise TopicCreationError(f"Kafka would not change {topic}: {detail}")
