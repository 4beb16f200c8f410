"""Decisions of people: published on decisions.v1, and answered by the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer

from schemas import (
    AuditEntry,
    Decision,
    Recommendation,
    SchemaError,
    decode,
    encode,
)
from schemas.audit import IN_FORCE, OPEN, REJECTED_BY_PERSON
from schemas.topics import AUDIT, DECISIONS
from workers.executor.entries import identity
from workers.kafka import connect
from workers.reading import partitions_of, reader, writer
from workers.settings import Settings

Subject = Recommendation | None
"""What a decision is about; None where it is about a campaign as a whole."""


def sentence(decision: Decision, subject: Subject) -> str:
    """Return what a decision says, in one sentence without its end."""
    verb = decision.verb.value.replace("_", " ")
    campaign = decision.key.decode()
    if isinstance(subject, Recommendation):
        change = _change(subject, subject.current_value, subject.recommended_value)
        return f"{verb} {subject.field or subject.kind} of {campaign}{change}"
    if decision.window_start and decision.window_end:
        start, end = decision.window_start.isoformat(), decision.window_end.isoformat()
        return f"{verb} of {campaign} from {start} to {end}: nothing is learned from it"
    until = f" until {decision.until.isoformat()}" if decision.until else ""
    return f"{verb} {campaign}{until}"


def became(entry: AuditEntry | None) -> str:
    """Return what became of a decision, in words; None is no answer."""
    if entry is None:
        return "no answer yet"
    reason = f" ({entry.reason})" if entry.reason else ""
    detail = f": {entry.detail}" if entry.detail else ""
    return f"{entry.status.value.replace('_', ' ')}{reason}{detail}"


def is_done(entry: AuditEntry | None) -> bool:
    """Tell whether a decision was carried out, or what it asks for is so already."""
    if entry is None:
        return False
    return entry.status in IN_FORCE or entry.reason == REJECTED_BY_PERSON


async def decide(
    settings: Settings, decisions: Sequence[Decision], seconds: float
) -> Mapping[str, AuditEntry]:
    """Publish decisions, and return the entries that answer them, by the decision's identity.

    Parameters
    ----------
    settings
        Where Kafka is, and the prefix of the topics.
    decisions
        What is decided, in order.
    seconds
        How long answers are waited for; 0 is not at all. What is not answered by then is left out.
    """
    connection, prefix = connect(settings.broker), settings.topics.prefix
    topic = DECISIONS.full_name(prefix)
    partitions = await partitions_of(connection, [AUDIT.full_name(prefix)])
    await partitions_of(connection, [topic])
    answers: dict[str, AuditEntry] = {}
    async with reader(connection) as consumer:
        # Answers come after this, so none is missed however quick the executor is.
        consumer.assign(partitions)
        for partition, end in (await consumer.end_offsets(partitions)).items():
            consumer.seek(partition, end)
        async with writer(connection) as producer:
            for decision in decisions:
                await producer.send_and_wait(topic, encode(decision), key=decision.key)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _hear(consumer, {identity(each) for each in decisions}, answers)
    return answers


async def _hear(
    consumer: AIOKafkaConsumer, wanted: set[str], answers: dict[str, AuditEntry]
) -> None:
    while wanted - answers.keys():
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for entry in _ends(record.value for record in records):
                if entry.decision_id in wanted:
                    answers.setdefault(entry.decision_id, entry)


def _ends(values: Iterator[bytes | None]) -> Iterator[AuditEntry]:
    """Yield the entries that say what became of something."""
    for value in values:
        with suppress(SchemaError):
            entry = decode(value or b"", AuditEntry)
            if entry.status not in OPEN:
                yield entry


def _change(about: Recommendation, now: object, then: object) -> str:
    unit = f" {about.currency or about.unit}" if about.currency or about.unit else ""
    since = "" if now is None else f" from {now}{unit}"
    return since if then is None else f"{since} to {then}{unit}"
