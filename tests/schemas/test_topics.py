"""The catalogue is complete and agrees with the records and the workers."""

from __future__ import annotations

import pytest
from aiokafka.structs import ConsumerRecord

import schemas
from schemas.headers import DEAD_LETTER
from schemas.record import CampaignRecord, Record
from schemas.topic import FOREVER, Cleanup, Key, Partitions
from schemas.topics import TOPICS
from workers.delivery.api import DeadLetter
from workers.delivery.dead_letters import as_output
from workers.delivery.sizes import LARGEST_LETTER


def test_every_record_has_exactly_one_topic() -> None:
    kinds = [topic.record for topic in TOPICS]
    exported = {
        value
        for value in vars(schemas).values()
        if isinstance(value, type) and issubclass(value, Record) and value is not Record
    }

    assert len(kinds) == len(set(kinds)) == 20
    assert set(kinds) == exported


def test_names_carry_their_version_and_the_prefix_is_the_users() -> None:
    for topic in TOPICS:
        assert topic.name.endswith(".v1")
        assert topic.full_name("acme.ads") == f"acme.ads.{topic.name}"
        assert topic.dlq("acme.ads") == f"acme.ads.{topic.name}.dlq"
        assert topic.full_name() == f"pacekeeper.{topic.name}"


def test_what_holds_until_it_is_changed_is_compacted_and_never_expires() -> None:
    told = {"plans.v1", "groups.v1", "fx_rates.v1"}
    lasting = {*told, "priors.v1", "conditions.v1", "experiments.v1"}

    assert {topic.name for topic in TOPICS if topic.cleanup is Cleanup.COMPACT} == lasting
    assert {topic.name for topic in TOPICS if topic.retention_ms == FOREVER} == {
        *lasting,
        "audit.v1",
    }


def test_topics_keyed_by_campaign_share_their_number_of_partitions() -> None:
    for topic in TOPICS:
        if topic.key is Key.CAMPAIGN:
            assert issubclass(topic.record, CampaignRecord)
            assert topic.partitions is Partitions.CAMPAIGNS


def test_every_topic_has_somebody_who_writes_it_and_somebody_who_reads_it() -> None:
    for topic in TOPICS:
        assert topic.writers
        assert topic.readers


_OF_SOME_ONLY = {"pacekeeper-dead-letter-null", "pacekeeper-dead-letter-cut"}


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (b"{", {"own", *DEAD_LETTER} - _OF_SOME_ONLY),
        (None, {"own", *DEAD_LETTER} - {"pacekeeper-dead-letter-cut"}),
        (bytes(LARGEST_LETTER), {*DEAD_LETTER} - {"pacekeeper-dead-letter-null"}),
    ],
    ids=["bytes", "no value", "cut"],
)
def test_the_documented_headers_of_dead_letters_are_those_that_are_sent(
    value: bytes | None, names: set[str]
) -> None:
    record = ConsumerRecord("t", 0, 7, 0, 0, None, value, None, 0, 0, [("own", b"1")])

    sent = as_output(DeadLetter(record, "not_json", "spend", "no")).headers

    assert {name for name, _ in sent} == names
