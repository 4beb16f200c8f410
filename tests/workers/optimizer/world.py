"""A partition of Kafka in memory, and the optimizer's agents on it, taking turns as told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas import (
    Action,
    Budget,
    MetricsEvent,
    Plan,
    Recommendation,
    Tick,
    decode,
    encode,
    topics,
)
from schemas.fields import BudgetPeriod
from schemas.topic import Topic
from tests.workers.stored import Stored
from workers.delivery.api import DeadLetter, Output, Step, store
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.program import agents

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""

NAMES = {"platform": "google", "account_id": "7", "campaign_id": "42"}
KEY = b"google:7:42"


def hour(number: float) -> datetime:
    """Return the time so many hours after the start."""
    return START + timedelta(hours=number)


def an_event(number: int, **fields: Any) -> MetricsEvent:  # noqa: ANN401 -- fields of a record
    """Return what the campaign delivered in hour ``number``, told five minutes after it."""
    given: dict[str, Any] = {
        **NAMES,
        "window_start": hour(number),
        "impressions": 1_000,
        "clicks": 50,
        "spend": Decimal("4.00"),
        "conversions": Decimal(2),
        "currency": "EUR",
        "emitted_at": fields.get("window_start", hour(number)) + timedelta(minutes=65),
    }
    return MetricsEvent(**(given | fields))


def a_plan(**fields: Any) -> Plan:  # noqa: ANN401 -- fields of a record
    """Return a plan of 240 euros a day, spread evenly, free to act."""
    given: dict[str, Any] = {
        **NAMES,
        "version": 1,
        "currency": "EUR",
        "timezone": "UTC",
        "budget": Budget(amount=Decimal("240.00"), period=BudgetPeriod.DAY),
        "strategy": "even",
        "autonomy": "auto",
        "min_confidence": 0.0,
    }
    return Plan(**(given | fields))


@dataclass
class World:
    """Topics, tables and agents; each `feed` is one committed step."""

    policy: OptimizerPolicy = field(default_factory=OptimizerPolicy)
    partitions: int = 1
    partition: int = 0
    tables: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    broadcasts: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    offsets: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._agents = {agent.name: agent for agent in agents(self.policy)}

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        return self.tables.setdefault(agent, {})

    def broadcast(self, topic: str) -> Mapping[bytes, bytes]:
        return self.broadcasts.setdefault(topic, {})

    def stored(self, topic: Topic, value: bytes | None, at: datetime, **given: Any) -> Stored:  # noqa: ANN401 -- fields of a record
        """Return a record as the topic would hold it next."""
        name = self.policy.topic(topic)
        offset = self.offsets[name]
        self.offsets[name] += 1
        fields: dict[str, Any] = {"key": KEY, **given}
        return Stored(name, offset, int(at.timestamp() * 1_000), value=value, **fields)

    def feed(self, agent: str, records: Iterable[Stored]) -> Step:
        """Let an agent take records in one step, and commit it."""
        step = self._agents[agent].step(self, list(records))
        table = self.tables.setdefault(agent, {})
        store(table, step.writes)
        self.outputs += step.outputs
        self.dead_letters += step.dead_letters
        self.counts.update(step.counts)
        return step

    def restarted(self) -> World:
        """Return a world that goes on from here with nothing but what was stored."""
        return World(
            policy=self.policy,
            partitions=self.partitions,
            partition=self.partition,
            tables={agent: dict(table) for agent, table in self.tables.items()},
            broadcasts={topic: dict(told) for topic, told in self.broadcasts.items()},
            offsets=Counter(self.offsets),
        )

    def plan(self, plan: Plan | None = None, **fields: Any) -> Step:  # noqa: ANN401 -- fields of a record
        chosen = plan or a_plan(**fields)
        return self.feed(
            "plans", [self.stored(topics.PLANS, encode(chosen), START, key=chosen.key)]
        )

    def metrics(self, *events: MetricsEvent) -> Step:
        """Publish events, each when it says it was emitted, and take them in one step."""
        return self.feed("metrics", [self.metric(event) for event in events])

    def metric(self, event: MetricsEvent, **given: Any) -> Stored:  # noqa: ANN401 -- fields of a record
        at = event.emitted_at or event.window_start + timedelta(minutes=65)
        return self.stored(topics.METRICS, encode(event), at, **{"key": event.key, **given})

    def tick(self, at: datetime) -> Step:
        value = encode(Tick(partition=self.partition, time=at))
        return self.feed("ticks", [self.stored(topics.TICKS, value, at, key=b"0")])

    @property
    def advice(self) -> list[Recommendation]:
        """All recommendations, in order."""
        return [decode(value, Recommendation) for value in self._published(topics.RECOMMENDATIONS)]

    @property
    def actions(self) -> list[Action]:
        return [decode(value, Action) for value in self._published(topics.ACTIONS)]

    def _published(self, topic: Topic) -> list[bytes]:
        name = self.policy.topic(topic)
        return [output.value or b"" for output in self.outputs if output.topic == name]
