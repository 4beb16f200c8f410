"""``pacekeeper optimizer``, ``allocator``, ``adviser`` and so on: one worker in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from workers.cli.options import BootstrapOption, ConfigOption, reachable_settings
from workers.logs import configure_logging
from workers.programs import create_program
from workers.run_worker import Worker, run_worker

PortOption = Annotated[
    int | None,
    typer.Option("--web-port", help="Port of /metrics, /live and /ready; 0 for any free one."),
]
HostOption = Annotated[
    str | None, typer.Option("--web-host", help="Address of /metrics, /live and /ready.")
]
LevelOption = Annotated[
    str | None, typer.Option("--log-level", metavar="LEVEL", help="debug, info, warning or error.")
]
FormatOption = Annotated[
    str | None, typer.Option("--log-format", metavar="FORMAT", help="json, or text for reading.")
]

OwnerOption = Annotated[
    int | None, typer.Option("--owner", hidden=True, help="Stop when this process is gone.")
]

_ABOUT = """Run one {name} until SIGTERM or Ctrl-C: {what}.

Start as many as there are partitions; they share the campaigns. Exit codes beside the usual:
65 too many records could not be read; 70 start it again, it goes on where it was.
"""


def _command(name: str, what: str) -> Callable[..., None]:
    def run(  # noqa: PLR0913 -- a command has as many arguments as options
        *,
        web_port: PortOption = None,
        web_host: HostOption = None,
        log_level: LevelOption = None,
        log_format: FormatOption = None,
        owner: OwnerOption = None,
        bootstrap: BootstrapOption = None,
        config: ConfigOption = None,
    ) -> None:
        settings = reachable_settings(
            config,
            bootstrap,
            web_port=web_port,
            web_host=web_host,
            log_level=log_level,
            log_format=log_format,
        )
        program = create_program(name, settings)
        worker = Worker(name=name, program=program, settings=settings, owner=owner)
        configure_logging(settings.log)
        sys.exit(run_worker(worker))

    run.__doc__ = _ABOUT.format(name=name, what=what)
    return run


optimizer = _command("optimizer", "hourly metrics in, recommendations and actions out")
allocator = _command("allocator", "what campaigns learn in, what they can share out")
adviser = _command("adviser", "breakdowns of metrics in, advice for people out")
executor = _command("executor", "actions and decisions in, effects and the audit trail out")
scorer = _command("scorer", "advice and what came of it in, outcomes out")
