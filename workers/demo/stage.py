"""The demo's course: topics, workers, history, live days in lock-step, score."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from schemas.topics import AUDIT
from workers.demo.advised import hear_advice
from workers.demo.children import running
from workers.demo.costs import Costs
from workers.demo.loop import FOLLOWED, Loop
from workers.demo.lost_tracking import LostTracking
from workers.demo.picture import counts_of, picture_of
from workers.demo.place import Place, Script
from workers.demo.plans import Plans
from workers.demo.reporting import Evenly, Played, write_report
from workers.demo.result import Result
from workers.demo.scorecard import Scorecard
from workers.demo.waiting import Waiting
from workers.programs import topic_specs
from workers.simulator.clearing import AGES, Policy, clear
from workers.simulator.history import as_it_stands, platform_delivery
from workers.simulator.records import InForce, even_budgets, start_of, told_at
from workers.simulator.reports import Report
from workers.simulator.simulation import Simulation
from workers.simulator.wire import Wire, wire
from workers.topics import create_topics
from workers.verify import Verifier
from workers.verify.reading import audit_records

_DAY = 24


@dataclass(slots=True, kw_only=True)
class Stage:
    """A demo on its way."""

    script: Script
    place: Place
    began: float = field(default_factory=time.monotonic)
    """When the demo began, by the monotonic clock: what came before the stage counts, too."""
    hours_played: int = field(init=False, default=0)
    """Live hours that were played and decided about."""
    simulation: Simulation = field(init=False)
    in_force: InForce = field(init=False)
    loop: Loop = field(init=False)
    lost: LostTracking = field(init=False)
    plans: Plans = field(init=False)
    score: Scorecard = field(init=False)
    evenly: Evenly = field(init=False)
    events: int = field(init=False, default=0)
    waiting: Waiting = field(init=False)

    def __post_init__(self) -> None:
        campaigns, platforms = self.script.world.campaigns, self.place.platforms
        costs = Costs(campaigns)
        self.lost = LostTracking(campaigns, self.script.live_from, costs)
        self.plans = Plans(
            world=self.script.world, costs=costs, lost=self.lost, platforms=platforms
        )
        self.simulation = Simulation(self.script.world, self.lost.faults)
        self.in_force = InForce(campaigns)
        trail = platforms.trail if platforms else None
        self.loop = Loop(campaigns, self.in_force, self.lost, trail)
        self.score = Scorecard(campaigns, self.script.live_from)
        self.evenly = Evenly(campaigns=campaigns)

    async def run(self) -> Result:
        """Show everything, and return how it came out.

        Raises
        ------
        WorkerError
            Kafka, a worker or the loop failed; the message says which and how.
        """
        await self._create_topics()
        platforms = self.place.platforms
        async with platforms.serving() if platforms else nullcontext():
            await self._play()
        self.place.screen.step("Checking every link of the audit trail's hash chain")
        chain_verified = await self._chain_is_intact()
        if self.place.report is not None:
            await self._report(self.place.report)
        return Result(
            first_hour=start_of(self.script.live_from),
            live_hours=self.script.live_hours,
            campaigns=len(self.script.world.campaigns),
            rows=self.score.rows(),
            counts=counts_of(self),
            chain_verified=chain_verified,
            advice=self.loop.advice,
            shared=self.plans.rebalanced(self.loop.advice),
            seconds=time.monotonic() - self.began,
            report=self.place.report,
            lost_tracking=self.lost.facts(self.loop.holds["suspected_outage"]),
            platforms=platforms.outcome() if platforms else None,
        )

    async def _play(self) -> None:
        place = self.place
        topics = place.settings.topics
        async with (
            running(place.workers),
            wire(place.connection, topics, FOLLOWED) as line,
            place.connection.admin() as admin,
        ):
            self.waiting = Waiting(loop=self.loop, place=place, line=line, admin=admin)
            await self._tell_history(line)
            place.screen.step("Living two days, hour by hour")
            for hour in range(self.script.live_from, self.script.live_until):
                await self._live(hour, line)
                await self.waiting.until_decided(hour + 1, {})
                self.hours_played += 1
                place.screen.show(picture_of(self, hour))
            await hear_advice(self.loop, place.settings, line, admin)
            place.screen.step("Stopping the workers")

    async def _chain_is_intact(self) -> bool:
        verifier = Verifier(from_genesis=True)
        topic = AUDIT.full_name(self.place.settings.topics.prefix)
        async for entry in audit_records(self.place.connection, topic):
            verifier.add(entry)
        return verifier.report().intact

    async def _report(self, path: Path) -> None:
        self.place.screen.step("Writing the report")
        until = self.script.live_until
        played = Played(
            live_from=self.script.live_from,
            live_until=until,
            evenly=self.evenly,
            to_come=self.simulation.told(until + AGES[-1] + 1),
        )
        await write_report(self.place.connection, self.place.settings.topics.prefix, played, path)

    async def _create_topics(self) -> None:
        self.place.screen.step("Creating the topics")
        async with self.place.connection.admin() as admin:
            await create_topics(admin, topic_specs(self.place.settings))

    async def _tell_history(self, line: Wire) -> None:
        """Play the past and publish it as one backfill, then hand the campaigns over by plans.

        Without a plan an hour only teaches. The last one is told when the plans are read, and is
        the first to be decided about.
        """
        script, screen = self.script, self.place.screen
        watching = await line.plan(self.plans.watching())
        screen.step("Playing two weeks of history")
        await self._play_history()
        past = as_it_stands(self.simulation.told(script.live_from))
        await self.waiting.until_decided(None, watching)
        screen.step(f"Publishing {len(past):,} campaign-hours, and letting the workers learn")
        last = script.live_from - 1
        # No tick: whether it came before what it follows would say if the last hour is missed.
        await self._publish([report for report in past if report.hour < last], line)
        await self.waiting.until_decided(last, watching)
        screen.step("Handing the campaigns over: a plan each, with full autonomy")
        planned_to = await line.plan(self.plans.handing_over())
        for group in self.plans.groups():
            await line.group(group)
        await self.waiting.until_decided(last, planned_to)
        await self._tell([report for report in past if report.hour == last], line)
        await self.waiting.until_decided(script.live_from, planned_to)

    async def _play_history(self) -> None:
        script = self.script
        policy = platform_delivery(script.world)
        for hour in range(script.live_from - script.history_hours, script.live_from):
            _, outcome = self.simulation.play(hour, policy)
            self.score.add(hour, outcome, outcome)
            self.plans.costs.add(outcome)
            if hour % _DAY == 0:
                self.place.screen.progress(f"{start_of(hour):%A, %d %B}")
                await asyncio.sleep(0)

    async def _live(self, hour: int, line: Wire) -> None:
        """Play one hour under what is in force, and under even budgets; tell the first."""
        self.lost.hour = hour
        auctions, outcome = self.simulation.play(hour, self.in_force.policy())
        even = Policy.capped(even_budgets(self.script.world.campaigns))
        evenly = clear(auctions, even)
        self.score.add(hour, outcome, evenly)
        self.evenly.add(hour, evenly)
        await self._tell(self.simulation.told(hour + 1), line)

    async def _tell(self, reports: list[Report], line: Wire) -> None:
        await line.tick(await self._publish(reports, line))

    async def _publish(self, reports: list[Report], line: Wire) -> datetime:
        """Tell reports; return the moment at which that is."""
        at = told_at(max(report.due for report in reports))
        self.events += await line.tell(self.script.world.campaigns, reports, at)
        return at
