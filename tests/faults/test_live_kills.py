"""SIGKILL at every step of the live loop: one effect each, and the trail explains what is there."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from deploy.broker import Broker
from tests.faults.all_platforms import on_loopback, ready
from tests.faults.killing import NOT_REACHED, Killing, kill
from tests.faults.moments import moments
from tests.faults.mortal_executor import PLATFORMS, Manner

pytestmark = [pytest.mark.kafka, pytest.mark.faults]


def test_an_executor_that_dies_at_every_step_makes_each_change_once_and_explains_it(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    deaths = kill(kafka.bootstrap, topic_prefix, tmp_path, Manner.EACH_ONCE, seconds=400)

    assert all(deaths[platform] >= 3 for platform in PLATFORMS)


@pytest.mark.parametrize("platform", ["meta", "google"])
def test_an_executor_that_stands_still_while_another_takes_over_calls_no_more(
    platform: str, kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    with on_loopback() as sandbox:
        stack = ready(sandbox, kafka.bootstrap, topic_prefix, tmp_path)
        stopping = Killing(stack, sandbox, tmp_path, Manner.STANDS_STILL, (platform,))
        stopping.plan()
        stopping.release(platform)
        with stopping.executor(Manner.STANDS_STILL) as sleeper:
            stopping.wait_for(lambda: len(stopping.deaths) == 1, 60)
            with stopping.executor(Manner.LIVES_ON):
                stopping.wait_for(lambda: len(stopping.ended) == 1, 60)
                os.killpg(sleeper.pid, signal.SIGCONT)
                # It learns that it owns nothing any more, and ends.
                stopping.wait_for(lambda: "ProducerFenced" in stack.log.read_text(), 60)
                stopping.release(platform)
                stopping.wait_for(lambda: len(stopping.ended) == 2, 60)
        stopping.explained()


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
