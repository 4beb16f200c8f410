"""What a run needs for itself: it is told apart from another one before anything is touched."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.cli.alone import alone_in, check_free
from workers.errors import UsageError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def run(logs: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workers", "run", "--log-dir", str(logs)],
        cwd=ROOT,
        env={
            **{name: text for name, text in os.environ.items() if "PACEKEEPER_" not in name},
            "NO_COLOR": "1",
            "PACEKEEPER_DATA_DIR": str(logs / "data"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_second_run_in_the_same_directory_is_refused_in_one_line_and_touches_nothing(
    tmp_path: Path,
) -> None:
    log = tmp_path / "optimizer.log"
    log.write_text("the first one's")

    with alone_in(tmp_path):
        second = run(tmp_path, PACEKEEPER_WEB_PORT="0")

    assert second.returncode == 2
    assert second.stdout == ""
    (line,) = second.stderr.splitlines()
    assert f"already runs here: process {os.getpid()} writes its logs into {tmp_path}" in line
    assert "stop that one, or give this one another directory" in line
    assert {each.name for each in tmp_path.iterdir()} == {"optimizer.log", "run.lock"}
    assert log.read_text() == "the first one's"


def test_the_directory_is_free_again_when_a_run_has_ended(tmp_path: Path) -> None:
    logs = tmp_path / "not" / "there yet"
    for _ in range(2):
        with alone_in(logs):
            assert (logs / "run.lock").read_text() == f"{os.getpid()}\n"
            with pytest.raises(UsageError), alone_in(logs):
                pass


def test_a_run_whose_workers_another_program_would_answer_for_starts_nothing(
    tmp_path: Path, taken: int
) -> None:
    told = run(tmp_path, PACEKEEPER_WEB_PORT=str(taken))

    assert told.returncode == 2
    (line,) = told.stderr.splitlines()
    assert f"cannot listen on 127.0.0.1:{taken}" in line
    assert "web.port" in line
    assert {each.name for each in tmp_path.iterdir()} == {"run.lock"}


def test_every_port_is_asked_for_not_the_first_alone(taken: int) -> None:
    with pytest.raises(UsageError, match=str(taken)):
        check_free("127.0.0.1", [0, taken])
