"""``pacekeeper plans``: publish campaign plans from files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from schemas.topics import PLANS
from workers.cli.applying import Wanted, apply_records, show_versioned, versioned_object
from workers.cli.options import (
    BootstrapOption,
    ConfigOption,
    DryRunOption,
    JsonOption,
    reachable_settings,
)
from workers.plans import changes, read_plans

app = typer.Typer(help="Publish campaign plans from files.", no_args_is_help=True)


@app.callback()
def plans() -> None:
    """Publish campaign plans from files."""


@app.command()
def apply(
    files: Annotated[list[Path], typer.Argument(help="JSON or TOML, one plan or many each.")],
    *,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Check plans, show how they differ from those in force, and publish those that do.

    A version that goes backwards, or stays although the content differs, is refused; then, as
    after any other error, nothing is published.
    """
    read = read_plans(files)
    wanted = Wanted(
        records=read,
        one="plan",
        topic=PLANS,
        changes=partial(changes, read),
        as_object=partial(versioned_object, "campaign"),
        show=show_versioned,
    )
    apply_records(reachable_settings(config, bootstrap), wanted, dry_run=dry_run, json=json)
