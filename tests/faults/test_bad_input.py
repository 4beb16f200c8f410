"""The real stack takes in all that publishers get wrong, beside good campaigns, and goes on."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord
from aiokafka.errors import MessageSizeTooLargeError

from deploy.broker import Broker
from schemas import AuditEntry, AuditStatus, HoldReason, Kind, Recommendation, decode, topics
from schemas.headers import DEAD_LETTER_PREFIX
from tests.faults.bad_input import (
    COMPRESSIONS,
    GOOD,
    HOURS,
    ODD,
    PARTITIONS,
    SPEND,
    START,
    Mistake,
    Sent,
    accepted,
    bad_hours,
    bad_plans,
    compressed,
    hour,
    oddly_named,
    oddly_named_mistake,
    orders,
    plan,
    plans,
    ticks,
    too_large,
)
from tests.faults.stack import Stack
from tests.odd_headers import READ_AS
from workers.demo.children import running, workers_of
from workers.kafka import connect
from workers.programs import topic_specs
from workers.settings import BrokerSettings, Settings, TopicSettings
from workers.topics import create_topics

# In a group, so that one process has all of them: the stack is run once.
pytestmark = [
    pytest.mark.kafka,
    pytest.mark.faults,
    pytest.mark.xdist_group("bad_input"),
]

MISTAKES = (*bad_hours(), *bad_plans(), too_large(), oddly_named_mistake())


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """All that came of it."""

    letters: dict[str, list[ConsumerRecord]]
    """By case."""
    advice: dict[str, list[Recommendation]]
    """By campaign."""
    audit: dict[str, list[AuditEntry]]
    """By campaign."""
    figures: str
    refused_by_kafka: bool
    chain_is_intact: bool


async def _publish(stack: Stack) -> bool:
    """Publish everything in its order; return whether Kafka refused ten MiB before it was told."""
    await stack.send(plans())
    await stack.send([*(hour(name) for name in GOOD), *accepted()])
    for compression, sent in compressed():
        await stack.send([sent], compression=compression)
    await stack.send([oddly_named()])
    refused = await _refuses(stack, too_large().sent)
    await stack.allow(topics.METRICS, 1 << 24)
    await stack.send([mistake.sent for mistake in MISTAKES])
    await stack.send([replace(plan("deleted"), value=None), *orders()])
    for number in range(1, HOURS):
        await stack.send(hour(name, number) for name in (*GOOD, "twice", "deleted"))
    await stack.send([hour("reordered", 2)])
    await stack.send(ticks(HOURS + 1))
    return refused


async def _refuses(stack: Stack, sent: Sent) -> bool:
    try:
        await stack.send([sent])
    except MessageSizeTooLargeError:
        return True
    return False


async def _run(bootstrap: str, folder: Path) -> Outcome:
    prefix = f"bad{secrets.token_hex(4)}"
    settings = Settings(
        broker=BrokerSettings(bootstrap=bootstrap),
        topics=TopicSettings(prefix=prefix, partitions=PARTITIONS),
    )
    stack = Stack(settings, folder)
    async with connect(settings.broker).admin() as client:
        await create_topics(client, topic_specs(settings))
    # A worker that ends by itself ends the block with an error.
    async with running(workers_of(settings, folder)), asyncio.timeout(150):
        refused = await _publish(stack)
        figures = await stack.figures()
    return await _outcome(stack, figures, refused=refused)


async def _outcome(stack: Stack, figures: str, *, refused: bool) -> Outcome:
    letters: dict[str, list[ConsumerRecord]] = defaultdict(list)
    for record in await stack.dead_letters():
        letters[dict(record.headers)["case"].decode()].append(record)
    advice: dict[str, list[Recommendation]] = defaultdict(list)
    for record in await stack.records(stack.name(topics.RECOMMENDATIONS)):
        one = decode(record.value, Recommendation)
        advice[one.campaign_id].append(one)
    audit: dict[str, list[AuditEntry]] = defaultdict(list)
    for record in await stack.records(stack.name(topics.AUDIT)):
        entry = decode(record.value, AuditEntry)
        audit[entry.campaign_id].append(entry)
    return Outcome(
        letters=letters,
        advice=advice,
        audit=audit,
        figures=figures,
        refused_by_kafka=refused,
        chain_is_intact=await stack.chain_is_intact(),
    )


@pytest.fixture(scope="module")
def outcome(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Run the stack once; each test looks at one side of what came of it."""
    return asyncio.run(_run(kafka.bootstrap, tmp_path_factory.mktemp("bad-input")))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.sent.case)
def test_a_bad_record_is_put_aside_once_as_it_came_and_with_its_reason(
    outcome: Outcome, mistake: Mistake
) -> None:
    (letter,) = outcome.letters[mistake.sent.case]
    said = {name: value.decode() for name, value in letter.headers}
    assert said[DEAD_LETTER_PREFIX + "reason"] == mistake.reason
    assert said[DEAD_LETTER_PREFIX + "field"] == mistake.field
    assert said[DEAD_LETTER_PREFIX + "detail"]
    assert (letter.key, letter.value) == (mistake.sent.key, mistake.sent.value or b"")
    assert (DEAD_LETTER_PREFIX + "null" in said) == (mistake.sent.value is None)


def test_nothing_else_is_put_aside_and_every_letter_is_counted(outcome: Outcome) -> None:
    assert set(outcome.letters) == {mistake.sent.case for mistake in MISTAKES}
    counted = re.findall(
        r"^pacekeeper_dead_letters_total{.*} (\S+)$", outcome.figures, re.MULTILINE
    )
    assert sum(map(float, counted)) == len(MISTAKES)


def test_kafka_itself_refuses_ten_mebibytes_until_its_topic_is_told_otherwise(
    outcome: Outcome,
) -> None:
    assert outcome.refused_by_kafka


@pytest.mark.parametrize("name", [*GOOD, "twice"])
def test_each_hour_of_a_good_campaign_is_counted_once_and_decided_once_beside_all_that(
    outcome: Outcome, name: str
) -> None:
    advice = outcome.advice[name]
    assert [one.kind for one in advice] == [Kind.PACING] * HOURS
    assert [one.hour for one in advice] == [
        START + timedelta(hours=number + 1) for number in range(HOURS)
    ]
    assert [one.spend_to_date for one in advice] == [
        SPEND * (number + 1) for number in range(HOURS)
    ]


@pytest.mark.parametrize("name", GOOD)
def test_each_action_of_a_good_campaign_has_one_entry_in_the_trail(
    outcome: Outcome, name: str
) -> None:
    entries = outcome.audit[name]
    assert len({entry.action_id for entry in entries}) == len(entries) > 0
    assert {entry.status for entry in entries} <= {AuditStatus.SIMULATED, AuditStatus.NO_OP}


def test_hours_out_of_order_are_counted_and_the_newest_one_decides(outcome: Outcome) -> None:
    advice = outcome.advice["reordered"]
    assert [one.hour for one in advice] == [START + timedelta(hours=number) for number in (2, 3)]
    assert advice[-1].spend_to_date == SPEND * 3


@pytest.mark.parametrize("name", ["no-key", "wrong-partition"])
def test_a_record_that_strayed_is_sent_home_and_counts_once(outcome: Outcome, name: str) -> None:
    assert [one.hold_reason for one in outcome.advice[name]] == [HoldReason.NO_PLAN]
    healed = rf'^pacekeeper_healed_records_total{{topic=".*{topics.METRICS.name}"}} 2.0$'
    assert re.search(healed, outcome.figures, re.MULTILINE)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_an_hour_counts_however_its_publisher_compresses(
    outcome: Outcome, compression: str
) -> None:
    assert [one.hold_reason for one in outcome.advice[compression]] == [HoldReason.NO_PLAN]


def test_an_hour_counts_whatever_bytes_its_publisher_names_a_header_with(outcome: Outcome) -> None:
    assert [one.hold_reason for one in outcome.advice[ODD]] == [HoldReason.NO_PLAN]
    (letter,) = outcome.letters[oddly_named_mistake().sent.case]
    assert (READ_AS, b"1") in letter.headers


def test_clicks_above_impressions_count_and_are_suspect(outcome: Outcome) -> None:
    assert [one.hold_reason for one in outcome.advice["suspect"]] == [HoldReason.NO_PLAN]
    suspects = 'pacekeeper_suspect_events_total{reason="clicks_above_impressions"} 1.0'
    assert suspects in outcome.figures


@pytest.mark.parametrize(
    ("name", "reason"),
    [("two-currencies", HoldReason.CURRENCY_MISMATCH), ("deleted", HoldReason.NO_PLAN)],
)
def test_what_can_be_decided_no_more_is_held_with_its_reason(
    outcome: Outcome, name: str, reason: HoldReason
) -> None:
    first, *_, last = outcome.advice[name]
    assert first.kind is Kind.PACING
    assert (last.kind, last.hold_reason) == (Kind.HOLD, reason)


def test_a_budget_below_what_is_spent_leaves_nothing_to_spend(outcome: Outcome) -> None:
    (advice,) = outcome.advice["overspent"]
    assert advice.spend_to_date == SPEND > (advice.period_budget or 0)
    assert advice.hold_reason is HoldReason.BUDGET_GONE or advice.recommended_value == Decimal(0)


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("nobody-knows", AuditStatus.REJECTED, "unknown_recommendation"),
        ("too-late", AuditStatus.EXPIRED, "expired"),
    ],
)
def test_an_order_that_cannot_be_carried_out_has_one_entry_that_says_why(
    outcome: Outcome, name: str, status: AuditStatus, reason: str
) -> None:
    (entry,) = outcome.audit[name]
    assert (entry.status, entry.reason) == (status, reason)
    assert entry.detail


def test_the_trail_is_one_chain(outcome: Outcome) -> None:
    assert outcome.chain_is_intact
