"""Campaigns of one group, each in a partition of its own, and the group's ledger in another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from msgspec.structs import replace

from schemas import topics
from schemas.action import Action
from schemas.audit import AuditEntry
from schemas.codec import encode
from schemas.fields import Autonomy, BudgetPeriod
from schemas.group import Group
from schemas.plan import Budget, Plan
from schemas.record import CampaignRecord
from schemas.topic import Topic
from tests.workers.executor.world import World, a_plan, a_tick, an_action, at
from workers.delivery.api import Output
from workers.executor.movements import Ledger
from workers.executor.rows import unpack
from workers.partitioner import partition_of

PARTITIONS = 3
DAY = timedelta(hours=24)
WORLD_ORDER = ("plans", "recommendations", "decisions", "actions", "ticks", "movements")


def a_group(pct: float | None = 10.0, /, **changes: object) -> Group:
    """Return a group that has 1000 EUR a day."""
    fields: dict[str, Any] = {
        "budget_group_id": "spring",
        "version": 1,
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "budget": Budget(amount=Decimal(1000), period=BudgetPeriod.DAY),
        "max_movement_pct": pct,
    }
    return Group(**(fields | changes))


def named(campaign: str, action: Action) -> Action:
    return replace(action, campaign_id=campaign, entity_id=campaign)


def a_raise(
    name: str, campaign: str, expected: str | None, target: str, /, **changes: object
) -> Action:
    fields: dict[str, object] = {"field": "daily_budget", "expires_at": at(600)}
    return named(campaign, an_action(name, expected, target, **(fields | changes)))


class Members:
    """Partitions in memory that tell one another; every campaign has 100 EUR a day by its plan."""

    def __init__(self, group: Group | None, campaigns: Iterable[str], **plan: object) -> None:
        self.worlds = [
            World(planned=False, partitions=PARTITIONS, partition=number)
            for number in range(PARTITIONS)
        ]
        if group is not None:
            self.define(group)
        for campaign in campaigns:
            own = a_plan(Autonomy.AUTO, **({"budget_group_id": "spring"} | plan))
            self.publish(topics.PLANS, self.of(own, campaign), 0)
        self.settle()

    def of(self, plan: Plan, campaign: str) -> Plan:
        return replace(plan, campaign_id=campaign)

    def define(self, *groups: Group) -> None:
        """Let every executor know of groups."""
        for world in self.worlds:
            world.groups |= {group.key: encode(group) for group in groups}

    def world(self, key: bytes) -> World:
        return self.worlds[partition_of(key, PARTITIONS)]

    def publish(self, topic: Topic, record: CampaignRecord, minutes: float) -> None:
        self.world(record.key).publish(topic, record, minutes, key=record.key)

    def act(self, *actions: Action, minutes: float = 1) -> Members:
        for action in actions:
            self.publish(topics.ACTIONS, action, minutes)
        return self.settle()

    def tick(self, minutes: float) -> Members:
        for world in self.worlds:
            world.publish(topics.TICKS, a_tick(minutes, partition=world.partition), minutes)
        return self.settle()

    def deliver(self, order: Callable[[list[Output]], None] = lambda _: None) -> bool:
        """Let what partitions have told one another arrive, in an order of any kind."""
        told = [output for world in self.worlds for output in world.elsewhere]
        for world in self.worlds:
            world.elsewhere.clear()
        order(told)
        for output in told:
            assert output.partition is not None
            self.worlds[output.partition].append(output)
        return bool(told)

    def settle(self) -> Members:
        while True:
            for world in self.worlds:
                world.settle(WORLD_ORDER)
            if not self.deliver():
                return self

    def repeat(self, topic: Topic, chance: Random) -> None:
        """Let some record of a topic be there once more."""
        logs = [world for world in self.worlds if world.stored(topic)]
        if logs:
            world = chance.choice(logs)
            one = chance.choice(world.stored(topic))
            again = Output(
                one.topic, one.key, one.value, world.partition, one.headers, one.timestamp
            )
            world.append(again)

    @property
    def audit(self) -> list[AuditEntry]:
        return [entry for world in self.worlds for entry in world.audit]

    def said(self, name: str) -> list[tuple[str, str | None]]:
        """Return how an action has ended, as often as that was told."""
        return [(e.status.value, e.reason) for e in self.audit if e.action_id == name]

    def asked(self) -> int:
        return sum(len(world.stored(topics.MOVEMENTS)) for world in self.worlds)

    def still_granted(self) -> Decimal:
        """Return what the ledger of the group holds as granted and not settled."""
        ledger = unpack(self.world(b"spring").tables["movements"].get(b"spring"), Ledger)
        return ledger.reserved if ledger else Decimal(0)


def most_moved(entries: Iterable[AuditEntry]) -> Decimal:
    """Return the most that was raised within any 24 hours, by what the audit trail says alone."""
    raises = [
        (entry.at, entry.target - (entry.expected or 0))
        for entry in entries
        if entry.field == "daily_budget"
        and entry.status.value in {"simulated", "rolled_back", "applied", "confirmed"}
        and entry.target is not None
        and entry.target > (entry.expected or 0)
    ]
    return max(
        (
            sum((size for time, size in raises if begin <= time < begin + DAY), Decimal(0))
            for begin, _ in raises
        ),
        default=Decimal(0),
    )
