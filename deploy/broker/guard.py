"""Run a command for as long as its owner lives.

A broker that serves a test or a demo must end with it, even when the owner is killed and can
clean up nothing. So the owner starts this small process, in a session of its own (Ctrl-C in a
terminal does not reach it), and this one starts Java: there is no moment at which Java runs
and nobody watches the owner. A pipe to the owner would not do: processes that the owner forks
hold its end open after the owner's death. The parent's id cannot lie.

Usage: ``python -I -S guard.py OWNER_PID GRACE_SECONDS COMMAND…``. Writes the command's process
id to stdout; ends with the command's exit status. With owner 0 the command is on its own: this
process ends at once and the command stays. Needs the standard library only.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from signal import SIGCONT, SIGINT, SIGTERM, signal

PERIOD = 0.25
"""Seconds between two looks at the owner."""


def guard(owner: int, grace: float, command: Sequence[str]) -> int:
    """Run ``command`` until it ends or the owner is gone; return its exit status."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2)
    for number in (SIGTERM, SIGINT):
        signal(number, lambda *_: child.terminate())
    os.write(1, f"{child.pid}\n".encode())
    os.close(1)
    if not owner:
        return 0
    while os.getppid() == owner:
        try:
            return child.wait(PERIOD)
        except subprocess.TimeoutExpired:
            continue
    return _end(child, grace)


def _end(child: "subprocess.Popen[bytes]", grace: float) -> int:
    child.send_signal(SIGCONT)  # or a paused one would not hear the request
    child.terminate()
    try:
        return child.wait(grace)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


if __name__ == "__main__":
    sys.exit(abs(guard(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])))
