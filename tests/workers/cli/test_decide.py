"""Decisions as a person makes them, on a real Kafka with a real executor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from schemas import AuditEntry, AuditStatus, Decision, Mode, decode
from schemas.fields import Autonomy
from tests.person_fixtures import Person
from tests.workers.executor.world import a_plan, a_recommendation, an_id
from workers.executor.entries import identity

pytestmark = pytest.mark.kafka
NOW = datetime.now(UTC)
TIMES = {
    "hour": NOW,
    "decided_at": NOW,
    "valid_from": NOW,
    "expires_at": NOW + timedelta(minutes=60),
}
PROPOSED, OTHER = an_id("proposed"), an_id("other")


@pytest.fixture
def executor(person: Person) -> Iterator[subprocess.Popen[bytes]]:
    worker = started(person)
    yield worker
    worker.kill()
    worker.wait()


def started(person: Person) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PACEKEEPER_TOPICS_PREFIX": person.prefix,
        "PACEKEEPER_TOPICS_PARTITIONS": "2",
        "PACEKEEPER_WEB_PORT": "0",
    }
    command = [sys.executable, "-m", "workers", "executor", "--bootstrap", person.bootstrap]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def proposals(person: Person) -> None:
    person.tells("plans.v1", a_plan(Autonomy.PROPOSE))
    for name in ("proposed", "other"):
        field = {"field": "hourly_budget" if name == "proposed" else "daily_budget"}
        person.tells("recommendations.v1", a_recommendation(name, "12", **TIMES, **field))


@pytest.mark.usefixtures("executor")
def test_decisions_are_answered_by_the_executor(person: Person) -> None:
    proposals(person)
    asked = person.reads("audit.v1", 2)
    assert {json.loads(value)["status"] for value, _ in asked} == {"approval_required"}

    told = person.runs("decide", "approve", PROPOSED[:8], "--by", "maria", "--why", "looks right")
    assert "maria decides: approve hourly_budget of google:7:42 to 12 EUR" in told.stderr
    assert "google:7:42: simulated" in told.stderr
    again = person.runs("decide", "approve", PROPOSED, "--by", "li", code=1)
    assert "rejected (already_decided): maria has decided already" in again.stderr
    refused = person.told("decide", "reject", OTHER)
    assert refused["decision"]["recommendation_id"] == OTHER
    assert refused["answer"]["reason"] == "rejected_by_person"
    assert refused["done"]

    assert "applied (frozen)" in person.runs("decide", "freeze", "42").stderr
    assert "applied (unfrozen)" in person.runs("decide", "unfreeze", "7:42").stderr
    assert "no op (not_frozen)" in person.runs("decide", "unfreeze", "google:7:42").stderr
    assert "applied (outage_rejected)" in person.runs("decide", "reject-outage", "42").stderr
    window = ("--from", "2026-03-01T08:00Z", "--to", "2026-03-01T10:00+01:00")
    assert (
        "applied (window_excluded)" in person.runs("decide", "exclude-window", "42", *window).stderr
    )


def test_a_second_person_is_asked_for_though_the_executor_was_killed_in_between(
    person: Person, executor: subprocess.Popen[bytes]
) -> None:
    person.tells("plans.v1", a_plan(Autonomy.PROPOSE, approvers=2))
    person.tells("recommendations.v1", a_recommendation("proposed", "12", **TIMES))
    person.reads("audit.v1", 1)

    first = person.runs("decide", "approve", PROPOSED[:8], "--by", "maria", code=1)
    assert "approval required (more_approvals_needed): 1 of 2 approvals (maria" in first.stderr
    assert "another person has to approve it before" in first.stderr
    executor.kill()
    executor.wait()
    again = started(person)
    try:
        twice = person.runs("decide", "approve", PROPOSED[:8], "--by", " Maria", code=1)
        assert "rejected (already_approved)" in twice.stderr
        done = person.told("decide", "approve", PROPOSED[:8], "--by", "li")
    finally:
        again.kill()
        again.wait()

    assert done["answer"]["status"] == "simulated"
    assert [approval["by"] for approval in done["answer"]["approvals"]] == ["maria", "li"]
    (action, _), *_ = person.reads("actions.v1", 1)
    assert [approval["by"] for approval in json.loads(action)["approvals"]] == ["maria", "li"]
    assert json.loads(action)["plan_version"] == 1
    person.runs("verify", "--from-genesis")


def test_what_is_about_to_be_sent_is_no_answer_and_what_became_of_it_is(person: Person) -> None:
    proposals(person)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(person.runs, "decide", "freeze", "google:7:42", "--json")
        ((value, _),) = person.reads("decisions.v1", 1)
        decision = decode(value, Decision)
        entry = AuditEntry(
            platform="google",
            account_id="7",
            campaign_id="42",
            at=NOW,
            status=AuditStatus.INTENT,
            mode=Mode.LIVE,
            actor="maria",
            decision_id=identity(decision),
            entity_id="42",
            field="freeze",
        )
        person.tells("audit.v1", entry, replace(entry, status=AuditStatus.CONFIRMED))
        told = json.loads(asked.result().stdout)

    assert told["answer"]["status"] == "confirmed"
    assert told["done"]


def test_several_are_published_at_once_and_what_nobody_answers_is_told(person: Person) -> None:
    proposals(person)
    several = ("decide", "approve", PROPOSED[:6], OTHER[:6], PROPOSED[:6])

    assert "published" in person.runs(*several, "--wait", "0").stderr
    late = person.runs(
        "decide", "freeze", "42", "--until", "2099-01-01T00:00Z", "--wait", "1", code=1
    )

    assert "no answer yet" in late.stderr
    assert "see that one runs" in late.stderr
    made = [decode(value, Decision) for value, _ in person.reads("decisions.v1", 3)]
    assert [each.recommendation_id for each in made] == [PROPOSED, OTHER, None]


def test_what_cannot_be_decided_is_not_published(person: Person) -> None:
    proposals(person)
    window = ("--from", "2026-03-01T08:00Z", "--to", "2026-03-01T07:00Z")
    for words, says in {
        ("approve", "xyz"): "'xyz' is no id of a recommendation",
        ("approve", PROPOSED[:6], "ffffffff"): "no recommendation ffffffff",
        ("freeze", "43"): "there is no campaign 43",
        ("freeze", "42", "--until", "2026-03-01T08:00"): "no time with a zone",
        ("exclude-window", "42", *window): "window_end: must be after window_start",
        ("freeze", "42", "--by", "x" * 201): "this cannot be decided: by",
    }.items():
        assert says in person.runs("decide", *words, code=2).stderr
    person.runs("decide", "unfreeze", "42", "--wait", "0")
    (made,) = person.reads("decisions.v1", 1)
    assert decode(made[0], Decision).verb == "unfreeze"


def test_a_campaign_is_looked_for_among_plans(person: Person) -> None:
    assert "no campaign has a plan" in person.runs("decide", "freeze", "42", code=2).stderr
