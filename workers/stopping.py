"""When a process of ours is to stop: by a signal, or because whoever started it is gone."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Final

import structlog

_LOOK_SECONDS: Final = 0.5

_log = structlog.get_logger("pacekeeper")


def stop_signals() -> asyncio.Event:
    """Return an event of the running loop that SIGTERM and Ctrl-C set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def stop_without(owner: int | None, stop: asyncio.Event) -> None:
    """Stop when the supervisor was killed: nobody else would ever stop this process."""
    while owner is not None:
        if os.getppid() != owner:
            _log.warning("orphaned", owner=owner)
            stop.set()
            return
        await asyncio.sleep(_LOOK_SECONDS)
