"""Undoing as a person does it, on a real Kafka with a real executor."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.broker import Broker
from schemas import topics
from schemas.action import Action, Release
from schemas.fields import Autonomy
from tests.waiting import eventually
from tests.workers import kafka_stack
from tests.workers.executor.world import a_plan, an_action, an_id

NOW = datetime.now(UTC)
TIMES = {"released_at": NOW, "valid_from": NOW, "expires_at": NOW + timedelta(hours=1)}
LATER = (NOW + timedelta(days=1)).isoformat()
PLACES = [("google", "7", "1"), ("google", "8", "2"), ("meta", "7", "3"), ("linkedin", "9", "4")]


@dataclass(frozen=True, kw_only=True)
class Stack(kafka_stack.Stack):
    """Campaigns on several platforms, whose changes are simulated."""

    def trail(self) -> list[dict[str, Any]]:
        return [json.loads(value) for value in self.values(topics.AUDIT)]

    def undo(self, *words: str, code: int = 0) -> list[dict[str, Any]]:
        """Return what the command tells of each change."""
        made = self.run("undo", *words, "--json")
        assert made.returncode == code, made.stderr + made.stdout
        return [json.loads(line) for line in made.stdout.splitlines()]

    def in_force(self) -> dict[str, str]:
        """Return each campaign's budget of an hour, by the trail."""
        told = (each for each in self.trail() if each.get("after") is not None)
        return {each["campaign_id"]: each["after"] for each in told}


def budgets(name: str, *values: int, **changes: object) -> list[Action]:
    """Return actions by which the budget of each campaign takes one value after the other."""
    steps = zip((None, *values), values, strict=False)
    return [
        an_action(
            f"{name} {step} {campaign}",
            None if before is None else str(before),
            str(target),
            platform=platform,
            account_id=account,
            campaign_id=campaign,
            entity_id=campaign,
            **TIMES | changes,
        )
        for step, (before, target) in enumerate(steps)
        for platform, account, campaign in PLACES
    ]


@pytest.fixture
def stack(kafka: Broker, topic_prefix: str, tmp_path: Path) -> Stack:
    stack = Stack.on(kafka, topic_prefix, tmp_path)
    for platform, account, campaign in PLACES:
        names = {"platform": platform, "account_id": account, "campaign_id": campaign}
        group = "spring" if platform == "meta" else None
        plan = a_plan(Autonomy.AUTO, budget_group_id=group, **names)
        stack.publish((topics.PLANS, plan, NOW))
    return stack


def act(stack: Stack, actions: Sequence[Action]) -> None:
    before = len(stack.trail())
    stack.publish_all([(topics.ACTIONS, action, datetime.now(UTC)) for action in actions])
    stack.wait_for(lambda: len(stack.trail()) == before + len(actions))


@pytest.mark.kafka
def test_what_is_chosen_is_shown_first_and_set_back_when_it_is_meant(stack: Stack) -> None:
    with stack.worker("executor"):
        act(stack, budgets("first", 10))
        since = datetime.now(UTC).isoformat()
        act(stack, budgets("more", 10, 12, 14)[len(PLACES) :])
        options = ("--since", since)

        shown = stack.undo(*options)
        assert [line["state"] for line in shown] == ["undoable"] * 8
        assert {line["back_to"] for line in shown} == {"10"}
        for narrower, campaigns in {
            ("--platform", "google"): {"google:7:1", "google:8:2"},
            ("--account", "7"): {"google:7:1", "meta:7:3"},
            ("--group", "spring"): {"meta:7:3"},
            ("--campaign", "4"): {"linkedin:9:4"},
        }.items():
            told = stack.undo(*options, *narrower, "--dry-run")
            assert {line["campaign"] for line in told} == campaigns
        assert stack.values(topics.DECISIONS) == []

        made = stack.run("undo", *options, "--platform", "google", "--yes", "--by", "ada")
        assert made.returncode == 0, made.stderr
        assert "2 values of 2 set back" in made.stderr
        assert stack.in_force() == {"1": "10", "2": "10", "3": "14", "4": "14"}
        again = stack.undo(*options, "--yes")
        assert sorted(line["state"] for line in again) == ["already_undone"] * 4 + ["undoable"] * 4
        assert {line["done"] for line in again if line["state"] == "undoable"} == {True}
        assert stack.in_force() == {"1": "10", "2": "10", "3": "10", "4": "10"}

        redone = stack.undo("--roll-backs", "--campaign", "google:7:1", "--yes")
        assert [line["answer"]["status"] for line in redone] == ["rolled_back"]
        assert redone[0]["answer"]["detail"].startswith("undoes the roll-back of")
        assert stack.in_force()["1"] == "14"
        assert stack.run("verify", "--from-genesis").returncode == 0


@pytest.mark.kafka
def test_what_cannot_be_undone_says_why_and_the_exit_code_tells(stack: Stack) -> None:
    with stack.worker("executor"):
        act(stack, budgets("first", 10, 12))
        person = {"released_by": Release.PERSON, "actor": "maria", "decision_id": an_id("said")}
        act(stack, budgets("person", 10, 12, 9, **person)[2 * len(PLACES) :][:1])
        told = stack.undo(an_id("first 1 1"), an_id("first 1 2")[:8], "0" * 32, "--yes", code=1)
        assert [line["state"] for line in told] == ["superseded", "undoable", "not_undoable"]
        assert an_id("person 2 1") in told[0]["why"]
        assert [line["done"] for line in told] == [False, True, False]
        person_only = stack.undo("--actor", "person", "--who", "maria")
        assert [line["action_id"] for line in person_only] == [an_id("person 2 1")]
        policy_only = stack.undo(
            "--actor", "policy", "--campaign", "1", "--until", "2090-01-01T00:00Z"
        )
        assert {line["state"] for line in policy_only} == {"superseded", "not_undoable"}

        assert stack.run("freeze", "meta").returncode == 0
        refused = stack.undo("--who", "auto", "--platform", "meta", "--yes", code=1)
        assert "frozen" in {line["answer"] and line["answer"]["reason"] for line in refused}
    for words, says in {
        ("undo",): "nothing says which changes",
        ("undo", "--platform", "tiktok"): "no change of",
        ("undo", "--group", "autumn"): "no plan is in group autumn",
        ("undo", "--since", "yesterday"): "no time with a zone",
        ("undo", "xyz"): "'xyz' is no id of an action",
        ("undo", "--platform", "meta", "--yes", "--dry-run"): "give one of them",
    }.items():
        made = stack.run(*words)
        assert (made.returncode, says in made.stderr) == (2, True), made.stderr


@pytest.mark.kafka
def test_nothing_is_undone_twice_or_lost_though_the_executor_is_killed(stack: Stack) -> None:
    many = 40
    with stack.worker("executor"):
        act(stack, budgets("many", *range(1, many + 1)))
    count = len(stack.trail())
    told = stack.undo("--who", "auto", "--yes", "--wait", "0")
    assert sum(line["state"] == "undoable" for line in told) == (many - 1) * len(PLACES)
    with stack.worker("executor") as worker:
        assert eventually(lambda: len(stack.trail()) > count, seconds=60), stack.log.read_text()
        worker.send_signal(signal.SIGKILL)
    with stack.worker("executor"):
        stack.wait_for(lambda: len(stack.trail()) == count + len(PLACES))
        left = stack.undo("--who", "auto", "--yes", code=1)

    assert stack.in_force() == {campaign: "1" for _, _, campaign in PLACES}
    assert len(stack.trail()) == count + len(PLACES)
    assert {line["state"] for line in left} == {"already_undone", "not_undoable"}
    assert stack.run("verify", "--from-genesis").returncode == 0
