"""SIGKILL at every commit on a raise's way: the cap holds, and nothing of it is lost."""

from __future__ import annotations

import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.broker import Broker
from schemas import topics
from schemas.action import Action
from schemas.audit import AuditEntry
from schemas.codec import decode
from schemas.fields import Autonomy
from schemas.tick import Tick
from tests.faults.mortal_ledger import MOMENTS
from tests.faults.topics import PARTITIONS
from tests.waiting import eventually
from tests.workers.executor.members import a_group, a_raise, most_moved
from tests.workers.executor.world import a_plan, an_id
from tests.workers.kafka_stack import Stack
from workers.partitioner import partition_of

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

NOW = datetime.now(UTC)
CAMPAIGNS = tuple(str(number) for number in range(8))
FITS = Counter({("simulated", None): 3, ("rejected", "movement_cap"): 5})


def up(name: str, campaign: str, target: str) -> Action:
    times = {"valid_from": NOW, "released_at": NOW, "expires_at": NOW + timedelta(hours=1)}
    return a_raise(name, campaign, "100", target, **times)


def mortal(stack: Stack, directory: Path) -> subprocess.Popen[bytes]:
    command = stack.command("executor")
    start = command.index("workers")
    own = [*command[:start], "tests.faults.mortal_ledger", str(directory), *command[start + 1 :]]
    with stack.log.open("ab") as log:
        return subprocess.Popen(own, env=stack.environment, stderr=log, stdout=log)


class Undying:
    """Starts the executor again whenever it has died; counts how often that was."""

    def __init__(self, stack: Stack, moments: Path) -> None:
        self._stack, self._moments = stack, moments
        self.deaths = 0
        self.worker = mortal(stack, moments)

    def has_ended(self, actions: int) -> bool:
        if self.worker.poll() is not None:
            self.deaths += 1
            self.worker = mortal(self._stack, self._moments)
        every = self.deaths == len(MOMENTS)
        return every and len(trail(self._stack)) >= actions


def trail(stack: Stack) -> list[AuditEntry]:
    return [decode(value, AuditEntry) for value in stack.values(topics.AUDIT)]


@pytest.fixture
def stack(kafka: Broker, topic_prefix: str, tmp_path: Path) -> Stack:
    """Return one with members in every partition, of which each wants 30 of the group's 100."""
    homes = {partition_of(up("", name, "1").key, PARTITIONS) for name in CAMPAIGNS}
    assert len(homes) == PARTITIONS, "members lie wherever the ledger does not"
    stack = Stack.on(kafka, topic_prefix, tmp_path)
    plans = [a_plan(Autonomy.AUTO, campaign_id=c, budget_group_id="spring") for c in CAMPAIGNS]
    stack.publish((topics.GROUPS, a_group(version=2), NOW))
    for number in {*range(PARTITIONS)} - {partition_of(b"spring", PARTITIONS)}:
        # What was handed to others once, and is true no more.
        stack.publish_all([(topics.GROUPS, a_group(None), NOW)], partition=number)
    stack.publish(*((topics.PLANS, plan, NOW) for plan in plans))
    stack.publish(*((topics.ACTIONS, up(name, name, "130"), NOW) for name in CAMPAIGNS))
    return stack


def test_an_executor_that_dies_at_every_commit_keeps_the_cap_and_gives_all_of_it_out(
    stack: Stack, tmp_path: Path
) -> None:
    moments = tmp_path / "moments"
    moments.mkdir()
    undying = Undying(stack, moments)
    try:
        assert eventually(lambda: undying.has_ended(3), seconds=240), stack.log.read_text()
        # What was granted and not settled when others asked may have been given back since.
        later = NOW + timedelta(minutes=15)
        for number in range(PARTITIONS):
            tick = Tick(partition=number, time=later)
            stack.publish_all([(topics.TICKS, tick, later)], partition=number)
        assert eventually(lambda: undying.has_ended(8), seconds=90), stack.log.read_text()
        # Of 100 there are 10 left: what has ended holds no more than it has moved.
        late = [name for name in CAMPAIGNS if name not in stack.applied()]
        stack.publish((topics.ACTIONS, up("fits", late[0], "110"), later))
        assert eventually(lambda: undying.has_ended(9), seconds=90), stack.log.read_text()
        stack.publish((topics.ACTIONS, up("over", late[1], "101"), later))
        assert eventually(lambda: undying.has_ended(10), seconds=90), stack.log.read_text()
    finally:
        undying.worker.kill()
        undying.worker.wait()

    entries = trail(stack)
    ends = {entry.action_id: (entry.status.value, entry.reason) for entry in entries}
    assert len(ends) == len(entries) == 10
    assert Counter(ends[an_id(name)] for name in CAMPAIGNS) == FITS
    assert ends[an_id("fits")] == ("simulated", None)
    assert ends[an_id("over")] == ("rejected", "movement_cap")
    assert most_moved(entries) == 100
    assert {path.name for path in moments.iterdir()} == set(MOMENTS)
    assert stack.run("verify", "--from-genesis").returncode == 0
