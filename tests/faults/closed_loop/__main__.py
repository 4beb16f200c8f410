"""Plays a week of the closed loop: ``... tests.faults.closed_loop [CAMPAIGNS] [HOURS] [SEED]``.

Prints what came of it, and exits with 1 if a law of `laws` is broken.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import structlog

from deploy.broker import Broker
from tests.broker_fixtures import settings_in
from tests.faults.closed_loop.figures import told
from tests.faults.closed_loop.laws import Played
from tests.faults.closed_loop.loop import ClosedLoop
from tests.faults.closed_loop.script import Script, troubles, world_on_platforms
from workers.settings import BrokerSettings, Settings, TopicSettings

WEEK = 7 * 24
CAMPAIGNS = 30
"""Of a world of which four in five are on platforms that report."""


def main(campaigns: int, hours: int, seed: int) -> int:
    """Play so many hours; return the exit status."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="closed-loop-") as folder,
        Broker(settings_in(Path(folder) / "kafka")) as broker,
    ):
        settings = Settings(
            broker=BrokerSettings(bootstrap=broker.bootstrap),
            topics=TopicSettings(prefix=f"loop-{secrets.token_hex(3)}", partitions=4),
        )
        played = asyncio.run(_played(settings, Path(folder), (campaigns, hours, seed)))
    broken = played.broken()
    sys.stdout.write(f"\n{told(played)}\n{time.monotonic() - began:.0f} s\n")
    for fault in broken:
        sys.stdout.write(f"BROKEN: {fault}\n")
    return bool(broken)


async def _played(settings: Settings, folder: Path, wanted: tuple[int, int, int]) -> Played:
    campaigns, hours, seed = wanted
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    script = Script(
        world=world_on_platforms(campaigns, seed=seed),
        live_from=midnight - timedelta(hours=hours + 24),
        live_hours=hours,
        faults=troubles(hours),
        edits=((30, 3, Decimal("0.6")), (55, 4, Decimal("0.5"))),
    )
    loop = ClosedLoop(script=script, settings=settings, folder=folder, tell=_progress)
    await loop.play()
    return await Played.of(loop)


def _progress(hours: int) -> None:
    sys.stdout.write(f"\r{hours} hours played")
    sys.stdout.flush()


if __name__ == "__main__":
    usual = (CAMPAIGNS, WEEK, 3)
    sys.exit(main(*map(int, sys.argv[1:]), *usual[len(sys.argv) - 1 :]))
