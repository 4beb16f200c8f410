"""``pacekeeper rates``: publish exchange rates from files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from schemas.codec import encode
from schemas.fx_rate import FxRate
from schemas.topics import FX_RATES
from workers.cli.console import await_result, counted, done, note, print_json
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.delivery.loading import Table, read_to_end, replay
from workers.fx_rates import Told, news, read_rates
from workers.kafka import connect
from workers.partitioner import partition_of
from workers.reading import partitions_of, reader, writer
from workers.settings import Settings

app = typer.Typer(help="Publish exchange rates from files.", no_args_is_help=True)


@app.callback()
def rates() -> None:
    """Publish exchange rates from files."""


@app.command()
def apply(  # noqa: PLR0913 -- the options of one command
    files: Annotated[list[Path], typer.Argument(help="JSON or TOML, one rate or many each.")],
    *,
    confirmed_by: Annotated[
        str | None,
        typer.Option(
            help="Your name, if you looked at jumps of more than 25 % and they are right."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and show what would change, no more.")
    ] = False,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Check rates, show how they differ from those that were published, and publish those that do.

    A rate of an instant before that of the one known is refused; then, as after any other error,
    nothing is published. A jump of more than 25 % that nobody has confirmed becomes a dead letter.
    """
    wanted = read_rates(files, confirmed_by)
    found = await_result(_apply(wanted, reachable_settings(config, bootstrap), dry_run=dry_run))
    if json:
        print_json([_as_object(told) for told in found])
    else:
        for told in found:
            typer.echo(_line(told))
    unchanged = f"{len(wanted) - len(found)} unchanged"
    published = counted(len(found), one="rate")
    if dry_run:
        note(f"{published} would be published, {unchanged}")
    else:
        done(f"{published} published, {unchanged}")


async def _apply(wanted: Sequence[FxRate], settings: Settings, *, dry_run: bool) -> list[Told]:
    connection = connect(settings.broker)
    topic = FX_RATES.full_name(settings.topics.prefix)
    partitions = await partitions_of(connection, [topic])
    known: Table = {}
    async with reader(connection) as consumer:
        async for place, records in read_to_end(consumer, partitions):
            # What is spread to other partitions is what lies where its key belongs.
            own = [each for each in records if _is_home(each.key, place.partition, len(partitions))]
            replay(known, own)
    found = news(wanted, known)
    if found and not dry_run:
        async with writer(connection) as producer:
            stored = [
                await producer.send(topic, encode(told.rate), key=told.rate.key) for told in found
            ]
            await asyncio.gather(*stored)
    return found


def _is_home(key: bytes | None, partition: int, count: int) -> bool:
    return key is not None and partition_of(key, count) == partition


def _line(told: Told) -> str:
    rate, before = told.rate, told.before
    was = "" if before is None else f", was {before.rate} {before.quote} for 1 {before.base}"
    return f"{rate.rate} {rate.quote} for 1 {rate.base} of {rate.as_of.isoformat()}{was}"


def _as_object(told: Told) -> dict[str, object]:
    before = told.before
    return {
        "pair": told.rate.key.decode(),
        "base": told.rate.base,
        "quote": told.rate.quote,
        "rate": told.rate.rate,
        "as_of": told.rate.as_of,
        "was": None if before is None else {"base": before.base, "rate": before.rate},
    }
