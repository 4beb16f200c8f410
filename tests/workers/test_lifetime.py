"""Laws of a worker's end: asked for is exit status 0, all else is a crash that says why."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Coroutine

import pytest
from mode import Service
from structlog.testing import capture_logs

from workers.delivery.errors import EXIT_RESTART
from workers.lifetime import run_until_stopped

Watcher = Coroutine[object, object, None]


class App(Service):
    """An app that does nothing, and ends when a test says so."""

    failure: Exception | None = None

    async def on_start(self) -> None:
        if self.failure:
            raise self.failure


async def run(app: App, stop: asyncio.Event, *watchers: Watcher) -> tuple[int, list[str]]:
    """Run the app; return the exit status and what the last lines of the log say."""
    watching = [asyncio.create_task(one, name=f"watcher{n}") for n, one in enumerate(watchers)]
    with capture_logs() as logs:
        async with asyncio.timeout(10):
            status = await run_until_stopped(app, stop, watching)
    for task in watching:
        task.cancel()
    assert app.should_stop, "whatever ended it, the app was stopped"
    told = [log for log in logs if log["event"] in ("crashed", "stopping")]
    return status, [str(log.get("problem", log.get("why"))) for log in told]


async def for_ever() -> None:
    await asyncio.Event().wait()


async def fail_soon() -> None:
    await asyncio.sleep(0.01)
    raise LookupError("not a Kafka error")


async def end_soon() -> None:
    await asyncio.sleep(0.01)


async def test_a_worker_that_is_asked_to_stop_says_so_and_ends_with_0() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, stop.set)

    assert await run(App(), stop, for_ever()) == (0, ["signal"])


async def test_a_watcher_that_fails_is_a_crash_with_its_error() -> None:
    status, told = await run(App(), asyncio.Event(), for_ever(), fail_soon())

    assert (status, told) == (EXIT_RESTART, ["not a Kafka error"])


async def test_a_watcher_that_ends_is_a_crash_that_names_it() -> None:
    status, (told,) = await run(App(), asyncio.Event(), for_ever(), end_soon())

    assert status == EXIT_RESTART
    assert "watcher1" in told


async def test_an_app_that_stops_by_itself_is_a_crash_and_no_signal() -> None:
    app = App()

    async def stop_it() -> None:
        await asyncio.sleep(0.01)
        await app.stop()
        await for_ever()

    status, (told,) = await run(app, asyncio.Event(), stop_it())

    assert status == EXIT_RESTART
    assert "signal" not in told


@pytest.mark.parametrize("asked", [False, True])
async def test_an_app_that_crashes_or_cannot_start_ends_with_its_error(*, asked: bool) -> None:
    stop = asyncio.Event()
    if asked:
        stop.set()
    unstartable = App()
    unstartable.failure = LookupError("no disk")
    assert await run(unstartable, asyncio.Event(), for_ever()) == (EXIT_RESTART, ["no disk"])

    crashing = App()

    async def crash() -> None:
        await crashing.crash(LookupError("out of memory"))
        await for_ever()

    assert await run(crashing, stop, crash()) == (EXIT_RESTART, ["out of memory"])


HANGS = """
import asyncio
from mode import Service
from workers.lifetime import run_until_stopped

class Hangs(Service):
    async def on_stop(self) -> None:
        await asyncio.Event().wait()

async def watch(stop: asyncio.Event, crashes: bool) -> None:
    stop.set()
    if crashes:
        raise LookupError("no disk")
    await asyncio.Event().wait()

async def main(crashes: bool) -> None:
    stop = asyncio.Event()
    watching = [asyncio.create_task(watch(stop, crashes))]
    await run_until_stopped(Hangs(), stop, watching, stop_seconds=0.1)
    print("it stopped after all")
"""


@pytest.mark.parametrize(("crashes", "status"), [(False, 0), (True, EXIT_RESTART)])
def test_an_app_that_does_not_stop_is_left_in_time_with_the_status_it_had_anyway(
    *, crashes: bool, status: int
) -> None:
    program = f"{HANGS}\nasyncio.run(main({crashes}))"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, "stop_timed_out" in ended.stdout) == (status, True), ended.stderr
    assert "it stopped" not in ended.stdout
