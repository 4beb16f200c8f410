"""An executor that kills itself once at each moment of the live loop, in the order that they come.

``python -m tests.faults.mortal_executor DIRECTORY executor ...``: a moment that has a file in the
directory is over. Everything else is the worker that ``pacekeeper executor`` runs, only that it
waits less before it concludes what became of a call.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from workers.cli.main import app
from workers.executor import couriers
from workers.executor.live.fitted import Fitted
from workers.executor.live.policy import Patience

MOMENTS = ("fit", "read", "validate", "apply", "applied", "verify", "commit", "committed")
QUICK = Patience(late_by=1.0, verify_every=0.1)


def die_at(directory: Path, moment: str) -> None:
    """Die, unless this has happened before."""
    mark = directory / moment
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


Call = Callable[..., Awaitable[Any]]


def mortal(call: Call, before: Callable[[], None], after: Callable[[], None]) -> Call:
    async def called(*args: object) -> object:
        before()
        answer = await call(*args)
        after()
        return answer

    return called


def make_mortal(directory: Path) -> None:
    """Let the loop die at each moment once."""
    die = partial(die_at, directory)

    def before_reading() -> None:
        die("verify" if (directory / "applied").exists() else "read")

    def nothing() -> None: ...

    def at(moment: str) -> Callable[[], None]:
        return partial(die, moment)

    loop: Any = Fitted
    loop.fit = mortal(loop.fit, at("fit"), nothing)
    loop.read_state = mortal(loop.read_state, before_reading, nothing)
    loop.validate = mortal(loop.validate, at("validate"), nothing)
    loop.apply = mortal(loop.apply, at("apply"), at("applied"))
    term: Any = couriers._Term
    term.publish = mortal(term.publish, at("commit"), at("committed"))
    changed: Any = couriers
    changed.LEASE = 1.0
    changed.Patience = lambda: QUICK


if __name__ == "__main__":
    make_mortal(Path(sys.argv.pop(1)))
    app(prog_name="pacekeeper")
