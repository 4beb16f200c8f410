"""A partition of Kafka in memory, and the scorer's agents on it, reading as told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas import (
    AuditEntry,
    AuditStatus,
    Budget,
    BudgetPeriod,
    Explanation,
    Impact,
    Kind,
    MetricsEvent,
    Mode,
    MoneyRange,
    Outcome,
    Plan,
    Range,
    Recommendation,
    Tick,
    decode,
    encode,
    topics,
)
from schemas.record import CampaignRecord
from schemas.topic import Topic
from tests.workers.stored import Stored
from workers.delivery.api import DeadLetter, Output, store
from workers.scorer.policy import ScorerPolicy
from workers.scorer.program import agents

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""

NAMES = {"platform": "google", "account_id": "7", "campaign_id": "42"}
KEY = b"google:7:42"

_TOPICS = {
    Plan: topics.PLANS,
    Recommendation: topics.RECOMMENDATIONS,
    AuditEntry: topics.AUDIT,
    MetricsEvent: topics.METRICS,
}


def hour(number: float) -> datetime:
    """Return the time so many hours after the start."""
    return START + timedelta(hours=number)


def an_event(number: int, spend: str = "10", **fields: Any) -> MetricsEvent:  # noqa: ANN401 -- fields of a record
    """Return what the campaign delivered in hour ``number``, told five minutes after it."""
    given: dict[str, Any] = {
        **NAMES,
        "window_start": hour(number),
        "impressions": 1_000,
        "clicks": 50,
        "spend": Decimal(spend),
        "conversions": Decimal(2),
        "revenue": Decimal(40),
        "currency": "EUR",
        "emitted_at": hour(number) + timedelta(minutes=65),
    }
    return MetricsEvent(**(given | fields))


def a_plan(**fields: Any) -> Plan:  # noqa: ANN401 -- fields of a record
    """Return a plan of 240 euros a day."""
    given: dict[str, Any] = {
        **NAMES,
        "version": 1,
        "currency": "EUR",
        "timezone": "UTC",
        "budget": Budget(amount=Decimal(240), period=BudgetPeriod.DAY),
    }
    return Plan(**(given | fields))


def pacing(number: int, low: str, middle: str, high: str, **fields: Any) -> Recommendation:  # noqa: ANN401 -- fields of a record
    """Return advice about hour ``number`` that foresees where the period ends."""
    given: dict[str, Any] = {
        **NAMES,
        "recommendation_id": f"{number:032x}",
        "kind": Kind.PACING,
        "hour": hour(number),
        "entity_id": "42",
        "field": "hourly_budget",
        "recommended_value": Decimal(11),
        "unit": "currency",
        "currency": "EUR",
        "hour_plan": tuple([Decimal(10)] * (24 - number % 24)),
        "projected_spend": MoneyRange(p10=Decimal(low), p50=Decimal(middle), p90=Decimal(high)),
        "confidence": 0.9,
        "decided_at": hour(number),
        "valid_from": hour(number),
        "expires_at": hour(number + 1),
        "model_version": "model/1",
        "plan_version": 1,
    }
    return Recommendation(**(given | fields))


def budget(number: int, days: int, conversions: float, **fields: Any) -> Recommendation:  # noqa: ANN401 -- fields of a record
    """Return advice of a daily budget for ``days`` days, with what it is to bring in all."""
    given: dict[str, Any] = {
        "recommendation_id": f"{number + 2**64:032x}",
        "kind": Kind.BUDGET,
        "field": "daily_budget",
        "current_value": Decimal(240),
        "recommended_value": Decimal(300),
        "hour_plan": (),
        "projected_spend": None,
        "expected_impact": Impact(
            conversions=Range(p10=0.8 * conversions, p50=conversions, p90=1.25 * conversions)
        ),
        "expires_at": hour(number // 24 * 24 + 24 * days),
        "reasons": (
            Explanation(
                code="more_for_the_money",
                text="It brings more.",
                evidence={"price": 0.15, "what": "conversions"},
            ),
        ),
    }
    return pacing(number, "0", "0", "0", **(given | fields))


def followed(
    advice: Recommendation,
    status: AuditStatus = AuditStatus.SIMULATED,
    **fields: Any,  # noqa: ANN401 -- fields of a record
) -> AuditEntry:
    """Return what became of advice, a minute after it."""
    given: dict[str, Any] = {
        **NAMES,
        "at": advice.decided_at + timedelta(minutes=1),
        "status": status,
        "mode": Mode.SIMULATE,
        "actor": "policy",
        "recommendation_id": advice.recommendation_id,
        "entity_id": "42",
        "field": advice.field,
        "hour": advice.hour,
    }
    return AuditEntry(**(given | fields))


@dataclass
class World:
    """Tables and agents; each `feed` is one committed step."""

    policy: ScorerPolicy = field(default_factory=ScorerPolicy)
    partitions: int = 1
    partition: int = 0
    tables: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    broadcasts: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._agents = {agent.name: agent for agent in agents(self.policy)}

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        return self.tables.setdefault(agent, {})

    def broadcast(self, topic: str) -> Mapping[bytes, bytes]:
        return self.broadcasts.setdefault(topic, {})

    def say(self, *records: CampaignRecord, at: datetime = START) -> None:
        """Let the agents of the records' topics take each in a step of its own."""
        for record in records:
            topic = _TOPICS[type(record)]
            self.feed(topic, [self.stored(topic, record, at)])

    def together(self, records: Sequence[CampaignRecord]) -> None:
        """Let one agent take records of its topic in one step."""
        topic = _TOPICS[type(records[0])]
        self.feed(topic, [self.stored(topic, record, START) for record in records])

    def stored(self, topic: Topic, record: CampaignRecord, at: datetime) -> Stored:
        """Return a record as its topic holds it, at its own clock."""
        match record:
            case MetricsEvent():
                at = record.emitted_at or record.window_start + timedelta(minutes=65)
            case Recommendation():
                at = record.decided_at
            case AuditEntry():
                at = record.at
        name, ms = self.policy.topic(topic), int(at.timestamp() * 1_000)
        return Stored(name, 0, ms, record.key, encode(record))

    def tick(self, at: datetime) -> None:
        value = encode(Tick(partition=self.partition, time=at))
        name = self.policy.topic(topics.TICKS)
        self.feed(topics.TICKS, [Stored(name, 0, int(at.timestamp() * 1_000), b"0", value)])

    def ticks(self, first: float, last: float, step: float = 1.0) -> None:
        """Tick from one hour after the start to another."""
        number = first
        while number <= last:
            self.tick(hour(number))
            number += step

    def feed(self, topic: Topic, records: Iterable[Stored]) -> None:
        name = topic.name.removesuffix(".v1")
        step = self._agents[name].step(self, list(records))
        table = self.tables.setdefault(name, {})
        store(table, step.writes)
        self.outputs += step.outputs
        self.dead_letters += step.dead_letters
        self.counts.update(step.counts)

    @property
    def told(self) -> list[Outcome]:
        """All outcomes, in order."""
        return [decode(output.value or b"", Outcome) for output in self.outputs]

    @property
    def last(self) -> dict[tuple[str, int], Outcome]:
        """The last word on each recommendation and horizon."""
        return {(each.recommendation_id, each.horizon_days): each for each in self.told}
