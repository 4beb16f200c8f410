"""``pacekeeper sandbox``: platforms on loopback, until Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from deploy.broker.settings import default_data_dir
from workers.cli.console import await_result, done
from workers.cli.extras import check_clients
from workers.errors import UsageError
from workers.sandbox.faults import Call, Fault, Planned

_OF_READS = frozenset({Fault.STALE_READS, Fault.TRUNCATED})


def sandbox(
    *,
    directory: Annotated[
        Path | None,
        typer.Option(help="Where the platforms file and secrets go; default: with other data."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write them anew where there are some.")
    ] = False,
    port: Annotated[
        int,
        typer.Option(min=0, max=65_531, help="First of five ports on 127.0.0.1; 0 for any."),
    ] = 0,
    campaigns: Annotated[
        int, typer.Option(min=4, max=1_000, help="How many campaigns, on ten accounts.")
    ] = 10,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLATFORM:FAULT[:CALL]",
            help="What goes wrong once: meta:throttled, google:hang:read; repeatable.",
        ),
    ] = None,
) -> None:
    """Serve platforms on loopback until Ctrl-C, to try mode live on: nothing real is changed.

    Meta, Google Ads, LinkedIn and a receiver of webhooks, each with some campaigns, answer as the
    real ones do. A platforms file for the executor and its secrets are written. What is set stays
    as long as they run, and each change is told.
    """
    place = (directory or default_data_dir(os.environ) / "sandbox").absolute()
    faults = _faults(fault or ())
    check_clients()
    # Not above: these need what `check_clients` has found, and help needs none of it.
    from workers.cli.sandbox_serving import Wanted, serve  # noqa: PLC0415

    wanted = Wanted(directory=place, replace=replace, port=port, campaigns=campaigns, faults=faults)
    await_result(serve(wanted))
    done("stopped")


def _faults(given: Sequence[str]) -> list[tuple[str, Planned]]:
    """Return the faults to plan, each with the platform that is to have it."""
    return [_fault(text) for text in given]


def _fault(text: str) -> tuple[str, Planned]:
    platform, _, rest = text.partition(":")
    name, _, call = rest.partition(":")
    try:
        fault = Fault(name)
        usual = Call.READ if fault in _OF_READS else Call.WRITE
        return platform, Planned(fault=fault, call=Call(call) if call else usual)
    except ValueError:
        raise UsageError(
            f"--fault {text}: must be PLATFORM:FAULT or PLATFORM:FAULT:CALL",
            remedy=f"faults are {', '.join(Fault)}; calls are {', '.join(Call)}",
        ) from None
