"""``pacekeeper topics``: create the topics, or check them for drift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from workers.cli.console import await_result, done, print_json, print_table, warn
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.kafka import connect
from workers.programs import topic_specs
from workers.settings import Settings
from workers.topics import Drift, Outcome, create_topics, find_drift

app = typer.Typer(help="Create the topics, or check them for drift.", no_args_is_help=True)


@app.command()
def create(
    *,
    update: Annotated[
        bool,
        typer.Option("--update", help="Also set retention and the like on topics that exist."),
    ] = False,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Create the topics that are missing; run it as often as you like.

    Topics that exist are left as they are; exit code 1 tells that some are not as they should be.
    """
    outcome = await_result(_create(reachable_settings(config, bootstrap), update=update))
    if json:
        print_json(outcome)
    else:
        done(
            f"{len(outcome.created)} topics created, {len(outcome.updated)} updated"
            if outcome.created or outcome.updated
            else "all topics exist"
        )
        _show(outcome.drift)
    if outcome.drift:
        raise typer.Exit(1)


@app.command()
def check(
    *, json: JsonOption = False, bootstrap: BootstrapOption = None, config: ConfigOption = None
) -> None:
    """Compare the topics with what they should be; exit code 1 when any differs."""
    settings = reachable_settings(config, bootstrap)
    drift = await_result(_check(settings))
    if json:
        print_json(drift)
    elif drift:
        _show(drift)
    else:
        done(f"all {len(topic_specs(settings))} topics are as they should be")
    if drift:
        raise typer.Exit(1)


async def _create(settings: Settings, *, update: bool) -> Outcome:
    async with connect(settings.broker).admin() as admin:
        return await create_topics(admin, topic_specs(settings), update=update)


async def _check(settings: Settings) -> list[Drift]:
    async with connect(settings.broker).admin() as admin:
        return await find_drift(admin, topic_specs(settings))


def _show(drift: Sequence[Drift]) -> None:
    if not drift:
        return
    warn(f"{len(drift)} differences")
    print_table(
        ("topic", "what", "should be", "is", "what to do"),
        ((d.topic, d.what, d.wanted, d.found, d.remedy) for d in drift),
    )
