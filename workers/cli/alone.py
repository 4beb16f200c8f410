"""What must be this run's alone, asked for before anything is started: its logs and its ports."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.errors import UsageError

_LOCK = "run.lock"
_ELSEWHERE = "PACEKEEPER_DATA_DIR, and ports of its own by --port 0 and PACEKEEPER_WEB_PORT=0"


@contextmanager
def alone_in(logs: Path) -> Iterator[None]:
    """Hold a directory of logs for as long as the block lasts, or the process lives.

    Raises
    ------
    UsageError
        Another process holds it; nothing in it was touched.
    """
    try:
        logs.mkdir(parents=True, exist_ok=True)
        file = (logs / _LOCK).open("a+", encoding="ascii")
    except OSError as error:
        raise UsageError(f"logs cannot be written into {logs} ({error.strerror})") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise _runs_already(logs, file.read().strip()) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _runs_already(logs: Path, process: str) -> UsageError:
    return UsageError(
        f"it already runs here: process {process or 'unknown'} writes its logs into {logs}",
        remedy=f"stop that one, or give this one another directory ({_ELSEWHERE})",
    )


def check_free(host: str, ports: Iterable[int]) -> None:
    """Make sure that nobody listens on ``ports``: whoever did would answer for our workers.

    Raises
    ------
    UsageError
        Somebody does, or the address is not one of this machine.
    """
    for port in ports:
        try:
            socket.create_server((host, port)).close()
        except OSError as error:
            raise UsageError(
                f"a worker cannot listen on {host}:{port} ({error.strerror})",
                remedy="stop what listens there, or set web.port to another, 0 for any free one",
            ) from error
