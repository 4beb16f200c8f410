"""An executor that kills itself once at each commit on a raise's way to its group's ledger.

``python -m tests.faults.mortal_ledger DIRECTORY executor ...``: a moment that has a file in the
directory is over. Everything else is the worker that ``pacekeeper executor`` runs.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.headers import MOVEMENT
from workers.cli.main import app
from workers.delivery import partition
from workers.delivery.api import Output

WORDS = ("ask", "answer", "settle")
MOMENTS = tuple(f"{when} {word}" for word in WORDS for when in ("before", "after"))


def die_at(directory: Path, moment: str) -> None:
    """Die, unless this has happened before."""
    mark = directory / moment
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def words_in(batches: Mapping[object, Sequence[Output]]) -> set[str]:
    """Return what a transaction tells the ledger, or the ledger in it."""
    outputs = [output for each in batches.values() for output in each]
    answers = any(name == MOVEMENT for output in outputs for name, _ in output.headers)
    return ({"answer"} if answers else set()) | {
        word
        for word in WORDS
        for output in outputs
        if b'"verb":"%s"' % word.encode() in (output.value or b"")
    }


def mortal(commit: Callable[..., Awaitable[None]], directory: Path) -> Callable[..., Any]:
    async def committed(producer: object, batches: Any, **more: object) -> None:  # noqa: ANN401
        words = sorted(words_in(batches))
        for word in words:
            die_at(directory, f"before {word}")
        await commit(producer, batches, **more)
        for word in words:
            die_at(directory, f"after {word}")

    return committed


if __name__ == "__main__":
    own: Any = partition
    own.commit_step = mortal(own.commit_step, Path(sys.argv.pop(1)))
    app(prog_name="pacekeeper")
