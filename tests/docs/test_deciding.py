"""Decisions on the pages: every command runs, and publishes what it says."""

from __future__ import annotations

import re
import shlex

import pytest

from schemas import Decision, Verb, decode
from schemas.fields import Autonomy
from tests.docs.test_guarantees import ROOT
from tests.person_fixtures import Person
from tests.workers.executor.world import a_plan, a_recommendation


def commands() -> list[list[str]]:
    """Return the decisions of the pages, without their comments."""
    names = ("operations.md", "data-quality.md", "going-live.md", "approvals.md")
    pages = (ROOT / "docs" / name for name in names)
    lines = re.findall(
        r"^pacekeeper (decide .*)$",
        "\n".join(page.read_text() for page in pages),
        flags=re.MULTILINE,
    )
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.kafka
def test_every_decision_on_the_pages_is_published(person: Person) -> None:
    campaign = {"account_id": "123-456-7890", "campaign_id": "20986754321"}
    advice = a_recommendation("r", "12", recommendation_id="9c56cc51b374c3ba189210d5b6d4bf57")
    person.tells("plans.v1", a_plan(Autonomy.PROPOSE, **campaign))
    person.tells("recommendations.v1", advice)

    for words in commands():
        person.runs(*words, "--wait", "0")

    told = person.reads("decisions.v1", len(commands()))
    assert {decode(value, Decision).verb for value, _ in told} == set(Verb) - {Verb.ROLL_BACK}
