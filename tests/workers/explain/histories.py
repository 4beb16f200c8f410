"""Random lives of a campaign, told to the optimizer's agents and kept as topics keep them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from schemas import Budget, Condition, ConditionKind, Experiment, Prior, Scope, encode, topics
from schemas.fields import Autonomy, BudgetPeriod
from schemas.prior import PriorLevel
from schemas.topic import Topic
from tests.workers.optimizer.test_decisions import entry
from tests.workers.optimizer.world import KEY, World, a_plan, an_event, hour
from tests.workers.stored import Stored
from workers.delivery.api import Step
from workers.explain.history import Entry, History, read_published

STRATEGIES = ("even", "dayparting", "front_loading", "conversion_pattern")
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu")
BROADCASTS = {topics.PRIORS.name, topics.CONDITIONS.name, topics.EXPERIMENTS.name}


@dataclass
class Kept(World):
    """A world whose records are kept, each with the moment at which it was written."""

    wall: int = 0
    """Milliseconds of the wall clock: it goes on with every record, and at times stands still."""
    log: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))

    def stored(self, topic: Topic, value: bytes | None, at: datetime, **given: Any) -> Stored:  # noqa: ANN401 -- fields of a record
        record = super().stored(topic, value, at, **given)
        self.log[record.topic].append(Entry(self.wall, record))
        return record

    def feed(self, agent: str, records: Iterable[Stored]) -> Step:
        step = super().feed(agent, records)
        name = self.policy.topic(topics.RECOMMENDATIONS)
        for output in step.outputs:
            if output.topic == name:
                at = output.timestamp or 0
                made = Stored(name, len(self.log[name]), at, output.key, output.value)
                self.log[name].append(Entry(self.wall, made))
        return step

    def tell(self, topic: Topic, record: Prior | Condition | Experiment, at: float) -> None:
        """Publish to a broadcast topic; all that is decided from now on knows of it."""
        self.stored(topic, encode(record), hour(at), key=record.key)
        name = self.policy.topic(topic)
        self.broadcasts.setdefault(name, {})[record.key] = encode(record)

    def history(self) -> History:
        """Return what the topics hold."""
        names = {topic: self.policy.topic(topic) for topic in topics.TOPICS}
        told = {names[topic] for topic in topics.TOPICS if topic.name in BROADCASTS}
        advice = names[topics.RECOMMENDATIONS]
        return History(
            key=KEY,
            partition=0,
            partitions=1,
            sources={n: log for n, log in self.log.items() if n not in told and n != advice},
            broadcasts={name: self.log[name] for name in told},
            published=read_published(self.log[advice]),
            beginnings={},
        )


_LEVERS: tuple[dict[str, Any], ...] = (
    {},
    {"field": "bid_multiplier", "hourly_cap": Decimal(20)},
)
"""What an entry of the audit trail may be about: an hourly budget, or bids with one."""


@cache
def a_life(seed: int, hours: int = 90) -> Kept:
    """Live some days of a campaign by chance: the same seed is the same life."""
    chance, world = random.Random(seed), Kept()
    waiting: list[tuple[str, Stored]] = []
    version, now = 0, 0
    while now < hours:
        world.wall += chance.choice((0, 1, 40, 3_600_000))
        if version == 0 or chance.random() < 0.06:
            version += 1
            waiting.append(("plans", _plan(world, chance, version, now)))
        if chance.random() < 0.25:
            after, before = (str(chance.randint(1, 30)) for _ in range(2))
            said = entry(after, now, before=Decimal(before), **chance.choice(_LEVERS))
            record = world.stored(topics.AUDIT, encode(said), said.at, key=KEY)
            waiting.append(("audit", record))
        _broadcast(world, chance, now)
        # What was written is read now or later: the topics' readers are not in step.
        while waiting and chance.random() < 0.6:
            agent, taken = waiting.pop(0)
            world.feed(agent, [taken])
        _reports(world, chance, now)
        if chance.random() < 0.05:
            now += chance.randint(7, 12)
            world.wall += 5
            world.tick(hour(now) + timedelta(minutes=chance.randint(1, 59)))
        now += 1
    return world


def _plan(world: Kept, chance: random.Random, version: int, now: int) -> Stored:
    period = chance.choice((BudgetPeriod.DAY, BudgetPeriod.WEEK))
    plan = a_plan(
        version=version,
        strategy=chance.choice(STRATEGIES),
        timezone=chance.choice(ZONES),
        autonomy=chance.choice((Autonomy.AUTO, Autonomy.PROPOSE)),
        budget=Budget(amount=Decimal(chance.randint(50, 900)), period=period),
    )
    deleted = version > 1 and chance.random() < 0.15
    value = None if deleted else encode(plan)
    return world.stored(topics.PLANS, value, hour(now), key=KEY)


def _broadcast(world: Kept, chance: random.Random, now: int) -> None:
    count = world.offsets[world.policy.topic(topics.PRIORS)]
    if chance.random() < 0.1:
        weights = tuple(0.5 + chance.random() for _ in range(168))
        prior = Prior(
            version=count + 1,
            level=PriorLevel.ALL,
            weights=weights,
            evidence=50.0,
            concentration=20.0,
            campaigns=3,
            computed_at=hour(now),
        )
        world.tell(topics.PRIORS, prior, now)
    if chance.random() < 0.1:
        freeze = Condition(
            kind=ConditionKind.FREEZE,
            scope=Scope.ALL,
            version=1,
            active=chance.random() < 0.5,
            since=hour(0),
            by="ada",
        )
        world.tell(topics.CONDITIONS, freeze, now)


def _reports(world: Kept, chance: random.Random, now: int) -> None:
    numbers = [now]
    if chance.random() < 0.3:
        numbers.append(chance.randint(0, now))
    if chance.random() < 0.2:
        numbers.reverse()
    for number in numbers:
        clicks = chance.randint(0, 60)
        told = an_event(
            number,
            clicks=clicks,
            spend=Decimal(chance.randint(0, 1_500)) / 100,
            conversions=Decimal(chance.randint(0, clicks)),
            emitted_at=hour(max(now, number)) + timedelta(minutes=chance.randint(50, 80)),
        )
        world.metrics(told)
        if chance.random() < 0.2:
            world.metrics(told)
