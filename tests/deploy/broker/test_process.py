import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.broker import guard, process
from tests.waiting import eventually

STUBBORN = (
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
)


def write_pid(directory: Path, pid: int) -> None:
    (directory / "pid.json").write_text(json.dumps({"pid": pid, "port": 9092}))


def a_node(directory: Path) -> "subprocess.Popen[bytes]":
    """Start something that looks like a node: its properties are on its command line."""
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    return subprocess.Popen([*sleeper, str(directory / "server.properties")])


def test_a_node_is_found_by_its_pid_file(tmp_path: Path) -> None:
    with a_node(tmp_path) as node:
        write_pid(tmp_path, node.pid)
        assert eventually(lambda: process.find(tmp_path) is not None)
        node.kill()


def test_a_pid_file_of_a_process_that_is_gone_is_stale_and_removed_with_a_word(
    tmp_path: Path,
) -> None:
    with a_node(tmp_path) as node:
        node.kill()
    write_pid(tmp_path, node.pid)
    said: list[str] = []

    assert process.find(tmp_path) is None
    process.forget_stale(tmp_path, said.append)

    assert not (tmp_path / "pid.json").exists()
    assert "process that is gone" in said[0]


def test_a_number_that_now_belongs_to_another_program_is_stale_too(tmp_path: Path) -> None:
    write_pid(tmp_path, os.getpid())

    assert process.find(tmp_path) is None


@pytest.mark.parametrize("text", ["", "12", "{}", '{"pid": "x", "port": 1}', "[1, 2]"])
def test_a_pid_file_that_cannot_be_read_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "pid.json").write_text(text)

    assert process.find(tmp_path) is None


def test_a_process_that_will_not_stop_is_killed_and_told() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as stubborn:
        assert stubborn.stdout is not None
        stubborn.stdout.readline()

        assert process.end([stubborn.pid], grace=0.2) == (stubborn.pid,)
    assert not process.is_alive(stubborn.pid)


def test_a_paused_process_can_be_stopped_cleanly() -> None:
    # With a handler, as Java has one: without, Linux ends a paused process at once.
    orderly = STUBBORN.replace("signal.SIG_IGN", "lambda *_: exit(7)")
    with subprocess.Popen([sys.executable, "-c", orderly], stdout=subprocess.PIPE) as node:
        assert node.stdout is not None
        node.stdout.readline()
        psutil.Process(node.pid).suspend()

        assert process.end([node.pid], grace=10) == ()


def test_a_log_is_told_by_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "broker.log"
    log.write_text("".join(f"line {number}\n" for number in range(10_000)))

    assert process.tail(log, 2) == ["line 9998", "line 9999"]
    assert process.tail(tmp_path / "none.log") == []


OWNER = """
import subprocess, sys, time
command = [sys.executable, sys.argv[1], sys.argv[2], "0.5", sys.executable, "-c", sys.argv[3]]
started = subprocess.Popen(
    [part.replace("OWN", str(__import__("os").getpid())) for part in command],
    stdout=subprocess.PIPE, start_new_session=True,
)
print(started.stdout.readline().decode().strip(), flush=True)
time.sleep(60)
"""


def start_owner(guarded: str, *, owner: str = "OWN") -> tuple["subprocess.Popen[bytes]", int]:
    started = subprocess.Popen(
        [sys.executable, "-c", OWNER, guard.__file__, owner, guarded],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert started.stdout is not None
    return started, int(started.stdout.readline())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("guarded", ["import time; time.sleep(60)", STUBBORN.replace("1,", "'',")])
def test_what_is_guarded_ends_with_its_owner_however_that_ends(
    how: signal.Signals, guarded: str
) -> None:
    owner, child = start_owner(guarded)
    with owner:
        assert process.is_alive(child)
        # The whole group, as a terminal does on Ctrl-C.
        os.killpg(owner.pid, how)

    assert eventually(lambda: not process.is_alive(child))


def test_what_has_no_owner_outlives_the_process_that_started_it() -> None:
    owner, child = start_owner("import time; time.sleep(60)", owner="0")
    with owner:
        owner.kill()

    assert not eventually(lambda: not process.is_alive(child), seconds=1)
    process.end([child], grace=5)
