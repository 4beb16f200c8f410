"""Publish what is new among the records of people's files: what ``apply`` commands share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

import typer
from aiokafka import ConsumerRecord

from schemas.codec import encode
from schemas.condition import Condition
from schemas.decision import Decision
from schemas.fx_rate import FxRate
from schemas.group import Group
from schemas.plan import Plan
from schemas.topic import Topic
from workers.cli.console import await_result, counted, done, note, print_json
from workers.delivery.loading import Table, read_to_end, replay
from workers.kafka import Connection, connect
from workers.partitioner import partition_of
from workers.reading import partitions_of, reader, writer
from workers.record_changes import Change, RecordT
from workers.settings import Settings

OfPeople = Plan | Group | FxRate | Decision | Condition
"""What people publish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Generic[RecordT]):
    """What is to be in force, and how it is held against a topic."""

    records: Sequence[RecordT]
    one: str
    """What a record is called."""
    topic: Topic
    changes: Callable[[Table], list[Change[RecordT]]]
    """Returns what is new beside the topic's records; raises `UsageError`."""
    as_object: Callable[[Change[RecordT]], dict[str, object]]
    """Returns what programs are told of a change."""
    show: Callable[[Change[RecordT]], None]
    """Prints what people are told of it."""
    spread: bool = False
    """Whether workers copy the records to other partitions: where its key belongs, one counts."""


def apply_records(
    settings: Settings, wanted: Wanted[RecordT], *, dry_run: bool, json: bool
) -> None:
    """Publish what is new and show it; a dry run publishes nothing."""
    found = await_result(_publish_news(settings, wanted, dry_run=dry_run))
    if json:
        print_json([wanted.as_object(change) for change in found])
    else:
        for change in found:
            wanted.show(change)
    _tell_applied(len(found), of=len(wanted.records), one=wanted.one, dry_run=dry_run)


def show_versioned(change: Change[Plan] | Change[Group]) -> None:
    """Print a record that has versions: its name, and what differs from the one in force."""
    version = f"version {change.record.version}"
    if change.before is None:
        typer.secho(f"+ {change.name}  {version}", fg="green")
        return
    typer.secho(f"~ {change.name}  {version}", fg="yellow")
    for path, was, will in change.differences:
        typer.echo(f"    {path}: {_text(was)} → {_text(will)}")


def versioned_object(called: str, change: Change[Plan] | Change[Group]) -> dict[str, object]:
    """Return the same for programs; its name is under what it is ``called``."""
    return {
        called: change.name,
        "version": change.record.version,
        "new": change.before is None,
        "differences": {
            path: {"was": was, "will_be": will} for path, was, will in change.differences
        },
    }


async def known_records(settings: Settings, topic: Topic, *, spread: bool = False) -> Table:
    """Return the newest record of each key of a topic."""
    connection = connect(settings.broker)
    return await _known(connection, topic.full_name(settings.topics.prefix), spread=spread)


async def _publish_news(
    settings: Settings, wanted: Wanted[RecordT], *, dry_run: bool
) -> list[Change[RecordT]]:
    connection = connect(settings.broker)
    topic = wanted.topic.full_name(settings.topics.prefix)
    found = wanted.changes(await _known(connection, topic, spread=wanted.spread))
    if found and not dry_run:
        await publish(connection, topic, [change.record for change in found])
    return found


async def publish(connection: Connection, topic: str, records: Sequence[OfPeople]) -> None:
    """Publish records under their keys, and wait until all are stored."""
    async with writer(connection) as producer:
        stored = [await producer.send(topic, encode(record), key=record.key) for record in records]
        await asyncio.gather(*stored)


def _tell_applied(new: int, *, of: int, one: str, dry_run: bool) -> None:
    """Say how many ``of`` all that were wanted were new."""
    unchanged = f"{of - new} unchanged"
    told = counted(new, one=one)
    if dry_run:
        note(f"{told} would be published, {unchanged}")
    else:
        done(f"{told} published, {unchanged}")


def _text(value: object) -> str:
    return "(none)" if value is None else str(value)


async def _known(connection: Connection, topic: str, *, spread: bool) -> Table:
    partitions = await partitions_of(connection, [topic])
    known: Table = {}
    async with reader(connection) as consumer:
        async for _, records in read_to_end(consumer, partitions):
            own = [each for each in records if not spread or _is_home(each, len(partitions))]
            replay(known, own)
    return known


def _is_home(record: ConsumerRecord, count: int) -> bool:
    return record.key is not None and partition_of(record.key, count) == record.partition
