"""A partition of Kafka in memory, and the executor's agents on it, taking turns as told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas import topics
from schemas.action import Action, Release
from schemas.audit import AuditEntry
from schemas.codec import decode, digest, encode
from schemas.condition import Condition
from schemas.decision import Decision, Verb
from schemas.fields import Autonomy, BudgetPeriod
from schemas.plan import Budget, Plan
from schemas.recommendation import Kind, Recommendation
from schemas.record import Record
from schemas.tick import Tick
from schemas.topic import Topic
from tests.workers.stored import Stored
from workers.delivery.api import DeadLetter, Output, store
from workers.executor.plan_rules import PlanRule
from workers.executor.policy import ExecutorPolicy
from workers.executor.program import agents, journal
from workers.executor.rows import pack

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
NAMES = {"platform": "google", "account_id": "7", "campaign_id": "42"}
KEY = b"google:7:42"


def at(minutes: float) -> datetime:
    """Return a time so many minutes after the start."""
    return START + timedelta(minutes=minutes)


def ms(minutes: float) -> int:
    return int(at(minutes).timestamp() * 1000)


@dataclass
class World:
    """Topics, tables and the agents' positions; ``turn`` is one committed step."""

    planned: bool = True
    """Whether the campaign has had a plan since long ago that leaves everything to policy."""
    approvers: int = 1
    """How many people that plan wants to approve."""
    policy: ExecutorPolicy = field(default_factory=ExecutorPolicy)
    partitions: int = 1
    partition: int = 0
    tables: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    logs: dict[str, list[Stored]] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    broadcasts: dict[bytes, bytes] = field(default_factory=dict)
    groups: dict[bytes, bytes] = field(default_factory=dict)
    elsewhere: list[Output] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    counts: dict[tuple[str, ...], float] = field(default_factory=dict)
    head: bytes | None = None
    given: list[tuple[Topic, Record]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.agents = {agent.name: agent for agent in agents(self.policy)}
        self.tables = {agent.table: {} for agent in self.agents.values()}
        if self.planned:
            rule = PlanRule(
                version=1, autonomy=Autonomy.AUTO, protected=False, approvers=self.approvers
            )
            self.tables["plans"][KEY] = pack(rule)

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        return self.tables[agent]

    def broadcast(self, topic: str) -> Mapping[bytes, bytes]:
        if topic == self.policy.topic(topics.GROUPS):
            return self.groups
        assert topic == self.policy.topic(topics.CONDITIONS)
        return self.broadcasts

    def publish(
        self,
        topic: Topic,
        record: Record | bytes | None,
        minutes: float,
        *,
        key: bytes | None = KEY,
    ) -> None:
        value = record if isinstance(record, bytes) else None
        if isinstance(record, Record):
            self.given.append((topic, record))
            value = encode(record)
        self.append(Output(self.policy.topic(topic), key, value, timestamp=ms(minutes)))

    def append(self, output: Output) -> None:
        if output.topic == self.policy.topic(topics.CONDITIONS):
            assert output.partition == 0
            assert output.key is not None
            assert output.value is not None
            self.broadcasts[output.key] = output.value
            return
        if output.partition not in (None, self.partition):
            self.elsewhere.append(output)
            return
        log = self.logs.setdefault(output.topic, [])
        assert output.timestamp is not None
        log.append(
            Stored(
                output.topic,
                len(log),
                output.timestamp,
                output.key,
                output.value,
                output.headers,
                self.partition,
            )
        )

    def turn(self, name: str, most: int = 1000) -> int:
        """Apply one step of an agent; return how many records it had."""
        agent = self.agents[name]
        start = self.positions.get(name, 0)
        records = self.logs.get(agent.source, [])[start : start + most]
        if not records:
            return 0
        step = agent.step(self, records)
        audit = journal(self.policy)
        entries = [output for output in step.outputs if output.topic == audit.topic]
        self.head, sealed = audit.seal(self.head, entries)
        for output in [*(o for o in step.outputs if o.topic != audit.topic), *sealed]:
            self.append(output)
        store(self.tables[agent.table], step.writes)
        self.dead_letters += step.dead_letters
        for counter, amount in step.counts.items():
            self.counts[counter] = self.counts.get(counter, 0) + amount
        self.positions[name] = start + len(records)
        return len(records)

    def settle(self, order: Iterable[str] | None = None) -> None:
        """Let every agent read to the end, in the order given, until nobody has anything left."""
        names = list(order or self.agents)
        while sum(self.turn(name) for name in names):
            pass

    @property
    def audit(self) -> list[AuditEntry]:
        return [decode(stored.value or b"", AuditEntry) for stored in self.stored(topics.AUDIT)]

    @property
    def released(self) -> list[Action]:
        return [decode(stored.value or b"", Action) for stored in self.stored(topics.ACTIONS)]

    @property
    def conditions(self) -> dict[bytes, Condition]:
        return {key: decode(value, Condition) for key, value in self.broadcasts.items()}

    def stored(self, topic: Topic) -> list[Stored]:
        return self.logs.get(self.policy.topic(topic), [])

    def said(self) -> list[tuple[str, str | None]]:
        """Return status and reason of every entry, in order."""
        return [(entry.status.value, entry.reason) for entry in self.audit]


def an_id(name: str) -> str:
    return digest(name.encode())


def an_action(name: str, expected: str | None, target: str, /, **changes: object) -> Action:
    fields: dict[str, Any] = {
        **NAMES,
        "action_id": an_id(name),
        "entity_id": "42",
        "field": "hourly_budget",
        "expected": None if expected is None else Decimal(expected),
        "target": Decimal(target),
        "unit": "currency",
        "currency": "EUR",
        "released_by": Release.POLICY,
        "actor": "auto",
        "released_at": at(0),
        "valid_from": at(0),
        "expires_at": at(60),
        "plan_version": 1,
    }
    return Action(**(fields | changes))


def a_recommendation(name: str, target: str, /, **changes: object) -> Recommendation:
    fields: dict[str, Any] = {
        **NAMES,
        "recommendation_id": an_id(name),
        "kind": Kind.PACING,
        "hour": at(60),
        "entity_id": "42",
        "field": "hourly_budget",
        "recommended_value": Decimal(target),
        "unit": "currency",
        "currency": "EUR",
        "decided_at": at(0),
        "valid_from": at(0),
        "expires_at": at(60),
        "model_version": "test",
        "plan_version": 1,
    }
    return Recommendation(**(fields | changes))


def a_decision(verb: Verb, *, minutes: float = 1, **changes: object) -> Decision:
    fields: dict[str, Any] = {**NAMES, "verb": verb, "by": "ada", "decided_at": at(minutes)}
    return Decision(**(fields | changes))


def approve(name: str, /, *, minutes: float = 1, **changes: object) -> Decision:
    return a_decision(Verb.APPROVE, recommendation_id=an_id(name), minutes=minutes, **changes)


def reject(name: str, /, *, minutes: float = 1, **changes: object) -> Decision:
    return a_decision(Verb.REJECT, recommendation_id=an_id(name), minutes=minutes, **changes)


def roll_back(name: str, /, *, minutes: float = 1, **changes: object) -> Decision:
    return a_decision(Verb.ROLL_BACK, action_id=an_id(name), minutes=minutes, **changes)


def a_plan(autonomy: Autonomy, **changes: object) -> Plan:
    fields: dict[str, Any] = {
        **NAMES,
        "version": 1,
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "budget": Budget(amount=Decimal(100), period=BudgetPeriod.DAY),
        "autonomy": autonomy,
    }
    return Plan(**(fields | changes))


def a_tick(minutes: float, *, partition: int = 0) -> Tick:
    return Tick(partition=partition, time=at(minutes))
