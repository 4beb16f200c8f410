"""``pacekeeper collect``: reports and histories of ad platforms into Kafka."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from workers.cli.options import BootstrapOption, ConfigOption, reachable_settings
from workers.cli.worker import FormatOption, HostOption, LevelOption, OwnerOption, PortOption
from workers.collector.run import Collecting, platforms_of
from workers.collector.run import collect as run_collector
from workers.logs import configure_logging

OnceOption = Annotated[
    bool, typer.Option("--once", help="Ask each account once and exit; 1 if one failed.")
]


def collect(  # noqa: PLR0913 -- a command has as many arguments as options
    *,
    once: OnceOption = False,
    web_port: PortOption = None,
    web_host: HostOption = None,
    log_level: LevelOption = None,
    log_format: FormatOption = None,
    owner: OwnerOption = None,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Collect what ad platforms report, until SIGTERM or Ctrl-C.

    Hours of campaigns go to metrics.v1, again and again as platforms restate them, and what was
    changed by whom to edits.v1. The file that executor.platforms names says which accounts. Run
    one: a second one only tells the same once more.
    """
    settings = reachable_settings(
        config,
        bootstrap,
        web_port=web_port,
        web_host=web_host,
        log_level=log_level,
        log_format=log_format,
    )
    job = Collecting(settings=settings, platforms=platforms_of(settings), once=once, owner=owner)
    configure_logging(settings.log)
    if asyncio.run(run_collector(job)):
        raise typer.Exit(1)
