"""``pacekeeper run`` as a person runs it: with a Kafka of its own, in a process of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.broker import Broker
from tests.waiting import eventually

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[3]


class Stack:
    """The running command, what it said, and the processes under it."""

    def __init__(self, process: subprocess.Popen[bytes], said: Path) -> None:
        self.process = process
        self._said = said

    @property
    def said(self) -> str:
        return self._said.read_text(encoding="utf-8")

    def says(self, text: str, *, seconds: float = 90) -> None:
        assert eventually(lambda: text in self.said, seconds=seconds), self.said

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, worker: str) -> psutil.Process:
        (found,) = (each for each in self.family() if worker in each.cmdline())
        return found


@contextmanager
def stack(directory: Path, *options: str) -> Iterator[Stack]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PACEKEEPER_")},
        "PACEKEEPER_DATA_DIR": str(directory / "data"),
        "PACEKEEPER_TOPICS_PARTITIONS": "2",
        "PACEKEEPER_WEB_PORT": "0",
        "PACEKEEPER_DELIVERY_SESSION_TIMEOUT_SECONDS": "6",
        "PACEKEEPER_DELIVERY_HEARTBEAT_SECONDS": "1",
    }
    said = directory / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers", "run", *options],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    family: list[psutil.Process] = []
    try:
        running = Stack(process, said)
        running.says("all is running")
        family = running.family()
        yield running
    finally:
        process.kill()
        process.wait()
        # What it left behind is the test's to judge, and then nobody else's to clean up.
        left = psutil.wait_procs(family, timeout=0)[1]
        for each in left:
            each.kill()


def test_the_stack_runs_brings_back_what_was_killed_and_leaves_nothing_after_ctrl_c(
    tmp_path: Path,
) -> None:
    with stack(tmp_path, "--port", "0") as running:
        assert re.search(r"Kafka +127\.0\.0\.1:\d+, data in ", running.said)
        assert re.search(r"topics +\d+ created", running.said)
        assert len(re.findall(r"ready, http://127\.0\.0\.1:\d+/metrics", running.said)) == 5

        victim = running.child("optimizer")
        victim.kill()
        running.says("optimizer was ended by SIGKILL; again in 1 s")
        assert eventually(lambda: running.said.count("optimizer  ready") == 2, seconds=60)
        assert running.child("optimizer").pid != victim.pid

        (kafka,) = (each for each in running.family() if each.name() == "java")
        kafka.kill()
        running.says("Kafka ended by itself; starting it again", seconds=10)
        running.says("serves again")

        family = running.family()
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=60) == 0
        assert psutil.wait_procs(family, timeout=10)[1] == []
        assert running.said.endswith("stopped\n")


def test_workers_do_not_outlive_a_supervisor_that_is_killed(
    tmp_path: Path, kafka: Broker, topic_prefix: str
) -> None:
    (tmp_path / "own.toml").write_text(f"[topics]\nprefix = '{topic_prefix}'\n", encoding="utf-8")
    options = ("--bootstrap", kafka.bootstrap, "--config", str(tmp_path / "own.toml"))
    with stack(tmp_path, *options) as running:
        family = running.family()
        assert len(family) == 5

        running.process.kill()

        assert psutil.wait_procs(family, timeout=60)[1] == []
