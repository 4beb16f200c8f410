"""All platforms on loopback beside a test that runs no loop, and workers that act on them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

from schemas.keys import CampaignKey
from tests.faults.mortal_executor import PLATFORMS
from tests.workers.executor.test_live_on_kafka import Stack
from workers.sandbox.portfolio import PlacedCampaign, Portfolio
from workers.sandbox.ready_file import ReadyFile
from workers.sandbox.serving import Sandbox

CAMPAIGNS: Final = 30
"""Of each platform: Meta takes four changes of a budget in an hour."""


def portfolio() -> Portfolio:
    """Return the campaigns of one account of each platform."""
    return tuple(
        PlacedCampaign(
            key=CampaignKey(platform, "1234567890", str(700 + row)),
            currency="EUR",
            timezone="Europe/Berlin",
            daily_budget=Decimal(90),
            bid=Decimal(1),
            ad_set_id=str(800 + row) if platform in {"google", "meta"} else "",
        )
        for platform in PLATFORMS
        for row in range(CAMPAIGNS)
    )


@contextmanager
def on_loopback() -> Iterator[Sandbox]:
    """Serve all platforms from a thread of its own until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="platforms on loopback")
    thread.start()
    sandbox = Sandbox(portfolio())
    serving = sandbox.serving()
    asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(30)
    try:
        yield sandbox
    finally:
        asyncio.run_coroutine_threadsafe(serving.__aexit__(None, None, None), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def ready(sandbox: Sandbox, bootstrap: str, prefix: str, folder: Path) -> Stack:
    """Return topics and workers for all platforms; calls come so fast that some must wait."""
    folder.mkdir(exist_ok=True)
    file = ReadyFile(sandbox=sandbox, directory=folder)
    file.write()
    told = file.path.read_text().replace("burst = 1000", "burst = 1")
    file.path.write_text(told.replace("calls_per_second = 1000", "calls_per_second = 20"))
    stack = Hurried(
        bootstrap=bootstrap, prefix=prefix, log=folder / "workers.log", platforms=file.path
    )
    created = stack.run("topics", "create")
    assert created.returncode == 0, created.stderr
    return stack


class Hurried(Stack):
    """Workers whose death is noticed soon, by a broker that allows that."""

    @property
    def environment(self) -> dict[str, str]:
        return {
            **super().environment,
            "PACEKEEPER_DELIVERY_SESSION_TIMEOUT_SECONDS": "1.5",
            "PACEKEEPER_DELIVERY_HEARTBEAT_SECONDS": "0.3",
        }
