"""``pacekeeper dlq``: the records that could not be read, and publishing them again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import typer

from schemas.topics import TOPICS
from workers.cli.console import await_result, counted, done, note, print_json, print_table, warn
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.dead_letters import Letter, Pile, Piles, as_letter, distinct
from workers.delivery.loading import read_to_end
from workers.errors import UsageError
from workers.kafka import connect
from workers.reading import partitions_of, reader, writer
from workers.settings import Settings

app = typer.Typer(
    help="List and replay records that could not be read.",
    no_args_is_help=True,
)

_WHAT_TO_DO = (
    "a letter that its sender broke stays here, for 30 days: publish a corrected record instead. "
    "Where the reader was the cause, and is mended, `pacekeeper dlq replay` publishes it again"
)

TopicOption = Annotated[
    str | None, typer.Option("--topic", help="Only letters of this topic, such as metrics.v1.")
]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", help="Only letters with this reason, such as not_json.")
]


@app.command("list")
def list_letters(
    *,
    topic: TopicOption = None,
    reason: ReasonOption = None,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Count dead letters by topic and reason, with the newest of each as a sample."""
    settings = reachable_settings(config, bootstrap)
    found = await_result(_piles(settings, topic, reason))
    if json:
        print_json(found)
    elif not found:
        done("no dead letters")
    else:
        print_table(
            ("topic", "reason", "count", "newest", "field", "what was wrong", "key", "begins"),
            map(_row, found),
        )
        note(_WHAT_TO_DO)


@app.command("replay")
def replay_letters(  # noqa: PLR0913 -- a command has as many arguments as options
    *,
    topic: TopicOption = None,
    reason: ReasonOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be published, no more.")
    ] = False,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Publish the original bytes of dead letters to their own topics again.

    Letters that are the same record are published once. What still cannot be read becomes a
    dead letter again. A snapshot takes the place of what is known of its hour: where a later report
    of the hour has come meanwhile, and reports carry no sequence_number, it would undo that one.
    """
    if topic is None and reason is None:
        raise UsageError("nothing says which letters to replay", remedy="give --topic or --reason")
    settings = reachable_settings(config, bootstrap)
    found = await_result(_distinct(settings, topic, reason))
    letters = [letter for letter in found if not letter.cannot_be_replayed]
    if not dry_run:
        await_result(_replay(settings, letters))
    if json:
        print_json({"replayed": 0 if dry_run else len(letters), "found": len(found)})
        return
    done(f"{counted(len(letters), one='record')} {'would be ' if dry_run else ''}published again")
    for why, count in Counter(letter.cannot_be_replayed for letter in found).items():
        if why:
            warn(f"{count} left: {why}")


async def _piles(settings: Settings, topic: str | None, reason: str | None) -> list[Pile]:
    found = Piles()
    async for letter in _letters(settings, topic, reason):
        found.add(letter)
    return found.found()


async def _distinct(settings: Settings, topic: str | None, reason: str | None) -> list[Letter]:
    return distinct([letter async for letter in _letters(settings, topic, reason)])


async def _letters(
    settings: Settings, topic: str | None, reason: str | None
) -> AsyncIterator[Letter]:
    connection = connect(settings.broker)
    partitions = await partitions_of(connection, _dead_letter_topics(settings, topic))
    async with reader(connection) as consumer:
        async for _, records in read_to_end(consumer, partitions):
            for letter in map(as_letter, records):
                if reason in (None, letter.reason):
                    yield letter


async def _replay(settings: Settings, letters: Sequence[Letter]) -> None:
    async with writer(connect(settings.broker)) as producer:
        stored = [
            await producer.send(
                letter.topic,
                letter.value,
                key=letter.record.key,
                partition=letter.partition,
                headers=list(letter.headers),
            )
            for letter in letters
        ]
        await asyncio.gather(*stored)


def _dead_letter_topics(settings: Settings, topic: str | None) -> list[str]:
    prefix = settings.topics.prefix
    known = {each.name: each.dlq(prefix) for each in TOPICS if each.dead_letters}
    if topic is None:
        return list(known.values())
    name = topic.removeprefix(f"{prefix}.").removesuffix(".dlq")
    if name not in known:
        raise UsageError(f"there is no topic {topic}", remedy=f"one of: {', '.join(known)}")
    return [known[name]]


def _row(pile: Pile) -> tuple[object, ...]:
    newest = f"{pile.newest:%F %T}Z"
    what = (pile.topic, pile.reason, pile.count, newest, pile.field, pile.detail, pile.key)
    return (*what, _cut(pile.sample))


def _cut(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= 40 else f"{one_line[:39]}…"  # noqa: PLR2004
