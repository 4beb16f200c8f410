"""``pacekeeper broker``: start, stop and look at the embedded Kafka."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from deploy.broker import service
from deploy.broker.errors import AlreadyRunning, BrokerError
from workers.cli.console import done, note, print_json, print_table
from workers.cli.options import JsonOption, embedded_settings
from workers.errors import WorkerError

app = typer.Typer(help="Start, stop and look at the embedded Kafka.", no_args_is_help=True)


@app.command()
def start(
    *,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 for any free one.")] = 9092,
    nodes: Annotated[int, typer.Option(help="1, or 3 to try the loss of a broker.")] = 1,
) -> None:
    """Start Kafka in the background and wait until it serves; the first time fetches it."""
    with broker_errors():
        try:
            found = service.start(
                embedded_settings(os.environ, nodes=nodes, port=port), report=note
            )
        except AlreadyRunning as running:
            done(f"Kafka already runs at {running.bootstrap} (process {running.pid})")
        else:
            done(f"Kafka runs at {found.bootstrap}; data in {found.data_dir}")


@app.command()
def stop() -> None:
    """Stop Kafka cleanly; its data stays."""
    with broker_errors():
        before = service.stop(embedded_settings(os.environ), report=note)
    done(f"stopped {before.bootstrap}" if before.running else "Kafka did not run")


@app.command()
def status(*, json: JsonOption = False) -> None:
    """Tell whether Kafka runs, and where; exit code 1 when it does not."""
    with broker_errors():
        found = service.status(embedded_settings(os.environ))
    if json:
        print_json({"running": found.running, "bootstrap": found.bootstrap})
    elif found.running:
        print_table(
            ("node", "address", "process", "log"),
            ((node.node_id, node.address, node.pid, node.log) for node in found.nodes),
        )
    else:
        note(f"Kafka does not run; data in {found.data_dir}")
    if not found.running:
        raise typer.Exit(1)


@contextmanager
def broker_errors() -> Iterator[None]:
    """Let the embedded broker's errors be told as the command line tells errors."""
    try:
        yield
    except BrokerError as error:
        raise WorkerError(str(error)) from error
