"""Shared budgets from files, as a person applies and lists them, on a real Kafka."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.person_fixtures import Person
from tests.workers.report.told import a_plan
from tests.workers.test_groups import TOML, group

pytestmark = pytest.mark.kafka


def test_groups_are_shown_published_and_then_known(person: Person, tmp_path: Path) -> None:
    file = tmp_path / "groups.toml"
    file.write_text(TOML.format(amount="9000"))

    dry = person.runs("groups", "apply", str(file), "--dry-run")
    assert "2 groups would be published" in dry.stderr
    shown = person.runs("groups", "apply", str(file))
    assert shown.stdout.splitlines() == ["+ spring search  version 1", "+ spring  version 1"]
    assert "0 groups published, 2 unchanged" in person.runs("groups", "apply", str(file)).stderr

    file.write_text(TOML.format(amount="9500"))
    assert "set version to 2" in person.runs("groups", "apply", str(file), code=2).stderr
    file.write_text(TOML.format(amount="9500").replace("version = 1", "version = 2", 1))
    (told,) = person.told("groups", "apply", str(file))
    assert told == {
        "budget_group_id": "spring",
        "version": 2,
        "new": False,
        "differences": {
            "version": {"was": 1, "will_be": 2},
            "budget.amount": {"was": "9000", "will_be": "9500"},
        },
    }
    assert len(person.reads("groups.v1", 3)) == 3


def test_groups_are_listed_with_their_members(person: Person) -> None:
    assert "no group is defined" in person.runs("groups", "list").stderr
    person.tells("groups.v1", group("spring"), group("inside", "spring"))
    person.tells("plans.v1", a_plan(budget_group_id="inside"), a_plan(campaign_id="43"))

    inside, spring = person.told("groups", "list")

    assert (spring["budget_group_id"], spring["members"]) == ("spring", 0)
    assert (inside["parent_group_id"], inside["members"]) == ("spring", 1)
    assert inside["budget"] == "100"
    assert inside["currency"] == "EUR"
    assert "inside" in person.runs("groups", "list").stdout
