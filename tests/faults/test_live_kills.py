"""SIGKILL at every step of the live loop: one effect each, and the trail explains what is there."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from deploy.broker import Broker
from schemas import topics
from schemas.audit import OPEN
from schemas.fields import Autonomy
from tests.faults.mortal_executor import MOMENTS
from tests.waiting import eventually
from tests.workers.executor.platform_thread import (
    daily_budget,
    in_force,
    meta_on_loopback,
)
from tests.workers.executor.test_live_on_kafka import CAMPAIGN, NOW, Stack, budget
from tests.workers.executor.world import a_plan, an_id
from workers.sandbox.meta.server import MetaSandbox

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

CAMPAIGNS = ("6", "7", "8")


def mortal(stack: Stack, directory: Path) -> subprocess.Popen[bytes]:
    command = stack.command("executor")
    start = command.index("workers")
    own = [*command[:start], "tests.faults.mortal_executor", str(directory), *command[start + 1 :]]
    with stack.log.open("ab") as log:
        return subprocess.Popen(own, env=stack.environment, stderr=log, stdout=log)


class Undying:
    """Starts the executor again whenever it has died; counts how often that was."""

    def __init__(self, stack: Stack, moments: Path) -> None:
        self._stack, self._moments = stack, moments
        self.deaths = 0
        self.worker = mortal(stack, moments)

    def has_ended(self, changes: int) -> bool:
        """Return whether each change has an end, and the executor every death."""
        if self.worker.poll() is not None:
            self.deaths += 1
            self.worker = mortal(self._stack, self._moments)
        ended = [entry for entry in self._stack.trail() if entry.status not in OPEN]
        return len(ended) >= changes and self.deaths == len(MOMENTS)


@pytest.fixture
def platform() -> Iterator[MetaSandbox]:
    with meta_on_loopback() as platform:
        yield platform


@pytest.fixture
def stack(kafka: Broker, topic_prefix: str, tmp_path: Path, platform: MetaSandbox) -> Stack:
    stack = Stack.acting_on(platform, kafka, topic_prefix, tmp_path)
    for campaign in CAMPAIGNS:
        action = budget(f"up {campaign}", "90", "110")
        plan = replace(a_plan(Autonomy.AUTO, **CAMPAIGN), campaign_id=campaign)
        action = replace(action, campaign_id=campaign, entity_id=campaign)
        stack.publish((topics.PLANS, plan, NOW), (topics.ACTIONS, action, NOW))
    return stack


def test_an_executor_that_dies_at_every_step_makes_each_change_once_and_explains_it(
    stack: Stack, platform: MetaSandbox, tmp_path: Path
) -> None:
    moments = tmp_path / "moments"
    moments.mkdir()
    undying = Undying(stack, moments)
    try:
        ended = eventually(lambda: undying.has_ended(len(CAMPAIGNS)), seconds=240)
        assert ended, stack.log.read_text()
    finally:
        undying.worker.kill()
        undying.worker.wait()

    entries = stack.trail()
    ends = Counter(entry.action_id for entry in entries if entry.status not in OPEN)
    assert ends == {an_id(f"up {campaign}"): 1 for campaign in CAMPAIGNS}
    effects = Counter(effect.ref for effect in platform.effects)
    assert effects == {daily_budget(campaign): 1 for campaign in CAMPAIGNS}
    assert {entry.status.value for entry in entries} <= {"intent", "applied", "confirmed"}
    assert [entry.after for entry in entries if entry.status not in OPEN] == [110] * 3
    assert {in_force(platform, campaign) for campaign in CAMPAIGNS} == {110}
    assert stack.run("verify", "--from-genesis").returncode == 0
    assert {path.name for path in moments.iterdir()} == set(MOMENTS)
