"""More of a day's budget for a window: never above what a day or its period may spend."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from schemas import topics
from schemas.action import Action
from schemas.decision import Verb
from schemas.fields import Autonomy, BudgetPeriod, Entity
from schemas.plan import Actuator, Budget
from schemas.record import Record
from schemas.topic import Topic
from tests.workers.executor.platform_thread import TOKEN
from tests.workers.executor.test_couriers import carried
from tests.workers.executor.test_live import Live
from tests.workers.executor.world import a_decision, a_plan, a_tick, an_action, an_id, at
from workers.connectors.protocol import Lever, Ref
from workers.connectors.settings import AccountMode, Platforms, PlatformSettings
from workers.connectors.stretches import Stretch
from workers.executor.live.outcome import Result
from workers.executor.platforms import KnownPlatforms, PlatformTerms
from workers.sandbox.meta.server import MetaSandbox

NAMES = {"platform": "meta", "account_id": "7", "campaign_id": "42"}
START = datetime(2026, 3, 6, tzinfo=UTC)
WINDOW = Stretch(START, START + timedelta(days=2))
INCREASE = Ref(
    account_id="7",
    entity=Entity.CAMPAIGN,
    entity_id="42",
    lever=Lever.BUDGET_INCREASE,
    part=WINDOW.part,
)
WORST = Decimal("1.75")
"""Times its daily budget that Meta may spend on a day, by its documentation."""


class OnMeta(Live):
    """Live with one campaign on Meta; the plan is for a month unless told otherwise."""

    campaign = b"meta:7:42"

    def __init__(self, **plan: object) -> None:
        super().__init__()
        levers = {(Entity.CAMPAIGN, lever) for lever in (Lever.DAILY_BUDGET, Lever.BUDGET_INCREASE)}
        terms = PlatformTerms(accounts={"7": AccountMode.LIVE}, levers=levers)
        platforms = KnownPlatforms(terms={"meta": terms})
        self.policy = replace(self.policy, platforms=platforms, simulated_time=True)
        self.__post_init__()
        month = Budget(amount=Decimal(3000), period=BudgetPeriod.MONTH)
        told = {"budget": month, "timezone": "UTC", **plan}
        self.says(topics.PLANS, a_plan(Autonomy.AUTO, **NAMES, **told), 0)
        self.says(topics.TICKS, a_tick(1), 1)

    def says(self, topic: Topic, record: Record, minutes: float) -> None:
        self.publish(topic, record, minutes, key=self.campaign)
        self.settle()

    def wants(self, action: Action, minutes: float = 1) -> OnMeta:
        self.says(topics.ACTIONS, action, minutes)
        return self


def more(amount: str, *, name: str = "more", **changes: object) -> Action:
    fields = {
        "field": "budget_increase",
        "recommendation_id": an_id("advice"),
        "window_start": WINDOW.start,
        "window_end": WINDOW.end,
    }
    return an_action(name, "0", amount, **NAMES, **fields | changes)


def a_day_of(amount: str, **changes: object) -> Action:
    return an_action("day", None, amount, **NAMES, field="daily_budget", **changes)


@pytest.mark.parametrize(("amount", "period"), [("40.00", "month"), ("39.99", "day")])
def test_what_bounds_both_together_is_the_cap_at_worst_and_the_budget_of_the_period(
    amount: str, period: str
) -> None:
    if period == "month":
        world, highest = OnMeta(daily_cap=Decimal(700)), Decimal(700) / WORST
    else:
        budget = Budget(amount=Decimal(300), period=BudgetPeriod.DAY)
        world, highest = OnMeta(daily_cap=Decimal(700), budget=budget), Decimal(300)
    world.wants(more(amount))

    assert world.order is not None
    assert world.order.highest == highest
    assert world.order.change.ref == INCREASE


def test_a_plan_that_paces_by_the_days_budget_has_nothing_on_top_of_it() -> None:
    world = OnMeta(actuator=Actuator.BUDGET).wants(more("40"))

    assert world.said() == [("rejected", "paced_by_budget")]


def test_to_take_an_increase_back_is_bounded_by_nothing() -> None:
    world = OnMeta(daily_cap=Decimal(10)).wants(more("0", expected=Decimal(40)))

    assert world.order is not None
    assert world.order.highest is None


def test_a_daily_budget_leaves_room_for_what_is_scheduled_on_top_of_it() -> None:
    world = OnMeta(daily_cap=Decimal(700)).wants(more("40"))
    world.answer(before=Decimal(0))
    world.wants(a_day_of("390"), minutes=3)

    assert world.order is not None
    assert world.order.highest == Decimal(700) / WORST - 40


def test_where_no_increase_is_in_force_all_of_the_cap_is_the_daily_budgets() -> None:
    world = OnMeta(daily_cap=Decimal(700)).wants(more("40"))
    world.answer(Result.REJECTED, before=Decimal(0))
    world.wants(a_day_of("390"), minutes=3)

    assert world.order is not None
    assert world.order.highest == Decimal(700) / WORST


def test_an_increase_that_nobody_could_read_counts_until_one_is_read() -> None:
    world = OnMeta(daily_cap=Decimal(700)).wants(more("40"))
    world.answer(Result.UNVERIFIED, before=Decimal(0))
    world.wants(a_day_of("390"), minutes=3)
    assert world.order is not None
    assert world.order.highest == Decimal(700) / WORST - 40

    world.answer(Result.REJECTED, minutes=4)
    world.wants(more("30", name="again"), minutes=5)
    world.answer(Result.UNVERIFIED, minutes=6)
    world.wants(a_day_of("391", action_id=an_id("other")), minutes=7)
    assert world.order.highest == Decimal(700) / WORST - 40, "it may be either"

    world.answer(Result.REJECTED, minutes=8)
    world.wants(more("20", name="read"), minutes=9)
    world.answer(minutes=10, before=Decimal(0))
    world.wants(a_day_of("392", action_id=an_id("last")), minutes=11)
    assert world.order.highest == Decimal(700) / WORST - 20


# ------------------------------------------------------------ by Meta's own client


@asynccontextmanager
async def meta() -> AsyncIterator[tuple[MetaSandbox, Platforms]]:
    """Serve a campaign with a daily budget of 300."""
    sandbox = MetaSandbox(lambda: at(0))
    sandbox.access_token = TOKEN
    sandbox.store.add_account("7", "EUR")
    sandbox.store.add_campaign("7", "42", daily_budget="30000")
    await sandbox.start()
    settings = PlatformSettings(
        accounts={"7": AccountMode.LIVE},
        connector="meta",
        options={"address": sandbox.address, "timeout": 5.0},
        secrets={"access_token": "env:OF_META"},
    )
    try:
        yield sandbox, {"meta": settings}
    finally:
        await sandbox.stop()


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_META", TOKEN)


async def test_what_keeps_to_the_cap_is_scheduled_read_back_and_rolled_back() -> None:
    async with meta() as (sandbox, platforms):
        world = OnMeta(daily_cap=Decimal(700)).wants(more("100"))
        assert await carried(world, platforms) == []
        entry = world.audit[-1]

        assert [entry.status, entry.before, entry.after, entry.sent] == ["applied", 0, 100, 10_000]
        assert (entry.window_start, entry.currency) == (WINDOW.start, "EUR")
        assert sandbox.value(INCREASE) == 100

        undo = a_decision(Verb.ROLL_BACK, action_id=an_id("more"), minutes=3, **NAMES)
        world.says(topics.DECISIONS, undo, 3)
        assert await carried(world, platforms) == []
        assert [world.audit[-1].status, world.audit[-1].after] == ["rolled_back", 0]
        assert sandbox.periods.rows == {}


@pytest.mark.parametrize(
    ("plan", "amount"),
    [
        ({"daily_cap": Decimal(700)}, "100.01"),
        ({"budget": Budget(amount=Decimal(350), period=BudgetPeriod.DAY)}, "50.01"),
    ],
    ids=["a day at worst", "the period"],
)
async def test_a_cent_above_what_a_day_or_the_period_may_spend_is_never_scheduled(
    plan: dict[str, object], amount: str
) -> None:
    """It comes on top of what is found, whatever was believed: 300 a day here."""
    async with meta() as (sandbox, platforms):
        world = OnMeta(**plan).wants(more(amount))
        assert await carried(world, platforms) == []

        assert world.said()[-1] == ("rejected", "above_highest")
        assert sandbox.effects == ()
