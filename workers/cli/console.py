"""What commands print: tables and lines for people, JSON for programs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

ResultT = TypeVar("ResultT")


def await_result(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run ``work`` to its end; Kafka's client keeps its log to itself, errors say what matters."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return asyncio.run(work)


def print_json(value: object) -> None:
    """Print one JSON document on one line."""
    typer.echo(msgspec.json.encode(value).decode())


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings; as wide as the terminal, or as needed when it is none."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 10_000
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(printable(str(cell))) for cell in row))
    with console.capture() as captured:
        console.print(table)
    typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def printable(text: str) -> str:
    """Return ``text`` without what a terminal takes for orders: it may be anybody's bytes."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def counted(number: int, *, one: str, many: str = "") -> str:
    """Return how many there are of something: ``1 row``, ``2,000 rows``, ``1 entry``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def done(text: str) -> None:
    """Say on standard error what was done; standard output is for results."""
    typer.secho(text, fg="green", err=True)


def note(text: str) -> None:
    """Say on standard error what is going on."""
    typer.secho(text, dim=True, err=True)


def warn(text: str) -> None:
    """Say on standard error what is not as it should be."""
    typer.secho(text, fg="yellow", err=True)
