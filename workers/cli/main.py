"""The command ``pacekeeper``: knows every command, and loads only the one that is asked for.

Exit codes: 0 done; 1 it failed, or a check found something; 2 the command, a setting or a file
was not as it must be, and nothing was done.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from inspect import cleandoc
from types import TracebackType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from workers.cli.commands import COMMANDS, Entry
from workers.errors import WorkerError


def load(name: str) -> Any:  # noqa: ANN401 -- Typer's command classes are private
    """Import the command ``name`` and return it as Typer's own command object."""
    entry = COMMANDS[name]
    module, attribute = entry.target.split(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        group: Any = typer.main.get_group(found)
        group.name = name
        return _flowing(group)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return _flowing(typer.main.get_command(alone))


def _flowing(command: Any) -> Any:  # noqa: ANN401
    """Let the paragraphs of a command's help break where the terminal ends, not the source."""
    if command.help:
        paragraphs = cleandoc(command.help).split("\n\n")
        command.help = "\n\n".join(each.replace("\n", " ") for each in paragraphs)
    for inner in getattr(command, "commands", {}).values():
        _flowing(inner)
    return command


class Commands(TyperGroup):
    """Lists commands from the table above, and turns errors made for people into one line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Take ``--debug`` wherever it stands: one adds it at the end of a line that failed."""
        end = args.index("--") if "--" in args else len(args)
        rest = [word for word in args[:end] if word != "--debug"] + args[end:]
        ctx.meta["pacekeeper.debug"] = len(rest) < len(args)
        return super().parse_args(ctx, rest)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """Find the command by its entry, then load what the entry stands for."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, load(name) if name else None, rest

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run the command; with ``--debug`` errors keep their traceback."""
        if ctx.meta["pacekeeper.debug"]:
            return super().invoke(ctx)
        sys.excepthook = show_fault
        try:
            return super().invoke(ctx)
        except WorkerError as error:
            show_error(error.problem, error.remedy)
            raise typer.Exit(error.exit_code) from error


def show_error(problem: str, remedy: str = "") -> None:
    """Print one red line to standard error: what was wrong, and what to do."""
    typer.secho(f"error: {problem}", fg="red", err=True, nl=not remedy)
    if remedy:
        typer.secho(f" - {remedy}", err=True)


def show_fault(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """Report an error that nobody foresaw, in place of Python's traceback."""
    show_error(
        f"{kind.__name__}: {error}",
        "this is a fault in Pacekeeper; add --debug to see where it happened",
    )


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pacekeeper {version('pacekeeper')}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done; 1 failed or found something; 2 wrong usage or settings.",
)


@app.callback()
def pacekeeper(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
    _debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks; may stand anywhere in the line.")
    ] = False,
) -> None:
    """Pace advertising budgets from hourly metrics on Kafka."""


def _register(entries: dict[str, Entry]) -> None:
    for name, entry in entries.items():
        app.command(name, help=entry.help, rich_help_panel=entry.panel)(lambda: None)


_register(COMMANDS)
