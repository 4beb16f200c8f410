"""All partitions of the allocator in memory, with groups that lie in one another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas import Action, Budget, Group, Portfolio, Recommendation, Tick, decode, encode, topics
from schemas.fields import BudgetPeriod
from schemas.topic import Topic
from tests.workers.allocator.groups import MIDNIGHT, Allocator, a_group, days_of
from tests.workers.stored import Stored
from workers.delivery.api import Headers, Output
from workers.partitioner import partition_of

PARTITIONS = 8

ROOT, GOOGLE, SEARCH, META = "spring", "spring google", "spring search", "spring meta"
"""A whole, two groups in it, and one more in the first of these; each in another partition."""


_Beside = tuple[datetime, Headers]
"""When a record was published, and its headers."""


@dataclass
class Allocators:
    """Each partition's allocator; what one publishes for another's topics is taken there."""

    partitions: int = PARTITIONS
    logs: dict[int, list[Stored]] = field(default_factory=dict)
    waiting: list[tuple[Topic, int, Stored]] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    """Of all partitions, in the order of their steps."""

    def __post_init__(self) -> None:
        self.each = [
            Allocator(partition=i, partitions=self.partitions) for i in range(self.partitions)
        ]

    def send(
        self, topic: Topic, key: bytes, value: bytes | None, time: datetime, headers: Headers = ()
    ) -> None:
        """Publish a record where its key belongs, and let all that follows happen."""
        self._append(topic, partition_of(key, self.partitions), key, value, (time, headers))
        self.settle()

    def group(self, group: Group | None = None, **fields: Any) -> None:  # noqa: ANN401
        told = group or a_group(**fields)
        self.send(topics.GROUPS, told.key, encode(told), MIDNIGHT)

    def delete(self, name: str) -> None:
        self.send(topics.GROUPS, name.encode(), None, MIDNIGHT)

    def rows(self, rows: Iterable[Portfolio]) -> None:
        for row in rows:
            place = partition_of(row.key, self.partitions)
            self._append(topics.PORTFOLIO, place, row.key, encode(row), (row.closed_at, ()))
        self.settle()

    def tick(self, time: datetime) -> None:
        for i, each in enumerate(self.each):
            told = each.stored(topics.TICKS, b"%d" % i, encode(Tick(partition=i, time=time)), time)
            self._take(topics.TICKS, i, replace(told, partition=i))
        self.settle()

    def settle(self) -> None:
        """Let partitions take what waits for them, until nothing does."""
        for _ in range(200_000):
            if not self.waiting:
                return
            topic, place, record = self.waiting.pop(0)
            self._take(topic, place, record)
        raise AssertionError("records are handed on for ever")

    @property
    def advice(self) -> list[Recommendation]:
        return [decode(value, Recommendation) for value in self.published(topics.RECOMMENDATIONS)]

    @property
    def actions(self) -> list[Action]:
        return [decode(value, Action) for value in self.published(topics.ACTIONS)]

    @property
    def dead_letters(self) -> list[tuple[str, str]]:
        return [(dead.reason, dead.field) for each in self.each for dead in each.dead_letters]

    def published(self, topic: Topic) -> list[bytes]:
        name = self.each[0].policy.topic(topic)
        return [out.value or b"" for out in self.outputs if out.topic == name]

    def _append(
        self, topic: Topic, place: int, key: bytes, value: bytes | None, told: _Beside
    ) -> None:
        time, headers = told
        stored = self.each[place].stored(topic, key, value, time)
        record = replace(stored, partition=place, headers=headers)
        self.logs.setdefault(place, []).append(record)
        self.waiting.append((topic, place, record))

    def _take(self, topic: Topic, place: int, record: Stored) -> None:
        step = self.each[place].feed(topic, [record])
        self.outputs += step.outputs
        for out in step.outputs:
            for source in (topics.GROUPS, topics.PORTFOLIO, topics.FX_RATES):
                if out.topic == self.each[place].policy.topic(source):
                    time = datetime.fromtimestamp((out.timestamp or 0) / 1_000, tz=UTC)
                    where = place if out.partition is None else out.partition
                    self._append(source, where, out.key or b"", out.value, (time, out.headers))


def a_day(amount: int) -> Budget:
    return Budget(amount=Decimal(amount), period=BudgetPeriod.DAY)


def inner(name: str, parent: str, **fields: Any) -> Group:  # noqa: ANN401 -- fields of a group
    """Return a group inside another that nothing bounds unless it is said."""
    return a_group(
        **({"budget_group_id": name, "parent_group_id": parent, "budget": a_day(10_000)} | fields)
    )


def the_tree(**fields: dict[str, Any]) -> list[Group]:
    """Return the four groups, 500 euros a day for all; ``fields`` by the last word of the name."""
    return [
        a_group(**({"budget": a_day(500)} | fields.get("spring", {}))),
        inner(GOOGLE, ROOT, **fields.get("google", {})),
        inner(SEARCH, GOOGLE, **fields.get("search", {})),
        inner(META, ROOT, **fields.get("meta", {})),
    ]


WHERE = {"a": ROOT, "b": GOOGLE, "c": SEARCH, "d": SEARCH, "e": META}
LEVELS = {"a": 40.0, "b": 20.0, "c": 10.0, "d": 30.0, "e": 15.0}


def tree_days(days: int, **fields: Any) -> list[Portfolio]:  # noqa: ANN401 -- fields of a record
    """Return closed days of five members, day by day."""
    by_member = [
        days_of(name, range(days), level, **({"budget_group_id": WHERE[name]} | fields))
        for name, level in LEVELS.items()
    ]
    return [row for day in zip(*by_member, strict=True) for row in day]


def grown_tree(
    days: int = 30, partitions: int = PARTITIONS, /, **fields: dict[str, Any]
) -> Allocators:
    """Return allocators that know a tree and its members' days, and have shared out once."""
    world = Allocators(partitions=partitions)
    for group in the_tree(**({"spring": {}} | fields)):
        world.group(replaced(group, status="paused") if group.budget_group_id == ROOT else group)
    rows = tree_days(days)
    world.rows(rows[:-1])
    world.group(replaced(the_tree(**fields)[0], version=2))
    world.rows(rows[-1:])
    return world


def replaced(group: Group, **fields: Any) -> Group:  # noqa: ANN401 -- fields of a group
    """Return a group with some fields changed, checked as a new one is."""
    return Group(**({name: getattr(group, name) for name in group.__struct_fields__} | fields))
