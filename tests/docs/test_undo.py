"""The page on undoing: its tables and figures are those of the code, and its commands run."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from schemas import AuditStatus
from schemas.fields import Autonomy
from tests.docs.test_guarantees import ROOT
from tests.person_fixtures import Person
from tests.workers.executor.world import a_plan
from tests.workers.report.told import an_entry
from workers.cli.main import app
from workers.cli.undo import Wish
from workers.executor.history import PAGE as ON_A_PAGE
from workers.executor.history import PAGES
from workers.executor.rollback import Undo
from workers.undo.deciding import MOST_AT_ONCE

PAGE = (ROOT / "docs" / "undo.md").read_text(encoding="utf-8")
CAMPAIGN = {"platform": "google", "account_id": "123-456-7890", "campaign_id": "20986754321"}


def first_cells(heading: str) -> list[str]:
    """Return what is in code in the first cells of the table whose head begins so."""
    (table,) = re.findall(rf"^\| {heading} .*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, flags=re.MULTILINE)
    cells = [line.split("|")[1] for line in table.splitlines()]
    return [word for cell in cells for word in re.findall("`([^`]+)`", cell)]


def test_every_state_is_on_the_page() -> None:
    assert first_cells("state") == [state.value for state in Undo]


def test_every_option_that_chooses_is_on_the_page_and_in_the_command() -> None:
    told = {word for word in first_cells("option") if word.startswith("--")}
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["undo", "--help"]).output

    assert len(told) >= 10
    assert {option for option in told if option not in shown} == set()


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    assert f"last {ON_A_PAGE * (PAGES - 1)} changes at least" in PAGE
    assert f"Of one campaign {MOST_AT_ONCE} decisions" in PAGE
    assert f"`--wait`, {Wish().wait:g} seconds" in PAGE


def commands() -> list[list[str]]:
    pages = (ROOT / "docs" / name for name in ("undo.md", "going-live.md", "operations.md"))
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    lines = re.findall("^pacekeeper (undo .*)$", text, flags=re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.kafka
def test_every_command_on_the_pages_finds_what_it_is_about(person: Person) -> None:
    person.tells("plans.v1", a_plan(Autonomy.AUTO, **CAMPAIGN, budget_group_id="spring"))
    change: dict[str, Any] = {
        "field": "daily_budget",
        "at": datetime(2026, 3, 2, 10, tzinfo=UTC),
        **CAMPAIGN,
    }
    set_back: dict[str, Any] = {"entity_id": "20986754321", "actor": "policy"}
    values: dict[str, Any] = {
        "expected": Decimal(100),
        "before": Decimal(100),
        "target": Decimal(120),
        "after": Decimal(120),
    }
    own = "e1671797c52e15f763380b45e841ec32"
    made = replace(an_entry(10), action_id=own, **change, **set_back, **values)
    values = {
        "expected": Decimal(120),
        "before": Decimal(120),
        "target": Decimal(100),
        "after": Decimal(100),
    }
    back: dict[str, Any] = {"action_id": "0" * 32, "rolls_back": own, "decision_id": "1" * 32}
    undone = replace(made, status=AuditStatus.ROLLED_BACK, **set_back | values | back)
    person.tells("audit.v1", made, undone)

    assert len(commands()) >= 6
    for words in commands():
        told = person.runs(*words, "--wait", "0")
        expected = "0000" if "--roll-backs" in words else "e1671797"
        assert expected in told.stdout, words
