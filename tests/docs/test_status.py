"""The page about ``pacekeeper status``: its commands run, its fields are those that are told."""

from __future__ import annotations

import re
import shlex
from typing import Any

import msgspec
import pytest

from tests.docs.test_guarantees import ROOT
from tests.person_fixtures import Person
from tests.workers.report.told import a_plan, advice, an_entry, an_hour
from workers.status.answers import Answers
from workers.status.model import CampaignStatus, CurrencyTotal, Level
from workers.status.table import COLUMNS

PAGE = (ROOT / "docs" / "status.md").read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    """Return the commands of the page, without their comments."""
    blocks = re.findall(r"^```\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
    lines = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    return [words for words in lines if words[:1] == ["pacekeeper"]]


@pytest.mark.kafka
def test_every_command_on_the_page_runs(person: Person) -> None:
    person.tells("plans.v1", a_plan())
    person.tells("metrics.v1", an_hour(0), an_hour(1))
    person.tells("recommendations.v1", advice(2))
    person.tells("audit.v1", an_entry(2))

    assert len(commands()) >= 7
    for words in commands():
        assert person.runs(*words[1:]).stdout, words


def names(kind: Any) -> set[str]:  # noqa: ANN401 -- a struct, or a type with one in it
    """Return the fields of a struct and of those in it."""
    found: set[str] = set()
    for field in msgspec.structs.fields(kind):
        found.add(field.encode_name)
        inner = msgspec.inspect.type_info(field.type)
        for each in (inner, *getattr(inner, "types", ()), getattr(inner, "item_type", None)):
            if isinstance(each, msgspec.inspect.StructType):
                found |= names(each.cls)
    return found


@pytest.mark.parametrize("kind", [CampaignStatus, CurrencyTotal, Answers])
def test_every_field_that_is_printed_is_on_the_page(kind: type[msgspec.Struct]) -> None:
    told = set(re.findall(r"`(\w+)`", PAGE.split("## For programs")[1]))
    assert len(names(kind)) >= 10
    assert names(kind) - told == set()


def test_every_column_and_level_is_on_the_page() -> None:
    told = set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)))
    assert {column.name for column in COLUMNS} - told == set()
    assert {level.word for level in Level} <= told
