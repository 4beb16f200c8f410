"""What ``pacekeeper sandbox`` does and says, once all that it needs is known to be installed."""

from __future__ import annotations

import asyncio
import shlex
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import typer

from workers.cli.console import note, print_table
from workers.errors import UsageError
from workers.sandbox.faults import Planned
from workers.sandbox.portfolio import PlacedCampaign, numbered, portfolio_of
from workers.sandbox.ready_file import ReadyFile
from workers.sandbox.serving import PORTS, Sandbox
from workers.simulator.population import make_world

_LOOK_SECONDS = 0.2
_WORLD = 1

ABOUT = (
    "Pacekeeper sandbox: platforms on this machine that answer as the real ones do. Nothing real\n"
    "is asked or changed; what is set here stays until Ctrl-C.\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for."""

    directory: Path
    """Absolute."""
    replace: bool
    port: int
    campaigns: int
    faults: Sequence[tuple[str, Planned]]


async def serve(wanted: Wanted) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Raises
    ------
    UsageError
        Something is in the way, or a platform cannot have a fault.
    """
    portfolio = portfolio_of(numbered(make_world(wanted.campaigns, seed=_WORLD)))
    sandbox = Sandbox(portfolio, port=wanted.port)
    file = ReadyFile(sandbox=sandbox, directory=wanted.directory)
    _check(wanted, file)
    for name, planned in wanted.faults:
        _plan(sandbox, name, planned)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with sandbox.serving():
        _write(file)
        _show(sandbox, file)
        await _tell_changes(sandbox, stopped)


def _check(wanted: Wanted, file: ReadyFile) -> None:
    if file.path.exists() and not wanted.replace:
        raise UsageError(
            f"{file.path} is there already",
            remedy="add --replace to write it anew, or name another --directory",
        )
    for port in range(wanted.port, wanted.port + PORTS) if wanted.port else ():
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError as error:
            raise UsageError(
                f"cannot listen on 127.0.0.1:{port} ({error.strerror})",
                remedy="stop what listens there, or give another --port, 0 for any free ones",
            ) from error


def _plan(sandbox: Sandbox, name: str, planned: Planned) -> None:
    """Let a fault wait; what a person sets meanwhile is half of a budget."""
    if name not in sandbox.platforms:
        known = ", ".join(sandbox.platforms)
        raise UsageError(f"--fault: there is no platform {name!r}", remedy=f"use one of {known}")
    campaign = next(each for each in sandbox.portfolio if each.key.platform == name)
    ref, budget = next(campaign.values)
    value = (budget / 2).quantize(campaign.step)
    try:
        sandbox.platforms[name].faults.plan(replace(planned, ref=ref, value=value))
    except ValueError as error:
        raise UsageError(f"--fault {name}:{planned.fault}: {error}") from None


def _write(file: ReadyFile) -> None:
    try:
        file.write()
    except OSError as error:
        raise UsageError(
            f"cannot write into {file.directory} ({error.strerror})",
            remedy="name another --directory",
        ) from error


def _show(sandbox: Sandbox, file: ReadyFile) -> None:
    typer.echo(ABOUT)
    print_table(("platform", "speaks", "address"), _addresses(sandbox))
    typer.echo()
    heads = ("platform", "account", "currency", "campaign", "daily budget", "its", "is", "set on")
    print_table(heads, map(_row, sandbox.portfolio))
    path = shlex.quote(str(file.path))
    typer.echo(
        f"\nWritten into {file.directory}: {file.path.name}, Google's certificate, and\n"
        f"{len(file.secrets)} secrets that only you can read and that open nothing else.\n\n"
        "Next, in a second terminal, let an executor act on them:\n"
        f"    export PACEKEEPER_EXECUTOR_MODE=live PACEKEEPER_EXECUTOR_PLATFORMS={path}\n"
        "    pacekeeper run\n"
        "It takes plans and metrics of these campaigns. To see two days of it at once, on servers\n"
        "of its own:\n"
        "    pacekeeper demo --platforms sandbox\n"
    )
    note("serving; each change is told here; Ctrl-C stops")


def _addresses(sandbox: Sandbox) -> Sequence[tuple[str, str, str]]:
    google, tokens = sandbox.google.address, sandbox.google.tokens.address
    others = sorted(
        {each.key.platform for each in sandbox.portfolio} - {"google", "meta", "linkedin"}
    )
    return (
        ("google", "Google Ads, gRPC", f"{google}, tokens at {tokens}"),
        ("meta", "Graph", sandbox.meta.address),
        ("linkedin", "REST", f"{sandbox.linkedin.address}/rest"),
        *((name, "signed webhooks", f"{sandbox.webhook.address}/changes") for name in others),
    )


def _row(campaign: PlacedCampaign) -> tuple[object, ...]:
    (_, budget), (ref, value) = campaign.values
    return (
        *campaign.key[:2],
        campaign.currency,
        campaign.key.campaign_id,
        f"{budget:f}",
        ref.lever.replace("_", " "),
        f"{value:f}",
        f"{ref.entity.replace('_', ' ')} {ref.entity_id}",
    )


async def _tell_changes(sandbox: Sandbox, stopped: asyncio.Event) -> None:
    """Say what is set, until it is time to stop."""
    told = dict.fromkeys(sandbox.platforms, 0)
    while not stopped.is_set():
        for name, platform in sandbox.platforms.items():
            for effect in platform.effects[told[name] :]:
                ref = effect.ref
                note(
                    f"{effect.at:%H:%M:%S} UTC  {name} {ref.account_id}: {ref.lever} of "
                    f"{ref.entity} {ref.entity_id}: {_told(effect.before)} to {_told(effect.after)}"
                    f"{', by a person' if effect.by_person else ''}"
                )
            told[name] = len(platform.effects)
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await stopped.wait()
        except TimeoutError:
            continue


def _told(value: Decimal | None) -> str:
    return "none" if value is None else f"{value:f}"
