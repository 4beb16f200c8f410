"""``pacekeeper verify``: proves the audit trail complete and unchanged, or says what is wrong."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from schemas.topics import AUDIT
from workers.cli.console import await_result, counted, done, note, print_json, print_table
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.errors import UsageError
from workers.kafka import connect
from workers.settings import Settings
from workers.verify import PartitionReport, Report, Verifier
from workers.verify.faults import Fault
from workers.verify.files import read_lines, write_line
from workers.verify.reading import audit_records

_SHOWN = 20
"""Faults that are printed one by one; ``--json`` has them all."""


FileArgument = Annotated[
    Path | None,
    typer.Argument(help="An exported trail; default: the topic itself.", show_default=False),
]
ExportOption = Annotated[
    Path | None,
    typer.Option("--export", help="Also write the trail to this file, to verify it elsewhere."),
]
GenesisOption = Annotated[
    bool,
    typer.Option("--from-genesis", help="Insist that each partition begins with entry 0."),
]


def verify(  # noqa: PLR0913 -- a command has as many arguments as options
    *,
    file: FileArgument = None,
    export: ExportOption = None,
    from_genesis: GenesisOption = False,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Prove the audit trail complete and unchanged; exit code 1 when it is not.

    Every entry carries the hash of the one before it. What was edited, removed, moved, repeated
    or added since breaks that chain and is named with its partition, offset and number. Entries
    cut off at the end leave no trace: note the last number and hash to notice that.
    """
    if file is not None and export is not None:
        raise UsageError("a file is exported already", remedy="give FILE or --export, not both")
    verifier = Verifier(from_genesis=from_genesis)
    if file is not None:
        for record in read_lines(file):
            verifier.add(record)
    else:
        settings = reachable_settings(config, bootstrap)
        await_result(_read(settings, verifier, export))
    report = verifier.report()
    if json:
        print_json({"intact": report.intact, "partitions": report.partitions})
    else:
        _show(report)
    if not report.intact:
        raise typer.Exit(1)


async def _read(settings: Settings, verifier: Verifier, export: Path | None) -> None:
    topic = AUDIT.full_name(settings.topics.prefix)
    with ExitStack() as stack:
        file = stack.enter_context(_created(export)) if export else None
        async for record in audit_records(connect(settings.broker), topic):
            verifier.add(record)
            if file:
                write_line(file, record)
    if export:
        note(f"written to {export}; verify it anywhere with `pacekeeper verify {export}`")


def _created(path: Path) -> BinaryIO:
    try:
        return path.open("xb")
    except OSError as error:
        problem = f"the trail cannot be exported to {path}: {error.strerror}"
        raise UsageError(problem, remedy="name a new file in a directory that exists") from error


def _show(report: Report) -> None:
    if not report.records:
        note("the audit trail has no entries yet")
        return
    columns = ("partition", "entries", "first", "last", "last hash", "verdict")
    print_table(columns, map(_row, report.partitions))
    for fault in report.faults[:_SHOWN]:
        typer.echo(_line(fault))
    if len(report.faults) > _SHOWN:
        note(f"and {len(report.faults) - _SHOWN:,} more; --json has them all")
    entries = counted(report.records, one="entry", many="entries")
    where = f"{entries} in {counted(len(report.partitions), one='partition')}"
    if report.intact:
        done(f"intact: {where}, none edited, missing, moved or added")
    else:
        faults = counted(len(report.faults), one="fault")
        typer.secho(f"NOT intact: {faults} in {where}", fg="red", err=True)


def _row(found: PartitionReport) -> tuple[object, ...]:
    first = "-" if found.first_sequence is None else found.first_sequence
    last = "-" if found.last_sequence is None else found.last_sequence
    verdict = counted(len(found.faults), one="fault") if found.faults else "intact"
    if found.first_sequence and not found.faults:
        verdict += f", starts at entry {found.first_sequence}"
    return found.partition, found.records, first, last, found.last_hash or "-", verdict


def _line(fault: Fault) -> str:
    number = "?" if fault.sequence is None else fault.sequence
    place = f"partition {fault.partition}, offset {fault.offset}, entry {number}"
    return f"{fault.kind:<10}  {place}: {fault.detail}"
