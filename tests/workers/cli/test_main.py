"""What every command has in common: help, errors, exit codes, and a quick start."""

import ast
import importlib
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from workers.cli.commands import COMMANDS
from workers.cli.main import app, load
from workers.errors import UsageError, WorkerError

ROOT = Path(__file__).parents[3]


def pacekeeper(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workers", *arguments],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_names_every_command_and_imports_none_of_them() -> None:
    code = (
        "import sys\n"
        "from workers.cli.main import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m in ('aiokafka', 'faust', 'numpy', 'msgspec')])"
    )

    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert all(name in told for name in COMMANDS)
    assert told.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_of_its_own(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])

    assert shown.exit_code == 0, shown.output
    assert f"{name} [OPTIONS]" in shown.output
    load(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_breaks_its_lines_where_the_terminal_ends_and_not_where_the_source_does(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(app, [name, "--help"]).output
    lines = [line.rstrip() for line in shown.partition("╭")[0].splitlines()]

    for line, following in pairwise(lines):
        if line and following:
            assert len(f"{line} {following.split()[0]}") > 79, line


def test_a_misspelt_command_is_answered_with_the_nearest_one() -> None:
    told = pacekeeper("tpics")

    assert told.returncode == 2
    assert "Did you mean 'topics'?" in told.stderr


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(how: str) -> None:
        raise {
            "usage": UsageError("no plan", remedy="write one"),
            "failure": WorkerError("it broke"),
            "fault": KeyError("x"),
        }[how]

    alone = typer.Typer(add_completion=False)
    alone.command("schemas")(fail)
    monkeypatch.setattr("workers.cli.main.load", lambda _name: typer.main.get_command(alone))


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize(
    ("how", "code", "line"),
    [("usage", 2, "error: no plan - write one\n"), ("failure", 1, "error: it broke\n")],
)
def test_an_error_made_for_people_is_one_line_and_an_exit_code(
    how: str, code: int, line: str
) -> None:
    told = CliRunner().invoke(app, ["schemas", how])

    assert (told.exit_code, told.stderr) == (code, line)


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize(
    "arguments", [["--debug", "schemas", "usage"], ["schemas", "usage", "--debug"]]
)
def test_debug_wherever_it_stands_keeps_the_error_whole(arguments: list[str]) -> None:
    assert isinstance(CliRunner().invoke(app, arguments).exception, UsageError)


def test_a_fault_nobody_foresaw_is_one_line_that_says_how_to_see_more() -> None:
    code = (
        "import typer, workers.cli.main as main\n"
        "def fail(): raise KeyError('x')\n"
        "alone = typer.Typer(add_completion=False); alone.command('schemas')(fail)\n"
        "main.load = lambda name: typer.main.get_command(alone)\n"
        "main.app(['schemas'])"
    )

    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert told.returncode == 1
    assert told.stderr.startswith("error: KeyError: 'x' - ")
    assert "--debug" in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_the_version_is_told() -> None:
    assert pacekeeper("--version").stdout.startswith("pacekeeper 0.")


def test_no_command_is_without_its_module() -> None:
    for entry in COMMANDS.values():
        module, attribute = entry.target.split(":")
        assert hasattr(importlib.import_module(module), attribute)


def test_modules_of_commands_do_nothing_when_they_are_imported() -> None:
    """Only definitions, imports, constants and the registration of commands."""
    for entry in COMMANDS.values():
        source = Path(ROOT, *entry.target.partition(":")[0].split(".")).with_suffix(".py")
        for node in ast.parse(source.read_text(encoding="utf-8")).body:
            assert not isinstance(node, ast.For | ast.While | ast.With | ast.Try), source
