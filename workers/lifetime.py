"""From the start of a worker's app to its end: asked for, or a crash."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence

import structlog
from mode import Service

from workers.delivery.errors import EXIT_RESTART
from workers.errors import WorkerError

STOP_SECONDS = 15.0
"""How long a stop may take: half of what Kubernetes grants before it kills."""

_log = structlog.get_logger("pacekeeper")


class StoppedUnaskedError(WorkerError):
    """The app or one of its watchers ended, and neither an error nor a signal says why."""


async def run_until_stopped(
    app: Service,
    stop: asyncio.Event,
    watching: Iterable[asyncio.Task[None]],
    *,
    stop_seconds: float = STOP_SECONDS,
) -> int:
    """Start the app, stop it when it is told to or something ends unasked; return the exit status.

    An app that does not stop in time is left as it is: the process ends.

    Parameters
    ----------
    app
        What to run.
    stop
        Set when the worker is asked to stop.
    watching
        Tasks that run for as long as the app does: one that ends is as bad as an app that does.
    stop_seconds
        How long the app's stop may take.
    """
    started = asyncio.create_task(app.start(), name="start")
    asked = asyncio.create_task(stop.wait(), name="signal")
    ended = asyncio.create_task(app.wait_until_stopped(), name="crash")
    over: Sequence[asyncio.Task[object]] = (asked, ended, *watching)
    await asyncio.wait((*over, started), return_when=asyncio.FIRST_COMPLETED)
    if started.done() and started.exception() is None:
        await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
    crash = _crash(app, stop, (started, *over))
    if crash is not None:
        _log.error("crashed", error=type(crash).__name__, problem=str(crash))
    else:
        _log.info("stopping", why="signal")
    status = EXIT_RESTART if crash is not None else 0
    await _stop(app, stop_seconds, status)
    for task in (asked, ended, started):
        task.cancel()
    _log.info("stopped")
    return status


def _crash(
    app: Service, stop: asyncio.Event, tasks: Iterable[asyncio.Task[object]]
) -> BaseException | None:
    """Return why the worker ends, or None when it was asked to."""
    if app.crash_reason is not None:
        return app.crash_reason
    done = [task for task in tasks if task.done() and not task.cancelled()]
    errors = [error for task in done if (error := task.exception())]
    if errors:
        return errors[0]
    if stop.is_set():
        return None
    names = " and ".join(task.get_name() for task in done) or "a task"
    return StoppedUnaskedError(f"{names} ended by itself, and said no reason")


async def _stop(app: Service, seconds: float, status: int) -> None:
    """Stop within a limit: Faust waits for ever on a broker that is gone, or while it rejoins."""
    try:
        async with asyncio.timeout(seconds):
            await app.stop()
    except TimeoutError:
        _log.warning("stop_timed_out", seconds=seconds)
        # Its consumer thread is no daemon: returning would wait for it again. What was not
        # committed is read again by the next owner, so that nothing is lost by leaving like this.
        os._exit(status)
