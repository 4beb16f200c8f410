"""One partition of the adviser in memory, and campaigns whose reports have breakdowns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from schemas import (
    Breakdown,
    Breakdowns,
    Budget,
    MetricsEvent,
    Plan,
    Recommendation,
    decode,
    encode,
    topics,
)
from schemas.fields import BudgetPeriod
from schemas.topic import Topic
from tests.workers.stored import Stored
from workers.adviser.policy import AdviserPolicy
from workers.adviser.program import agents
from workers.delivery.api import DeadLetter, Output, Step, store

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""

ACCOUNT = b"google:7"


def hour(number: float) -> datetime:
    """Return the time so many hours after the start."""
    return START + timedelta(hours=number)


def an_event(number: int, rows: Sequence[Breakdown] = (), **fields: Any) -> MetricsEvent:  # noqa: ANN401 -- fields of a record
    """Return what a campaign delivered in hour ``number``, told five minutes after it."""
    given: dict[str, Any] = {
        "platform": "google",
        "account_id": "7",
        "campaign_id": "a",
        "window_start": hour(number),
        "impressions": sum(row.impressions for row in rows) or 1_000,
        "clicks": sum(row.clicks for row in rows) or 50,
        "spend": sum((row.spend for row in rows), Decimal(0)) or Decimal("4.00"),
        "conversions": sum((row.conversions for row in rows), Decimal(0)),
        "revenue": sum((row.revenue for row in rows), Decimal(0)),
        "currency": "EUR",
        "breakdown": tuple(rows),
        "emitted_at": hour(number) + timedelta(minutes=65),
    }
    return MetricsEvent(**(given | fields))


def a_plan(**fields: Any) -> Plan:  # noqa: ANN401 -- fields of a record
    """Return a plan that wants a conversion for ten euros."""
    given: dict[str, Any] = {
        "platform": "google",
        "account_id": "7",
        "campaign_id": "a",
        "version": 3,
        "currency": "EUR",
        "timezone": "UTC",
        "budget": Budget(amount=Decimal("240.00"), period=BudgetPeriod.DAY),
        "target_cpa": Decimal(10),
    }
    return Plan(**(given | fields))


def a_row(placement: str, clicks: int, conversions: float = 0.0, **fields: Any) -> Breakdown:  # noqa: ANN401 -- fields of a record
    """Return a row of a placement: half a euro a click, one click of forty impressions."""
    given: dict[str, Any] = {
        "placement": placement,
        "impressions": 40 * clicks,
        "clicks": clicks,
        "spend": Decimal(clicks) / 2,
        "conversions": Decimal(str(conversions)),
        "revenue": Decimal(str(conversions)) * 40,
    }
    return Breakdown(**(given | fields))


@dataclass
class World:
    """Topics, tables and agents; each `feed` is one committed step."""

    policy: AdviserPolicy = field(default_factory=AdviserPolicy)
    partitions: int = 1
    partition: int = 0
    tables: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    offsets: Counter[str] = field(default_factory=Counter)
    priors: dict[bytes, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._agents = {agent.name: agent for agent in agents(self.policy)}

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        return self.tables.setdefault(agent, {})

    def broadcast(self, _: str) -> Mapping[bytes, bytes]:
        return self.priors

    def stored(self, topic: Topic, key: bytes, value: bytes | None, at: datetime) -> Stored:
        name = self.policy.topic(topic)
        self.offsets[name] += 1
        return Stored(name, self.offsets[name] - 1, int(at.timestamp() * 1_000), key, value)

    def feed(self, agent: str, records: Iterable[Stored]) -> Step:
        """Let an agent take records in one step, and commit it; days told are heard at once."""
        step = self._agents[agent].step(self, list(records))
        table = self.tables.setdefault(agent, {})
        store(table, step.writes)
        self.outputs += step.outputs
        self.dead_letters += step.dead_letters
        self.counts.update(step.counts)
        told = [out for out in step.outputs if out.topic == self.policy.topic(topics.BREAKDOWNS)]
        self._hear(told)
        return step

    def _hear(self, told: Sequence[Output]) -> None:
        if told:
            self.feed(
                "days",
                [
                    self.stored(
                        topics.BREAKDOWNS,
                        out.key or b"",
                        out.value,
                        datetime.fromtimestamp((out.timestamp or 0) / 1_000, UTC),
                    )
                    for out in told
                ],
            )

    def plan(self, **fields: Any) -> Step:  # noqa: ANN401 -- fields of a record
        chosen = a_plan(**fields)
        record = self.stored(topics.PLANS, chosen.key, encode(chosen), START)
        return self.feed("plans", [record])

    def metrics(self, *events: MetricsEvent) -> Step:
        """Publish events, each when it says it was emitted, and take them in one step."""
        return self.feed("hours", [self.metric(event) for event in events])

    def metric(self, event: MetricsEvent) -> Stored:
        at = event.emitted_at or event.window_start + timedelta(minutes=65)
        return self.stored(topics.METRICS, event.key, encode(event), at)

    @property
    def advice(self) -> list[Recommendation]:
        """All recommendations, in order."""
        return [decode(value, Recommendation) for value in self._of(topics.RECOMMENDATIONS)]

    @property
    def days(self) -> list[Breakdowns]:
        """All days that were told, in order."""
        return [decode(value, Breakdowns) for value in self._of(topics.BREAKDOWNS)]

    def _of(self, topic: Topic) -> list[bytes]:
        name = self.policy.topic(topic)
        return [output.value or b"" for output in self.outputs if output.topic == name]


def life(days: int, campaign: str = "a", *, seed: int = 1, **weak: Any) -> list[MetricsEvent]:  # noqa: ANN401 -- fields of rows
    """Return days of a campaign with three placements, of which ``partners`` never sells."""
    chance = np.random.default_rng([seed, *campaign.encode()])
    events = []
    for number in range(days * 24 + 1):
        rows = [
            a_row("search", int(chance.poisson(60)), float(chance.poisson(3.6))),
            a_row("feed", int(chance.poisson(40)), float(chance.poisson(2.4))),
            a_row("partners", int(chance.poisson(30)), 0.0, **weak),
        ]
        events.append(an_event(number, rows, campaign_id=campaign))
    return events


def advised_on(days: int = 2) -> World:
    """Return a world in which a campaign has lived for some days, and was advised on."""
    world = World()
    world.plan()
    world.metrics(*life(days))
    return world
