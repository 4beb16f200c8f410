"""One partition of the allocator in memory, with a group whose members close their days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from schemas import (
    Action,
    Budget,
    Group,
    Portfolio,
    Recommendation,
    Tick,
    decode,
    encode,
    topics,
)
from schemas.fields import BudgetPeriod
from schemas.topic import Topic
from tests.workers.stored import Stored
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.program import agents
from workers.delivery.api import DeadLetter, Output, Step, store

FIRST = date(2026, 3, 2)
"""A Monday."""

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def at(day: int, hour: float = 1.0) -> datetime:
    """Return an instant of a day, counted from `FIRST`."""
    return MIDNIGHT + timedelta(days=day, hours=hour)


def a_group(**fields: Any) -> Group:  # noqa: ANN401 -- fields of a record
    """Return a group of 300 euros a day."""
    given: dict[str, Any] = {
        "budget_group_id": "spring",
        "version": 1,
        "currency": "EUR",
        "timezone": "UTC",
        "budget": Budget(amount=Decimal(300), period=BudgetPeriod.DAY),
    }
    return Group(**(given | fields))


def a_row(campaign: str, day: int, **fields: Any) -> Portfolio:  # noqa: ANN401 -- fields of a record
    """Return a closed day of a member that may spend 100 euros a day."""
    given: dict[str, Any] = {
        "budget_group_id": "spring",
        "platform": "google",
        "account_id": "7",
        "campaign_id": campaign,
        "first_day": FIRST + timedelta(days=day),
        "last_day": FIRST + timedelta(days=day),
        "timezone": "UTC",
        "currency": "EUR",
        "plan_version": 3,
        "budget": Decimal("100.00"),
        "spend": Decimal("99.00"),
        "revenue": Decimal(400),
        "conversions": 20.0,
        "impressions": 1_000,
        "clicks": 100,
        "observed_hours": 24,
        "releasable": True,
        "closed_at": at(day + 1),
    }
    return Portfolio(**(given | fields))


def days_of(
    campaign: str,
    days: Iterable[int],
    level: float,
    exponent: float = 0.5,
    **fields: Any,  # noqa: ANN401
) -> list[Portfolio]:
    """Return closed days whose conversions follow a curve: ``level`` at 100 euros."""
    rows = []
    for day in days:
        chance = np.random.default_rng([day, sum(campaign.encode())])
        spend = round(100.0 * float(np.exp(chance.normal(0.0, 0.2))), 2)
        made = float(chance.poisson(level * (spend / 100.0) ** exponent))
        given: dict[str, Any] = {
            "spend": Decimal(str(spend)),
            "conversions": made,
            "revenue": Decimal(str(20.0 * made)),
        }
        rows.append(a_row(campaign, day, **(given | fields)))
    return rows


@dataclass
class Allocator:
    """Topics, tables and agents; each `feed` is one committed step."""

    policy: AllocatorPolicy = field(default_factory=AllocatorPolicy)
    partition: int = 0
    partitions: int = 1
    tables: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    offsets: dict[str, int] = field(default_factory=dict)
    pages: list[Stored] = field(default_factory=list)
    """Pages of allocations that are not told yet."""

    def __post_init__(self) -> None:
        self._agents = {agent.source: agent for agent in agents(self.policy)}

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        return self.tables.setdefault(agent, {})

    def broadcast(self, _: str) -> Mapping[bytes, bytes]:
        return {}

    def feed(self, topic: Topic, records: Iterable[Stored]) -> Step:
        """Let the agent of a topic take records in one step, and commit it."""
        agent = self._agents[self.policy.topic(topic)]
        step = agent.step(self, list(records))
        table = self.tables.setdefault(agent.name, {})
        store(table, step.writes)
        self.outputs += step.outputs
        self.dead_letters += step.dead_letters
        name = self.policy.topic(topics.ALLOCATIONS)
        for output in (each for each in step.outputs if each.topic == name):
            time = datetime.fromtimestamp((output.timestamp or 0) / 1_000, UTC)
            key = output.key or b""
            self.pages.append(self.stored(topics.ALLOCATIONS, key, output.value, time))
        return step

    def tell(self, count: int | None = None) -> Step:
        """Let pages be told in one step: so many, or all that wait."""
        told, self.pages = self.pages[:count], self.pages[count:] if count else []
        return self.feed(topics.ALLOCATIONS, told)

    def stored(self, topic: Topic, key: bytes, value: bytes | None, time: datetime) -> Stored:
        name = self.policy.topic(topic)
        offset = self.offsets.get(name, 0)
        self.offsets[name] = offset + 1
        return Stored(name, offset, int(time.timestamp() * 1_000), key, value)

    def group(self, group: Group | None = None, **fields: Any) -> Step:  # noqa: ANN401 -- fields of a record
        chosen = group or a_group(**fields)
        record = self.stored(topics.GROUPS, chosen.key, encode(chosen), MIDNIGHT)
        return self.feed(topics.GROUPS, [record])

    def rows(self, rows: Iterable[Portfolio]) -> Step:
        """Take rows in one step, each published when its day was closed."""
        told = [self.stored(topics.PORTFOLIO, row.key, encode(row), row.closed_at) for row in rows]
        return self.feed(topics.PORTFOLIO, told)

    def tick(self, time: datetime) -> Step:
        value = encode(Tick(partition=self.partition, time=time))
        return self.feed(topics.TICKS, [self.stored(topics.TICKS, b"0", value, time)])

    @property
    def advice(self) -> list[Recommendation]:
        """All recommendations, in order."""
        return [decode(value, Recommendation) for value in self._of(topics.RECOMMENDATIONS)]

    @property
    def actions(self) -> list[Action]:
        return [decode(value, Action) for value in self._of(topics.ACTIONS)]

    def _of(self, topic: Topic) -> list[bytes]:
        name = self.policy.topic(topic)
        return [output.value or b"" for output in self.outputs if output.topic == name]


LEVELS = {"a": 40.0, "b": 20.0, "c": 10.0}


def history(days: int, **fields: Any) -> list[Portfolio]:  # noqa: ANN401 -- fields of a record
    """Return closed days of three members, day by day."""
    by_member = [days_of(name, range(days), level, **fields) for name, level in LEVELS.items()]
    return [row for day in zip(*by_member, strict=True) for row in day]


def grown(days: int = 30, **fields: Any) -> Allocator:  # noqa: ANN401 -- fields of a group
    """Return an allocator that knows some days of three members, and has shared out for the next.

    Members are known before the group is, so that the last of its rows is what it waits for.
    """
    allocator = Allocator()
    rows = history(days)
    allocator.rows(rows[:-1])
    allocator.group(**fields)
    allocator.rows(rows[-1:])
    return allocator
