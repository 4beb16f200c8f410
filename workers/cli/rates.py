"""``pacekeeper rates``: publish exchange rates from files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from schemas.codec import encode
from schemas.topics import FX_RATES
from workers.cli.applying import Comparison, publish_news, tell_applied
from workers.cli.console import await_result, print_json
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.fx_rates import RateNews, news, read_rates

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
    comparison = Comparison(topic=FX_RATES, news=partial(news, wanted), record=_record, spread=True)
    settings = reachable_settings(config, bootstrap)
    found = await_result(publish_news(settings, comparison, dry_run=dry_run))
    if json:
        print_json([_as_object(told) for told in found])
    else:
        for told in found:
            typer.echo(_line(told))
    tell_applied(found, of=len(wanted), one="rate", dry_run=dry_run)


def _record(told: RateNews) -> tuple[bytes, bytes]:
    return told.rate.key, encode(told.rate)


def _line(told: RateNews) -> str:
    rate, before = told.rate, told.before
    was = "" if before is None else f", was {before.rate} {before.quote} for 1 {before.base}"
    return f"{rate.rate} {rate.quote} for 1 {rate.base} of {rate.as_of.isoformat()}{was}"


def _as_object(told: RateNews) -> dict[str, object]:
    before = told.before
    return {
        "pair": told.rate.key.decode(),
        "base": told.rate.base,
        "quote": told.rate.quote,
        "rate": told.rate.rate,
        "as_of": told.rate.as_of,
        "was": None if before is None else {"base": before.base, "rate": before.rate},
    }
