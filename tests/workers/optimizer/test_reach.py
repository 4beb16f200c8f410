"""The loop of the tests reaches the whole engine: no public function is left to itself."""

from __future__ import annotations

import sys
from datetime import date
from types import CodeType, FrameType

from engine.zones import zone_days
from schemas import Shape, decode, topics
from tests.engine.public import public_functions
from tests.workers.allocator.test_pooling import pool
from tests.workers.optimizer.test_decisions import entry, say
from tests.workers.optimizer.world import World, an_event

LIBRARY = {
    "anchors",
    "ceiling",
    "closed_loop",
    "coming",
    "day_shapes",
    "delay",
    "forecast",
    "formats",
    "futures",
    "multiplier",
    "pacer",
    "pacing_state",
    "passing",
    "response",
    "shortfall",
    "standing",
    "what_if",
}
"""The pacer, its ceiling and its forecast, which docs/engine.md shows, and what `whatif` asks of
them; their own tests reach all of them."""


def a_campaigns_life() -> None:
    """Two days of learning, a change of zone and flight, a change of budget, pooled shapes."""
    zone_days.cache_clear()
    world = World()
    world.plan(strategy="dayparting", rollover="full")
    say(world, entry("5", 1))
    world.metrics(*(an_event(number) for number in range(50)), an_event(3, clicks=9))
    world.plan(version=2, timezone="Europe/Berlin", flight_start=date(2026, 3, 3))
    world.metrics(an_event(50, account_timezone="Europe/Paris"))
    names = ("front_loading", "performance_based", "conversion_pattern")
    for version, name in enumerate(names, start=3):
        world.plan(version=version, strategy=name, timezone="Europe/Berlin")
        world.metrics(an_event(48 + version))
    shapes = world.policy.topic(topics.SHAPES)
    pool([decode(out.value or b"", Shape) for out in world.outputs if out.topic == shapes])


def test_every_public_function_of_the_engine_is_documented_and_reached() -> None:
    found = public_functions()
    called: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        a_campaigns_life()
    finally:
        sys.setprofile(before)
    assert len(found) >= 60
    assert [name for name, function in found.items() if not function.__doc__] == []
    missed = [name for name, function in found.items() if function.__code__ not in called]
    assert [name for name in missed if name.partition(".")[0] not in LIBRARY] == []
    assert {name.partition(".")[0] for name in missed} == LIBRARY
