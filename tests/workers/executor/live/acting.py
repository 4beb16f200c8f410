"""One change of one value, by the whole executor in memory, on a real connector and its platform.

Steps, couriers and the loop are the product's; Kafka is a `World`, and time passes at once where
the loop waits. What may go wrong on the way is a `Trouble`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal
from unittest.mock import patch

from schemas import topics
from schemas.action import Action, Release
from schemas.audit import Mode
from schemas.fields import Autonomy, Entity
from schemas.plan import AdSet, Plan
from tests.workers.executor.held import Held
from tests.workers.executor.live.struck import Carried, PassingClock, Trouble, Watched
from tests.workers.executor.world import World, a_plan, a_tick, an_action
from workers.connectors.kit import Bench
from workers.connectors.protocol import Ref
from workers.connectors.settings import AccountMode, PlatformSettings
from workers.delivery.api import Step
from workers.executor import couriers
from workers.executor.live.policy import Patience
from workers.executor.orders import Orders
from workers.executor.platforms import KnownPlatforms, PlatformTerms
from workers.executor.policy import ExecutorPolicy
from workers.executor.progress import orders_in
from workers.executor.tables import ACTIONS
from workers.verify import AuditRecord, verify

PATIENCE = Patience(late_by=5.0, verify_reads=4)
LONGEST = 30.0
"""Seconds of the machine's time after which a change counts as stuck."""


@dataclass
class Acting:
    """A partition whose executor acts on one platform, in mode `live`."""

    name: str
    bench: Bench
    world: World = field(init=False)

    def __post_init__(self) -> None:
        levers = self.bench.connector.capabilities.levers
        accounts = {self.bench.budget.account_id: AccountMode.LIVE}
        terms = {self.name: PlatformTerms(accounts=accounts, levers=levers)}
        policy = ExecutorPolicy(
            mode=Mode.LIVE, platforms=KnownPlatforms(terms=terms), simulated_time=True
        )
        self.world = World(planned=False, policy=policy)

    async def change(self, ref: Ref, trouble: Trouble) -> Carried:
        """Release a change by a person, carry it out, and return what came of it."""
        ref = trouble.ref or ref
        target = self.bench.values[0] if trouble.target is None else trouble.target
        before = self.bench.platform.value(ref)
        self._publish(a_change(self.name, ref, target, trouble.currency))
        connector = Watched(self.bench.connector, self.bench, trouble)
        errors = await self._carried_out(connector)
        return Carried(
            ref=ref,
            target=target,
            before=before,
            value=self.bench.platform.value(ref),
            effects=self.bench.platform.effects,
            calls=connector.calls,
            entries=tuple(self.world.audit),
            is_intact=self._is_intact(),
            errors=tuple(errors),
            believed=self._believed(ref),
        )

    def _publish(self, action: Action) -> None:
        plan = a_plan_of(action)
        self.world.publish(topics.PLANS, plan, 0, key=plan.key)
        self.world.publish(topics.TICKS, a_tick(0), 0, key=b"0")
        self.world.publish(topics.ACTIONS, action, 0, key=action.key)

    async def _carried_out(self, connector: Watched) -> list[BaseException]:
        settings = PlatformSettings(accounts={self.bench.budget.account_id: AccountMode.LIVE})
        with (
            patch.object(couriers, "build", lambda *_: connector),
            patch.object(couriers, "LogClock", PassingClock),
        ):
            acting = couriers.Couriers(self.world.policy, {self.name: settings}, PATIENCE)
            await acting.prepare()
            held = Held(self.world, acting)
            acting.took_over(held)
        self.world.settle()
        acting.committed(held, ACTIONS, Step(writes=dict(self.world.tables[ACTIONS])))
        async with asyncio.timeout(LONGEST):
            while self._is_open() and not held.errors:
                held.told.clear()
                await held.told.wait()
        await acting.let_go(held)
        return held.errors

    def _is_open(self) -> bool:
        return any(orders.under_way is not None for orders in self._orders())

    def _believed(self, ref: Ref) -> Decimal | None:
        slot = f"{ref.entity}\0{ref.entity_id}\0{ref.lever}"
        return next((one.set_last[slot] for one in self._orders() if slot in one.set_last), None)

    def _orders(self) -> list[Orders]:
        return [orders for _, orders in orders_in(dict(self.world.tables[ACTIONS]))]

    def _is_intact(self) -> bool:
        stored = self.world.stored(topics.AUDIT)
        records = (AuditRecord(one.partition, one.offset, one.key, one.value) for one in stored)
        return verify(records, from_genesis=True).intact


def a_change(platform: str, ref: Ref, target: Decimal, currency: str) -> Action:
    """Return an action by a person that sets a value, whatever is found there."""
    of_campaign = ref.entity is Entity.CAMPAIGN
    return an_action(
        "struck",
        None,
        str(target),
        platform=platform,
        account_id=ref.account_id,
        campaign_id=ref.entity_id if of_campaign else "42",
        entity=ref.entity,
        entity_id=ref.entity_id,
        field=ref.lever.value,
        currency=currency,
        released_by=Release.PERSON,
        actor="ada",
    )


def a_plan_of(action: Action) -> Plan:
    """Return a plan that lets the action be."""
    ad_sets = () if action.entity is Entity.CAMPAIGN else (AdSet(ad_set_id=action.entity_id),)
    return a_plan(
        Autonomy.AUTO,
        platform=action.platform,
        account_id=action.account_id,
        campaign_id=action.campaign_id,
        currency=action.currency,
        ad_sets=ad_sets,
    )
