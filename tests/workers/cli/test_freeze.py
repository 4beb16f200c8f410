"""The switch that stops all changes, as a person uses it, on a real Kafka."""

from __future__ import annotations

import pytest

from schemas.codec import decode
from schemas.condition import Condition
from tests.person_fixtures import Person
from tests.workers.report.told import a_plan
from workers.cli.freeze import condition_of
from workers.errors import UsageError

SAID = {"active": True, "by": "ada", "why": "stop"}


@pytest.mark.kafka
def test_all_is_frozen_at_once_and_lifted_by_the_same_word(person: Person) -> None:
    person.tells("plans.v1", a_plan(), a_plan(campaign_id="43"))

    frozen = person.runs("freeze", "all", "--why", "budgets are wrong", "--by", "ada")
    assert "all is frozen: nothing is changed of 2 campaigns with plans" in frozen.stderr
    assert "pacekeeper unfreeze all" in frozen.stderr
    told = person.told("freeze", a_plan().platform, "--until", "2099-01-01T00:00Z")
    assert (told["frozen"], told["version"], told["campaigns"]) == (True, 1, 2)
    assert "all is not frozen any more" in person.runs("unfreeze", "all").stderr
    refused = person.runs("unfreeze", "all", code=2)
    assert f"frozen by scope are: {a_plan().platform}" in refused.stderr


@pytest.mark.kafka
def test_a_scope_in_which_no_campaign_lies_is_frozen_and_doubted(person: Person) -> None:
    told = person.runs("freeze", "mteta:12")

    assert "no campaign with a plan lies in mteta:12" in told.stderr
    ((stored, _),) = person.reads("conditions.v1", 1)
    assert decode(stored, Condition).key == b"mteta:12#freeze"


@pytest.mark.parametrize(
    ("scope", "said"), [("meta:1:2", "decide freeze meta:1:2"), ("Meta", "write all, PLATFORM")]
)
def test_what_is_no_such_scope_is_refused_with_what_to_write(scope: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        condition_of(scope, SAID, {})
    assert said in (refused.value.remedy or "")


def test_what_cannot_be_read_is_a_freeze_that_may_be_lifted() -> None:
    key = b"*#freeze"
    lifted = condition_of("all", {**SAID, "active": False}, {key: b"{"})

    assert (lifted.key, lifted.active) == (key, False)
