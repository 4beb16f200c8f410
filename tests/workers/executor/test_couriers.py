"""Couriers on a partition in memory: what becomes of open orders where settings have changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from schemas import topics
from schemas.fields import Autonomy, Entity
from schemas.plan import Plan
from tests.workers.executor.held import Held
from tests.workers.executor.test_live import Live, budget
from tests.workers.executor.world import a_plan, a_tick
from workers.connectors.protocol import Account, Lever, Ref
from workers.connectors.settings import AccountMode, Platforms, PlatformSettings
from workers.delivery.api import Step
from workers.executor.couriers import Couriers
from workers.executor.live.limits import COLLECTING
from workers.executor.live.outcome import Result
from workers.executor.tables import ACTIONS
from workers.sandbox.webhook import WebhookSandbox

SECRET = "d2hhdCBub2JvZHkgZWxzZSBrbm93cw=="
BUDGET = Ref(account_id="7", entity=Entity.CAMPAIGN, entity_id="42", lever=Lever.DAILY_BUDGET)


@asynccontextmanager
async def receiver() -> AsyncIterator[WebhookSandbox]:
    account = Account(
        account_id="7", name="", currency="EUR", timezone="UTC", step=Decimal("0.01"), minimums={}
    )
    platform = WebhookSandbox(SECRET, [account], {BUDGET: Decimal(100)})
    await platform.start()
    yield platform
    await platform.stop()


def settings(platform: WebhookSandbox, **accounts: AccountMode) -> Platforms:
    named = [{"account_id": account, "currency": "EUR"} for account in accounts]
    told = PlatformSettings(
        accounts=accounts,
        connector="webhook",
        options={
            "url": f"{platform.address}/changes",
            "state_url": f"{platform.address}/states",
            "accounts": named,
        },
        secrets={"secret": "env:SECRET_OF_THE_RECEIVER"},
    )
    return {"google": told}


def opened() -> Live:
    """Return a partition with an open order for account 7 of google."""
    world = Live()
    world.policy = replace(world.policy, simulated_time=True)
    world.publish(topics.TICKS, a_tick(1), 1)
    return world.act(budget("first", "100", "120"))


async def carried(world: Live, platforms: Platforms) -> list[BaseException]:
    """Hand the open order over and return what has failed, once the order has ended."""
    couriers = Couriers(world.policy, platforms)
    await couriers.prepare()
    order, world.tables[ACTIONS] = world.tables[ACTIONS], {}
    tenure = Held(world, couriers)
    couriers.took_over(tenure)
    world.tables[ACTIONS] = order
    couriers.committed(tenure, ACTIONS, Step(writes=dict(order)))
    async with asyncio.timeout(10):
        await tenure.told.wait()
    await couriers.let_go(tenure)
    await couriers.aclose()
    return tenure.errors


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_RECEIVER", SECRET)


async def test_an_open_order_is_carried_out_and_told() -> None:
    async with receiver() as platform:
        world = opened()
        live = {"7": AccountMode.LIVE}
        assert await carried(world, settings(platform, **live)) == []

        assert platform.value(BUDGET) == 120
        assert world.said() == [("intent", "to_be_sent"), ("applied", "applied")]


async def test_a_receiver_that_cannot_tell_values_is_no_drift_after_a_start() -> None:
    async with receiver() as platform:
        world = opened()
        ((name, told),) = settings(platform, **{"7": AccountMode.LIVE}).items()
        blind = {name: msgspec.structs.replace(told, options={**told.options, "state_url": ""})}
        assert await carried(world, blind) == []
        world.act(budget("second", "120", "130"), minutes=2)
        assert await carried(world, blind) == []

        assert platform.value(BUDGET) == 130
        assert [status for status, _ in world.said()] == ["intent", "applied"] * 2


@pytest.mark.parametrize("named", [{}, {"8": AccountMode.LIVE}], ids=["platform", "account"])
async def test_what_the_settings_name_no_more_is_told_and_never_changed(
    named: dict[str, AccountMode],
) -> None:
    async with receiver() as platform:
        world = opened()
        assert await carried(world, settings(platform, **named) if named else {}) == []

        assert platform.requests == []
        assert world.said()[-1] == ("rejected", "rejected")
        assert "executor.platforms" in world.audit[-1].detail
        assert world.order is None


async def test_an_account_that_is_in_shadow_now_is_not_changed_by_what_was_opened_before() -> None:
    async with receiver() as platform:
        world = opened()
        (known,) = world.policy.platforms.terms.values()
        shadow = {"7": AccountMode.SHADOW}
        terms = {"google": replace(known, accounts=shadow)}
        world.policy = replace(world.policy, platforms=replace(world.policy.platforms, terms=terms))
        assert await carried(world, settings(platform, **shadow)) == []

        assert platform.value(BUDGET) == 100
        assert world.said()[-1] == ("shadow", "shadow")


@pytest.mark.parametrize("plan", [a_plan(Autonomy.AUTO, version=2), None], ids=["new", "none"])
async def test_what_was_opened_under_another_plan_is_not_sent(plan: Plan | None) -> None:
    async with receiver() as platform:
        world = opened()
        world.publish(topics.PLANS, plan, 1)
        world.settle()
        assert await carried(world, settings(platform, **{"7": AccountMode.LIVE})) == []

        assert platform.value(BUDGET) == 100
        assert world.said()[-1] == ("rejected", "plan_changed")


async def test_a_partition_with_changes_of_a_platform_that_is_named_no_more_is_taken_over() -> None:
    world = opened().answer(Result.APPLIED).act(budget("second", "120", "130"), minutes=2)
    couriers = Couriers(world.policy, {})
    tenure = Held(world, couriers)
    couriers.took_over(tenure)
    await asyncio.sleep(0)
    await couriers.let_go(tenure)

    assert tenure.errors == []
    assert world.order is not None, "it is still open: whether it was sent is found out first"


async def test_executors_share_the_limits_by_the_partitions_that_each_owns() -> None:
    async with receiver() as platform:
        told = settings(platform, **{"7": AccountMode.LIVE})
        processes = [Couriers(Live().policy, told) for _ in range(2)]
        tenures = []
        for number in range(4):
            world = Live()
            world.partition, world.partitions = number, 4
            tenures.append(Held(world, processes[number == 3]))
        for process in processes:
            await process.prepare()
        for tenure in tenures:
            tenure.couriers.took_over(tenure)
        shares = [process._counts["google"].portion.of_all for process in processes]
        assert shares == [0.75 * (1 - COLLECTING), 0.25 * (1 - COLLECTING)]
        # The second process ends, and the first takes over what it owned.
        await processes[1].let_go(tenures[3])
        assert processes[1]._counts["google"].portion.of_all == 0
        tenures[3].couriers = processes[0]
        processes[0].took_over(tenures[3])
        assert processes[0]._counts["google"].portion.of_all == 1 - COLLECTING
        for tenure in tenures:
            await tenure.couriers.let_go(tenure)
        for process in processes:
            await process.aclose()
