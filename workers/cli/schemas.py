"""``pacekeeper schemas``: the JSON Schema of each record, and AsyncAPI for all topics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from schemas.generate import documents, write
from workers.cli.console import done
from workers.cli.options import ConfigOption, read_settings
from workers.errors import UsageError


def schemas(
    name: Annotated[
        str | None,
        typer.Argument(help="Which to print, such as metrics.v1 or asyncapi; none: list them."),
    ] = None,
    *,
    write_to: Annotated[
        Path | None, typer.Option("--write", metavar="DIRECTORY", help="Write all as files.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Print or write the JSON Schema of each record, and AsyncAPI for all topics."""
    prefix = read_settings(config, None).settings.topics.prefix
    if write_to is not None:
        done(f"{len(write(write_to, prefix))} files written to {write_to}, the others were so")
        return
    found = {_short(file): content for file, content in documents(prefix).items()}
    if name is None:
        for each in found:
            typer.echo(each)
    elif name in found:
        typer.echo(found[name].decode(), nl=False)
    else:
        raise UsageError(f"no document is called {name}", remedy=f"one of: {', '.join(found)}")


def _short(file: str) -> str:
    return file.removesuffix(".json").removesuffix(".schema")
