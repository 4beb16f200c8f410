"""One node's process: start it, find it again, signal it, end it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import psutil

from deploy.broker import guard
from deploy.broker.config import Node
from deploy.broker.report import Report

_LOOK_EVERY = 0.01


@dataclass(frozen=True, kw_only=True)
class Running:
    """A node's process, as its pid file tells it."""

    pid: int
    port: int


@dataclass(frozen=True, kw_only=True)
class Launched:
    """A node's process and the one that guards it (done already when there is no owner)."""

    pid: int
    guard: "subprocess.Popen[bytes]"


def find(node_directory: Path) -> Running | None:
    """Return the node's process, or None when it does not run.

    A pid file outlives a killed broker and its number may by now be another program's, so the
    process must also have this node's properties on its command line.
    """
    try:
        told = json.loads(_pid_file(node_directory).read_text(encoding="ascii"))
        running = Running(pid=int(told["pid"]), port=int(told["port"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return running if _is_node(running.pid, node_directory) else None


def forget_stale(node_directory: Path, report: Report) -> None:
    """Remove the pid file of a process that is gone."""
    if _pid_file(node_directory).exists() and find(node_directory) is None:
        report(f"{_pid_file(node_directory)} is of a process that is gone, removed")
        _pid_file(node_directory).unlink()


def launch(node: Node, command: Sequence[str], *, owner: int, grace: float) -> Launched:
    """Start the node.

    It ends with the process ``owner``, ``grace`` seconds after being asked at most; with owner
    0 it stays.
    """
    guarded = [sys.executable, "-I", "-S", guard.__file__, str(owner), str(grace), *command]
    with node.directory.joinpath("console.log").open("wb") as console:
        started = subprocess.Popen(
            guarded,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=console,
            start_new_session=True,
        )
    with cast(IO[bytes], started.stdout) as told:
        pid = int(told.readline() or 0)
    text = json.dumps({"pid": pid, "port": node.port})
    _pid_file(node.directory).write_text(text, encoding="ascii")
    if not owner:
        started.wait()
    return Launched(pid=pid, guard=started)


def forget(node_directory: Path) -> None:
    """Remove the pid file of a process that was ended."""
    _pid_file(node_directory).unlink(missing_ok=True)


def is_alive(pid: int) -> bool:
    """Tell whether a process exists and is more than a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pause(pid: int) -> None:
    """Stop a process's execution, and return once it has stopped: it may answer until then.

    The signal waits until one of its threads has its turn, on a busy machine for a while.
    """
    paused = psutil.Process(pid)
    paused.suspend()
    while paused.status() != psutil.STATUS_STOPPED:
        time.sleep(_LOOK_EVERY)


def end(pids: Sequence[int], *, grace: float) -> tuple[int, ...]:
    """Ask processes to stop, wait, and kill those that did not; return whom it had to kill."""
    processes = [process for pid in pids if (process := _process(pid))]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            # A paused process would get the request only when it goes on.
            process.resume()
            process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=grace)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=grace)
    return tuple(process.pid for process in stubborn)


def tail(path: Path, lines: int = 15) -> list[str]:
    """Return the last lines of a log; none when there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 64_000))
            return file.read().decode(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []


def _pid_file(node_directory: Path) -> Path:
    return node_directory / "pid.json"


def _is_node(pid: int, node_directory: Path) -> bool:
    try:
        command = psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return str(node_directory / "server.properties") in command


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None
