"""The simulator as a worker: a market that goes on by itself and obeys the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from schemas import AuditEntry, Strategy, decode
from schemas.topics import AUDIT
from workers.kafka import Connection
from workers.settings import TopicSettings
from workers.simulator.history import as_it_stands, platform_delivery
from workers.simulator.population import World
from workers.simulator.records import NOTICED_AFTER, InForce, plan, told_at
from workers.simulator.reports import Faults
from workers.simulator.simulation import Simulation
from workers.simulator.wire import Wire, wire

_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Which hours are simulated, and how fast."""

    start: int
    """First live hour, in hours since 1970."""
    hours: int | None = None
    """Live hours to play; None goes on for ever."""
    history: int = 14 * 24
    """Hours before ``start`` that are published at once, as a backfill; >= 0."""
    seconds_per_hour: float = 2.0
    """Real seconds between two hours that lie in the past, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is simulated."""

    world: World
    faults: Faults
    course: Course
    strategy: Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was published at one simulated time."""

    at: datetime
    events: int
    obeyed: int
    """Campaigns whose hourly budget the audit trail has set so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the simulator needs from outside of it."""

    connection: Connection
    topics: TopicSettings
    now: Callable[[], datetime]
    """The real time: nothing is published before it is over in the real world, too."""
    tell: Callable[[Published], None]
    """Told of everything published."""


async def simulate(setting: Setting, around: Surroundings) -> None:
    """Publish plans and history, then hour after hour; return when the course is over.

    Each hour is played under the hourly budgets that the audit trail has put in force by then.
    When it has caught up with the present, hours pass as they do for everyone.

    Raises
    ------
    WorkerError
        Kafka cannot be reached, or refuses.
    """
    simulation = Simulation(setting.world, setting.faults)
    in_force = InForce(setting.world.campaigns)
    course = setting.course
    async with wire(around.connection, around.topics, (AUDIT,)) as line:
        run = _Run(setting, around, simulation, in_force, line)
        await run.catch_up()
        await run.backfill()
        hour = course.start
        while course.hours is None or hour < course.start + course.hours:
            await run.pass_time(hour)
            simulation.play(hour, in_force.policy())
            await run.publish(hour + 1)
            hour += 1


@dataclass(frozen=True, slots=True)
class _Run:
    setting: Setting
    around: Surroundings
    simulation: Simulation
    in_force: InForce
    line: Wire

    async def catch_up(self) -> None:
        """Hear the audit trail from its beginning: a market goes on under what is in force."""
        while not await self.line.caught_up():
            await self._hear(_LOOK_SECONDS)

    async def backfill(self) -> None:
        """Play the past under the platform's own delivery; publish plans, then the past."""
        world, course = self.setting.world, self.setting.course
        policy = platform_delivery(world)
        for hour in range(course.start - course.history, course.start):
            self.simulation.play(hour, policy)
            await asyncio.sleep(0)
        await self.line.plan(plan(one, self.setting.strategy) for one in world.campaigns)
        await self.publish(course.start, whole=False)

    async def publish(self, now: int, *, whole: bool = True) -> None:
        """Publish what is told at ``now``; of a backfill only the last word on each hour."""
        reports = self.simulation.told(now)
        reports = reports if whole else as_it_stands(reports)
        at = told_at(now)
        events = await self.line.tell(self.setting.world.campaigns, reports, at)
        await self.line.tick(at)
        self.around.tell(Published(at=at, events=events, obeyed=self.in_force.heard_of))

    async def pass_time(self, hour: int) -> None:
        """Listen for as long as an hour takes, and until ``hour`` is over in the real world.

        On half of the way the clock ticks once more: who was not told of is silent by then.
        """
        loop = asyncio.get_running_loop()
        seconds, late = self.setting.course.seconds_per_hour, told_at(hour) + NOTICED_AFTER
        half, until = loop.time() + seconds / 2, loop.time() + seconds
        ticked = False
        await self._hear(_LOOK_SECONDS)
        while loop.time() < until or self.around.now() < told_at(hour + 1):
            if not ticked and loop.time() >= half and self.around.now() >= late:
                ticked = True
                await self.line.tick(late)
            await self._hear(_LOOK_SECONDS)

    async def _hear(self, seconds: float) -> None:
        heard = await self.line.hear(seconds)
        self.in_force.hear(decode(one.value, AuditEntry) for one in heard)
