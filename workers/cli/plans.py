"""``pacekeeper plans``: publish campaign plans from files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from schemas.codec import encode
from schemas.plan import Plan
from schemas.topics import PLANS
from workers.cli.console import await_result, counted, done, note, print_json
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.delivery.loading import Table, read_to_end, replay
from workers.kafka import connect
from workers.plans import Change, changes, read_plans
from workers.reading import partitions_of, reader, writer
from workers.settings import Settings

app = typer.Typer(help="Publish campaign plans from files.", no_args_is_help=True)


@app.callback()
def plans() -> None:
    """Publish campaign plans from files."""


@app.command()
def apply(
    files: Annotated[list[Path], typer.Argument(help="JSON or TOML, one plan or many each.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and show what would change, no more.")
    ] = False,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Check plans, show how they differ from those in force, and publish those that do.

    A version that goes backwards, or stays although the content differs, is refused; then, as
    after any other error, nothing is published.
    """
    wanted = read_plans(files)
    found = await_result(_apply(wanted, reachable_settings(config, bootstrap), dry_run=dry_run))
    if json:
        print_json([_as_object(change) for change in found])
    else:
        _show(found)
    unchanged = f"{len(wanted) - len(found)} unchanged"
    published = counted(len(found), one="plan")
    if dry_run:
        note(f"{published} would be published, {unchanged}")
    else:
        done(f"{published} published, {unchanged}")


async def _apply(wanted: Sequence[Plan], settings: Settings, *, dry_run: bool) -> list[Change]:
    connection = connect(settings.broker)
    topic = PLANS.full_name(settings.topics.prefix)
    in_force: Table = {}
    partitions = await partitions_of(connection, [topic])
    async with reader(connection) as consumer:
        async for _, records in read_to_end(consumer, partitions):
            replay(in_force, records)
    found = changes(wanted, in_force)
    if found and not dry_run:
        async with writer(connection) as producer:
            stored = [
                await producer.send(topic, encode(change.plan), key=change.plan.key)
                for change in found
            ]
            await asyncio.gather(*stored)
    return found


def _show(found: Sequence[Change]) -> None:
    for change in found:
        version = f"version {change.plan.version}"
        if change.before is None:
            typer.secho(f"+ {change.plan.key.decode()}  {version}", fg="green")
            continue
        typer.secho(f"~ {change.plan.key.decode()}  {version}", fg="yellow")
        for path, was, will in change.differences:
            typer.echo(f"    {path}: {_text(was)} → {_text(will)}")


def _as_object(change: Change) -> dict[str, object]:
    return {
        "campaign": change.plan.key.decode(),
        "version": change.plan.version,
        "new": change.before is None,
        "differences": {
            path: {"was": was, "will_be": will} for path, was, will in change.differences
        },
    }


def _text(value: object) -> str:
    return "(none)" if value is None else str(value)
