"""Laws of topics, on a real Kafka: created once, left alone after that, differences told."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.broker import Broker
from schemas.topic import FOREVER, Cleanup, Partitions
from schemas.topics import TOPICS
from workers.delivery.api import Agent, Journal, Program, Step
from workers.kafka import connect
from workers.settings import BrokerSettings, TopicSettings
from workers.topic_specs import TopicSpec, catalogue_specs, changelog_specs
from workers.topics import TopicCreationError, create_topics, find_drift

pytestmark = pytest.mark.kafka


@pytest.fixture
async def admin(kafka: Broker) -> AsyncIterator[AIOKafkaAdminClient]:
    async with connect(BrokerSettings(bootstrap=kafka.bootstrap)).admin() as client:
        yield client


def spec_in(prefix: str, **configs: str) -> TopicSpec:
    return TopicSpec(
        name=f"{prefix}.one", partitions=2, configs={"cleanup.policy": "delete", **configs}
    )


async def partitions(admin: AIOKafkaAdminClient, prefix: str) -> dict[str, int]:
    described = await admin.describe_topics()
    found = {topic["topic"]: len(topic["partitions"]) for topic in described}
    return {name: count for name, count in found.items() if name.startswith(prefix)}


async def configs(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    (response,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    return {entry[0]: entry[1] for entry in response.resources[0][4]}


async def test_every_topic_of_the_catalogue_is_there_with_what_the_catalogue_says(
    admin: AIOKafkaAdminClient, topic_prefix: str
) -> None:
    settings = TopicSettings(prefix=topic_prefix, partitions=3)

    outcome = await create_topics(admin, catalogue_specs(settings))

    assert outcome.drift == ()
    found = await partitions(admin, topic_prefix)
    for topic in TOPICS:
        name = topic.full_name(topic_prefix)
        count = 3 if topic.partitions is Partitions.CAMPAIGNS else 1
        kept = await configs(admin, name)
        assert found.pop(name) == count
        assert kept["cleanup.policy"] == topic.cleanup.value
        if topic.cleanup is Cleanup.DELETE:
            assert kept["retention.ms"] == str(topic.retention_ms)
        else:
            assert kept["min.compaction.lag.ms"] == str(topic.versions_ms)
        if topic.retention_ms == FOREVER and topic.cleanup is Cleanup.DELETE:
            assert kept["retention.bytes"] == str(FOREVER), "no broker may bound it by size"
        if topic.dead_letters:
            assert found.pop(topic.dlq(topic_prefix)) == count
    assert found == {}


async def test_each_table_has_a_compacted_changelog_and_the_journal_has_one_too(
    admin: AIOKafkaAdminClient, topic_prefix: str
) -> None:
    agents = tuple(
        Agent(name=name, source=f"{topic_prefix}.{name}", step=lambda _view, _records: Step())
        for name in ("metrics", "plans")
    )
    program = Program(
        name=f"{topic_prefix}-worker",
        agents=agents,
        journal=Journal(topic="audit", seal=lambda head, outputs: (head, outputs)),
    )

    await create_topics(admin, changelog_specs(program, TopicSettings(partitions=4)))

    found = await partitions(admin, topic_prefix)
    assert found == {
        f"{topic_prefix}-worker-{table}-changelog": 4 for table in ("metrics", "plans", "journal")
    }
    for name in found:
        assert (await configs(admin, name))["cleanup.policy"] == "compact"


async def test_creating_again_changes_nothing(
    admin: AIOKafkaAdminClient, topic_prefix: str
) -> None:
    spec = spec_in(topic_prefix)

    first = await create_topics(admin, [spec])
    again = await create_topics(admin, [spec])

    assert first.created == (spec.name,)
    assert (again.created, again.updated, again.drift) == ((), (), ())


async def test_a_missing_topic_is_told_and_then_only_that_one_is_created(
    admin: AIOKafkaAdminClient, topic_prefix: str
) -> None:
    one = spec_in(topic_prefix)
    two = replace(one, name=f"{topic_prefix}.two")
    await create_topics(admin, [one])

    (drift,) = await find_drift(admin, [one, two])
    outcome = await create_topics(admin, [one, two])

    assert (drift.topic, drift.what) == (two.name, "missing")
    assert outcome.created == (two.name,)


async def test_another_number_of_partitions_is_told_and_never_changed(
    admin: AIOKafkaAdminClient, topic_prefix: str
) -> None:
    spec = spec_in(topic_prefix)
    await create_topics(admin, [spec])

    outcome = await create_topics(admin, [replace(spec, partitions=5)], update=True)

    (drift,) = outcome.drift
    assert (drift.what, drift.wanted, drift.found) == ("partitions", "5", "2")
    assert await partitions(admin, topic_prefix) == {spec.name: 2}


async def test_another_replication_is_told(admin: AIOKafkaAdminClient, topic_prefix: str) -> None:
    spec = spec_in(topic_prefix)
    await create_topics(admin, [spec])

    (drift,) = await find_drift(admin, [replace(spec, replication=3)])

    assert (drift.what, drift.wanted, drift.found) == ("replication", "3", "1")


async def test_another_configuration_is_told_and_left_alone_unless_asked_to_change_it(
    admin: AIOKafkaAdminClient, topic_prefix: str
) -> None:
    spec = spec_in(topic_prefix, **{"retention.ms": "3600000"})
    await create_topics(admin, [spec])
    wanted = spec_in(topic_prefix, **{"retention.ms": "7200000"})

    left = await create_topics(admin, [wanted])
    assert [(d.what, d.wanted, d.found) for d in left.drift] == [
        ("retention.ms", "7200000", "3600000")
    ]
    assert (await configs(admin, spec.name))["retention.ms"] == "3600000"

    changed = await create_topics(admin, [wanted], update=True)
    assert (changed.updated, changed.drift) == ((spec.name,), ())
    assert (await configs(admin, spec.name))["retention.ms"] == "7200000"


async def test_changing_one_configuration_keeps_what_somebody_else_has_set(
    admin: AIOKafkaAdminClient, topic_prefix: str
) -> None:
    theirs = {"retention.ms": "3600000", "max.message.bytes": "2000000"}
    spec = spec_in(topic_prefix, **theirs)
    await create_topics(admin, [spec])

    wanted = spec_in(topic_prefix, **{"retention.ms": "7200000"})
    await create_topics(admin, [wanted], update=True)

    assert (await configs(admin, spec.name))["max.message.bytes"] == "2000000"


async def test_more_copies_than_brokers_are_refused_with_the_topic_and_the_reason(
    admin: AIOKafkaAdminClient, topic_prefix: str
) -> None:
    with pytest.raises(TopicCreationError, match=rf"{topic_prefix}\.one: InvalidReplicationFactor"):
        await create_topics(admin, [replace(spec_in(topic_prefix), replication=3)])


def test_copies_that_must_be_written_are_set_where_the_settings_say_so() -> None:
    specs = catalogue_specs(TopicSettings(replication=3, min_insync_replicas=1))

    assert {spec.configs["min.insync.replicas"] for spec in specs} == {"1"}


async def test_a_dead_letter_topic_takes_what_its_own_topic_would_not(
    admin: AIOKafkaAdminClient, topic_prefix: str
) -> None:
    specs = {spec.name: spec for spec in catalogue_specs(TopicSettings(prefix=topic_prefix))}
    letters = specs[f"{topic_prefix}.metrics.v1.dlq"]
    await create_topics(admin, [letters])

    kept = await configs(admin, letters.name)

    assert int(kept["max.message.bytes"]) > 10_000_000
