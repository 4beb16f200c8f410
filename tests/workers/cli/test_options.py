"""Options that are declared once, and that many commands take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from workers.cli.decide import app as decide
from workers.cli.options import with_options


@dataclass(frozen=True, kw_only=True)
class Wishes:
    times: Annotated[int, typer.Option("--times", min=0, help="How often.")] = 3
    loud: Annotated[bool, typer.Option("--loud")] = False


app = typer.Typer()


@app.command()
@with_options(Wishes)
def greet(wishes: Wishes, names: list[str], *, word: str = "hello") -> None:
    """Greet."""
    typer.echo(f"{wishes} {names} {word}")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a", "b"], f"{Wishes()} ['a', 'b'] hello"),
        (["a", "--times", "0", "--loud"], f"{Wishes(times=0, loud=True)} ['a'] hello"),
        (["--word", "hi", "--times", "2", "a"], f"{Wishes(times=2)} ['a'] hi"),
    ],
)
def test_a_command_has_its_own_options_and_the_shared_ones_in_one_object(
    arguments: list[str], told: str
) -> None:
    assert CliRunner().invoke(app, arguments).stdout.strip() == told


def test_shared_options_come_last_and_keep_their_bounds_and_their_help() -> None:
    told = CliRunner().invoke(app, ["--help"]).stdout
    assert told.index("--word") < told.index("--times") < told.index("--loud")
    assert "How often." in told
    assert CliRunner().invoke(app, ["a", "--times", "-1"]).exit_code == 2


def test_every_verb_of_decide_takes_the_same_options_after_its_own() -> None:
    commands = get_command(decide).commands  # type: ignore[attr-defined]
    shared = ["by", "why", "wait", "json", "bootstrap", "config"]
    assert len(commands) == 8
    for command in commands.values():
        assert [each.name for each in command.params][-len(shared) :] == shared
