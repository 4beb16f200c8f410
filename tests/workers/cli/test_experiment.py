"""``pacekeeper experiment`` as a person runs it, on a real Kafka."""

from __future__ import annotations

import json

import pytest

from schemas import Experiment, decode
from tests.person_fixtures import Person
from tests.workers.experiment.logs import KEYS, NAMES, a_log, an_experiment, events

pytestmark = pytest.mark.kafka

DAYS = 40


@pytest.fixture
def person(person: Person) -> Person:
    person.terminal["COLUMNS"] = "80"
    return person


def test_an_experiment_is_begun_looked_at_and_stopped(person: Person) -> None:
    told = an_experiment()
    assert "there is no experiment" in person.runs("experiment", "status").stderr
    person.tells("plans.v1", *a_log(told, 0).plans.values())
    person.tells("metrics.v1", *events(told, 0))
    begin = ("experiment", "start", "cpa-12", "--by", "ada", "--start", "2026-03-03")
    who = ("--campaign", "41", "--campaign", "google:7:42", "--treatment", "target_cpa=12")

    assert "would be published" in person.runs(*begin, *who, "--dry-run").stderr
    started = person.told("experiment", "start", *begin[2:], *who)
    assert started["published"]
    assert decode(json.dumps(started["experiment"]).encode(), Experiment) == an_experiment(
        start=told.start.replace(day=3)
    )
    # Of the fourteen days before it the first and the last have no neighbour to be paired with.
    assert started["before"]["verdict"]["observations"] == 6
    assert "exists already" in person.runs(*begin, *who, code=2).stderr

    running = an_experiment(start=told.start.replace(day=3))
    person.tells("metrics.v1", *events(running, DAYS, lift=1.5))
    (found,) = [person.told("experiment", "status", "cpa-12")]
    assert found["verdict"]["differs"]
    assert found["verdict"]["low"] < 0.5 < found["verdict"]["high"]
    assert {each["campaign"] for each in found["campaigns"]} == {*NAMES}
    page = person.runs("experiment", "status", "cpa-12").stdout
    assert "They differ: the treatment brings more conversions" in page
    assert max(map(len, page.splitlines())) <= 80
    assert "they differ" in person.runs("experiment", "status").stdout

    person.runs("experiment", "stop", "cpa-12", "--why", "It pays", "--at", "2026-03-23T10:00:00Z")
    stopped = person.told("experiment", "status", "cpa-12")
    assert (stopped["status"], stopped["why"], stopped["days"]) == ("stopped", "It pays", 20)
    again = person.runs("experiment", "stop", "cpa-12", "--why", "It pays", code=2)
    assert "was stopped already" in again.stderr


def test_two_campaigns_are_compared_as_they_are(person: Person) -> None:
    told = an_experiment()
    person.tells("plans.v1", *a_log(told, 0).plans.values())
    person.tells("metrics.v1", *events(told, DAYS))
    pair = f"control={NAMES[0]},treatment={NAMES[1]}"
    person.runs("experiment", "start", "split", "--pair", pair, "--start", "2026-03-02")
    found = person.told("experiment", "status", "split")

    assert (found["days"], found["verdict"]["observations"]) == (DAYS, DAYS)
    assert not found["verdict"]["differs"]


def test_what_is_wrong_is_one_line(person: Person) -> None:
    told = an_experiment()
    person.tells("plans.v1", *a_log(told, 0).plans.values())
    person.tells("metrics.v1", *events(told, 1))
    start = ("experiment", "start", "a", "--treatment")

    unknown = person.runs(*start, "target_cpa=1", "--campaign", "google:7:4", code=2)
    refused = person.runs(*start, "autonomy=auto", "--campaign", "41", code=2)
    nobody = person.runs("experiment", "status", "b", code=2)
    assert "there is no campaign google:7:4 - did you mean google:7:4" in unknown.stderr
    assert "no side of an experiment may change budgets, caps, autonomy" in refused.stderr
    assert "there is no experiment b" in nobody.stderr
    assert all(result.stderr.count("\n") == 1 for result in (unknown, refused, nobody))
    assert KEYS[0].campaign_id == "41"


def test_a_kafka_that_is_not_there_is_one_line(person: Person) -> None:
    person.bootstrap = "127.0.0.1:1"
    for arguments in (("status",), ("stop", "a", "--why", "b"), ("start", "a", "--campaign", "b")):
        told = person.runs("experiment", *arguments, code=1)
        assert told.stderr.startswith("error: ")
        assert told.stderr.count("\n") == 1
        assert "127.0.0.1:1" in told.stderr
