"""``pacekeeper plans``: publish campaign plans from files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from schemas.codec import encode
from schemas.topics import PLANS
from workers.cli.applying import Comparison, publish_news, tell_applied
from workers.cli.console import await_result, print_json
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.plans import Change, changes, read_plans

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
    comparison = Comparison(topic=PLANS, news=partial(changes, wanted), record=_record)
    settings = reachable_settings(config, bootstrap)
    found = await_result(publish_news(settings, comparison, dry_run=dry_run))
    if json:
        print_json([_as_object(change) for change in found])
    else:
        _show(found)
    tell_applied(found, of=len(wanted), one="plan", dry_run=dry_run)


def _record(change: Change) -> tuple[bytes, bytes]:
    return change.plan.key, encode(change.plan)


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
