"""``pacekeeper rates``: publish exchange rates from files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from schemas.fx_rate import FxRate
from schemas.topics import FX_RATES
from workers.cli.applying import Wanted, apply_records
from workers.cli.options import (
    BootstrapOption,
    ConfigOption,
    DryRunOption,
    JsonOption,
    reachable_settings,
)
from workers.fx_rates import news, read_rates
from workers.record_changes import Change

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
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Check rates, show how they differ from those that were published, and publish those that do.

    A rate of an instant before that of the one known is refused; then, as after any other error,
    nothing is published. A jump of more than 25 % that nobody has confirmed becomes a dead letter.
    """
    read = read_rates(files, confirmed_by)
    wanted = Wanted(
        records=read,
        one="rate",
        topic=FX_RATES,
        changes=partial(news, read),
        as_object=_as_object,
        show=_show,
        spread=True,
    )
    apply_records(reachable_settings(config, bootstrap), wanted, dry_run=dry_run, json=json)


def _show(told: Change[FxRate]) -> None:
    rate, before = told.record, told.before
    was = "" if before is None else f", was {before.rate} {before.quote} for 1 {before.base}"
    typer.echo(f"{rate.rate} {rate.quote} for 1 {rate.base} of {rate.as_of.isoformat()}{was}")


def _as_object(told: Change[FxRate]) -> dict[str, object]:
    before = told.before
    return {
        "pair": told.name,
        "base": told.record.base,
        "quote": told.record.quote,
        "rate": told.record.rate,
        "as_of": told.record.as_of,
        "was": None if before is None else {"base": before.base, "rate": before.rate},
    }
