from __future__ import annotations

import pytest
from typer.testing import CliRunner

from workers.cli.main import app
from workers.cli.simulator import simulator


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--start", "2999-01-01"], "lies in the future"),
        (["--reporting-outage", "6"], "must be HOUR:LENGTH"),
        (["--tracking-outage", "6:0"], "must be HOUR:LENGTH"),
    ],
)
def test_what_cannot_be_simulated_is_refused_before_anything_starts(
    arguments: list[str], problem: str
) -> None:
    result = CliRunner().invoke(app, ["simulator", *arguments, "--bootstrap", "127.0.0.1:1"])
    assert result.exit_code == 2
    assert problem in result.output


def test_every_fault_can_be_asked_for() -> None:
    names = set(simulator.__annotations__)
    assert names >= {"late", "duplicates", "reorder", "reporting_outage", "tracking_outage"}
