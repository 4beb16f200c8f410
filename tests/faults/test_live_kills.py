"""SIGKILL at every step of the live loop: one effect each, and the trail explains what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.broker import Broker
from tests.broker_fixtures import settings_in
from tests.faults.killing import NOT_REACHED, Killing, on_loopback, ready
from tests.faults.moments import moments
from tests.faults.mortal_executor import PLATFORMS, Manner

pytestmark = [pytest.mark.kafka, pytest.mark.faults]


@pytest.fixture(scope="module")
def quick_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One node that lets workers say how soon their silence counts as death."""
    settings = settings_in(tmp_path_factory.mktemp("quick"))
    properties = {"group.min.session.timeout.ms": "1000"}
    with Broker(replace(settings, properties=properties)) as broker:
        yield broker


def test_an_executor_that_dies_at_every_step_makes_each_change_once_and_explains_it(
    quick_kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    with on_loopback() as sandbox:
        stack = ready(sandbox, quick_kafka, topic_prefix, tmp_path)
        killing = Killing(stack, sandbox, tmp_path, Manner.EACH_ONCE)
        killing.run(seconds=400)
        killing.explained()

    deaths = Counter(platform for _, platform in killing.deaths)
    assert all(deaths[platform] >= 3 for platform in PLATFORMS)


def test_whatever_the_loop_waits_for_is_a_moment_to_be_killed_at() -> None:
    found = {moment.partition(" ")[2] for moment in moments()}
    assert found > set(NOT_REACHED), "what is not reached exists"
    assert {name.partition(" ")[0] for name in found} > {
        "carry_out._CarryOut._send",
        "courier.Courier._settle",
        "couriers._Term.publish",
        "fitted.Fitted.apply",
        "transactions.commit_step",
    }
