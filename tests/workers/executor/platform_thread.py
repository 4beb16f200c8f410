"""Meta on loopback beside a test that runs no loop, and what an executor needs to reach it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from schemas.fields import Entity
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.meta.server import MetaSandbox

TOKEN = "canary-of-live-mode"


@contextmanager
def meta_on_loopback() -> Iterator[MetaSandbox]:
    """Serve from a thread of its own until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="meta on loopback")
    thread.start()
    platform = MetaSandbox()
    platform.access_token = TOKEN
    platform.store.add_account("1", "EUR")
    for campaign in ("6", "7", "8"):
        platform.store.add_campaign("1", campaign, daily_budget="9000")
    asyncio.run_coroutine_threadsafe(platform.start(), loop).result(10)
    try:
        yield platform
    finally:
        asyncio.run_coroutine_threadsafe(platform.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def daily_budget(campaign: str) -> Ref:
    return Ref(account_id="1", entity=Entity.CAMPAIGN, entity_id=campaign, lever=Lever.DAILY_BUDGET)


def platforms_file(folder: Path, platform: MetaSandbox, mode: str = "live") -> Path:
    """Write the file that lets an executor act on the platform; the token is in a file beside."""
    token = folder / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    path = folder / "platforms.toml"
    path.write_text(
        f"""
[meta]
accounts = {{ 1 = "{mode}" }}
[meta.options]
address = "{platform.address}"
timeout = 5.0
[meta.secrets]
access_token = "file:{token}"
"""
    )
    return path


def in_force(platform: MetaSandbox, campaign: str) -> Decimal | None:
    return platform.value(daily_budget(campaign))
