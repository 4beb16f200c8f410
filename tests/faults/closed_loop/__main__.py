"""Plays a whole week of the closed loop: ``python -m tests.faults.closed_loop [HOURS] [SEED]``.

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


def main(hours: int, seed: int) -> int:
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
        played = asyncio.run(_played(settings, Path(folder), (hours, seed)))
    broken = played.broken()
    sys.stdout.write(f"{told(played)}\n{time.monotonic() - began:.0f} s\n")
    for fault in broken:
        sys.stdout.write(f"BROKEN: {fault}\n")
    return bool(broken)


async def _played(settings: Settings, folder: Path, wanted: tuple[int, int]) -> Played:
    hours, seed = wanted
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    script = Script(
        world=world_on_platforms(CAMPAIGNS, seed=seed),
        live_from=midnight - timedelta(hours=hours + 24),
        live_hours=hours,
        faults=troubles(hours),
        edits=((30, 0, Decimal("0.6")), (55, 4, Decimal("0.5"))),
    )
    loop = ClosedLoop(script=script, settings=settings, folder=folder)
    await loop.play()
    return await Played.of(loop)


if __name__ == "__main__":
    told_hours, told_seed = [*map(int, sys.argv[1:]), *(WEEK, 3)[len(sys.argv) - 1 :]]
    sys.exit(main(told_hours, told_seed))
