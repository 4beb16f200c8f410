"""The demo with an executor in mode live, on platforms on loopback."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from deploy.broker import Broker
from schemas.fields import Entity
from tests.workers.demo.test_demo import WEDNESDAY, Quiet
from workers.connectors.protocol import Lever, Ref
from workers.demo.children import workers_of
from workers.demo.place import Place, Script
from workers.demo.platforms import Platforms
from workers.demo.stage import Stage
from workers.demo.trail import Slot
from workers.kafka import connect
from workers.sandbox.portfolio import numbered
from workers.settings import BrokerSettings, Settings, TopicSettings
from workers.simulator.population import make_world


@pytest.mark.kafka
async def test_what_each_platform_has_at_the_end_is_what_the_trail_says(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    settings = Settings(
        broker=BrokerSettings(bootstrap=kafka.bootstrap),
        topics=TopicSettings(prefix=topic_prefix, partitions=2),
    )
    world = numbered(make_world(10, seed=3, auctions_per_day=6_000))
    platforms = Platforms(world=world, directory=tmp_path)
    place = Place(
        settings=settings,
        connection=connect(settings.broker),
        screen=Quiet(),
        workers=workers_of(settings, tmp_path, platforms.file),
        platforms=platforms,
    )
    script = Script(world=world, live_from=WEDNESDAY, history_hours=24, live_hours=2)
    stage = Stage(script=script, place=place)
    result = await stage.run()

    assert result.chain_verified
    assert result.as_told
    assert result.platforms is not None
    assert result.platforms.differences == {}
    assert result.platforms.values == 20
    # Every action has its intent, and every campaign of every platform is acted on.
    counts = result.counts
    assert counts.actions >= len(world.campaigns)
    assert counts.audit["intent"] == counts.actions
    # What expires is advice on the shared budget that waits for a person.
    assert counts.audit.pop("expired", 0) <= counts.audit.pop("approval_required", 0)
    assert counts.audit.keys() <= {"intent", "applied", "no_op"}
    assert stage.in_force.heard_of == len(world.campaigns)
    assert {name for name, count in result.platforms.changes.items() if count} == {
        "google",
        "meta",
        "linkedin",
        "amazon",
    }
    log = (tmp_path / "executor.log").read_text()
    assert not any(secret.read_text() in log for secret in (tmp_path / "secrets").iterdir())
    # The comparison finds what is not so.
    slot = next(iter(platforms.trail.values))
    platforms.trail.values[slot] = Decimal(-1)
    unknown = Ref(account_id="1", entity=Entity.CAMPAIGN, entity_id="1", lever=Lever.BID)
    platforms.trail.values[Slot("meta", unknown)] = Decimal(1)
    assert len(platforms.outcome().differences) == 2
