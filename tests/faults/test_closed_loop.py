"""The closed loop on three platforms at once: market, stand-ins, collector, optimizer, executor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from deploy.broker import Broker
from schemas.audit import AuditStatus
from tests.faults.closed_loop.figures import told
from tests.faults.closed_loop.laws import Played
from tests.faults.closed_loop.loop import ClosedLoop
from tests.faults.closed_loop.script import Script, troubles, world_on_platforms
from workers.settings import BrokerSettings, Settings, TopicSettings

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

HOURS = 18
EDITED = 5
"""Row of a campaign on Meta whose daily budget a person sets in the first hours."""


async def test_a_closed_loop_keeps_money_rules_trail_and_reports_on_three_platforms_at_once(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    script = Script(
        world=world_on_platforms(10, seed=3, auctions_per_day=6_000.0),
        # So that it is midnight on each platform in between.
        live_from=midnight - timedelta(hours=HOURS + 16),
        live_hours=HOURS,
        history_hours=2 * 24,
        minutes=(2, 32),
        faults=troubles(HOURS),
        edits=((4, EDITED, Decimal("0.7")),),
    )
    settings = Settings(
        broker=BrokerSettings(bootstrap=kafka.bootstrap),
        topics=TopicSettings(prefix=topic_prefix, partitions=2),
    )
    loop = ClosedLoop(script=script, settings=settings, folder=tmp_path)
    await loop.play()
    played = await Played.of(loop)

    assert played.broken() == [], told(played)
    # There was something to keep: values on each platform, calls whose answer was lost, an edit.
    statuses = {entry.status for entry in loop.story.trail}
    assert {AuditStatus.APPLIED, AuditStatus.CONFIRMED, AuditStatus.DRIFT} <= statuses
    assert all(loop.sandbox.platforms[name].effects for name in ("google", "meta", "linkedin"))
    assert loop.failures
