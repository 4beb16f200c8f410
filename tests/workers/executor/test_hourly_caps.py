"""Laws of what an hour may spend beside a multiplier: the day's budget on the platform holds it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import over_delivery
from engine.over_delivery import Delivered, Rest
from engine.plans import UNLIMITED
from engine.platform_rules import RULES
from schemas import topics
from schemas.action import Action, Release
from schemas.fields import Autonomy, Entity
from schemas.plan import Actuator, AdSet, Bid, Plan
from tests.workers.executor.test_live import AD_SETS, GOOGLE, Live, multiplier
from tests.workers.executor.world import a_plan, a_recommendation, an_action, roll_back
from workers.connectors.protocol import Lever
from workers.executor.capping import highest_daily
from workers.executor.live.order import Order
from workers.executor.live.outcome import Result
from workers.executor.plan_rules import PlanRule

OF_THE_DAY = {"day_budget": Decimal("41.509")}
REFUSED: dict[str, Any] = {"reason": "rejected", "after": None}


def bidding(**terms: object) -> Plan:
    return a_plan(Autonomy.AUTO, ad_sets=AD_SETS[:2], **terms)


def capped(name: str, expected: str | None, target: str, **changes: object) -> Action:
    return multiplier(name, expected, target, **OF_THE_DAY | changes)


def all_of(world: Live) -> list[Order]:
    """Let the platform take all that is under way, and return it in order."""
    orders = []
    while (order := world.order) is not None:
        orders.append(order)
        world.answer()
    return orders


def slots(orders: list[Order]) -> list[tuple[str, str]]:
    return [(order.change.ref.lever.value, order.change.ref.entity_id) for order in orders]


def test_the_days_budget_is_set_with_the_bids_as_a_part_of_the_same_action() -> None:
    world = Live(bidding()).act(capped("up", None, "1.2"))
    orders = all_of(world)

    assert slots(orders) == [("daily_budget", "42"), ("bid", "a"), ("bid", "b")]
    assert orders[0].change.target == Decimal("41.50"), "never above what the day may spend"
    assert world.said()[-1] == ("applied", "applied")
    assert {entry.field for entry in world.audit} >= {"platform_daily_budget", "platform_bid"}


def test_what_is_lowered_goes_first_be_it_the_days_budget_or_a_bid() -> None:
    world = Live(bidding())
    all_of(world.act(capped("first", None, "1.2")))
    lower = {"day_budget": Decimal(30)}
    assert slots(all_of(world.act(capped("up", "1.2", "1.3", **lower))))[0][0] == "daily_budget"
    higher = {"day_budget": Decimal(50)}
    assert slots(all_of(world.act(capped("down", "1.3", "1.1", **higher))))[-1][0] == "daily_budget"


@pytest.mark.parametrize("goal", [{"target_cpa": Decimal(20)}, {"target_roas": 4.0}], ids=str)
def test_it_is_set_beside_targets_as_well(goal: dict[str, object]) -> None:
    (name,) = goal
    plan = bidding(actuator=Actuator(name), **goal)
    orders = all_of(Live(plan).act(capped("up", None, "1.25")))

    assert [lever for lever, _ in slots(orders)] == ["daily_budget", name]


def test_a_multiplier_that_stays_is_renewed_each_hour_with_its_cap() -> None:
    world = Live(bidding())
    all_of(world.act(capped("first", None, "1.2")))
    same = {
        "field": "bid_multiplier",
        "unit": "multiplier",
        "current_value": Decimal("1.2"),
        "hourly_cap": Decimal(9),
        "day_budget": Decimal(50),
    }
    world.publish(topics.RECOMMENDATIONS, a_recommendation("again", "1.2", **same), 2)
    world.settle()
    budgets = [each for each in all_of(world) if each.change.ref.lever is Lever.DAILY_BUDGET]

    assert [each.change.target for each in budgets] == [50]
    assert world.audit[-1].hourly_cap == 9


@pytest.mark.parametrize("result", [Result.REJECTED, Result.DRIFT])
@pytest.mark.parametrize("target", ["1.3", "1.1"])
def test_bids_are_set_also_where_the_budget_is_refused_or_is_somebody_elses(
    result: Result, target: str
) -> None:
    world = Live(bidding())
    all_of(world.act(capped("first", None, "1.2")))
    more: dict[str, Any] = {"reason": "rejected"} if result is Result.REJECTED else {}
    world.act(capped("next", "1.2", target, day_budget=Decimal(50)))
    while (order := world.order) is not None:
        if order.change.ref.lever is Lever.DAILY_BUDGET:
            world.answer(result, after=Decimal(7), **more)
        else:
            world.answer()

    assert world.said()[-1] == ("applied", "applied")
    told = [entry.status for entry in world.audit if entry.field == "platform_daily_budget"]
    assert told == ["applied", result.value], "it is told of itself"
    assert world.audit[-1].after == Decimal(target)


def test_a_refused_budget_is_asked_for_again_hours_later_and_in_between_told_of() -> None:
    world = Live(bidding())
    world.act(capped("first", None, "1.2")).answer(Result.REJECTED, **REFUSED)
    all_of(world)
    late = {"expires_at": capped("x", None, "1").expires_at.replace(hour=23)}
    soon = all_of(world.act(capped("soon", "1.2", "1.3", **late), minutes=5))
    told = next(entry for entry in reversed(world.audit) if entry.reason == "to_be_sent")
    later = all_of(world.act(capped("later", "1.3", "1.2", **late), minutes=6 * 60 + 2))

    assert [lever for lever, _ in slots(soon)] == ["bid", "bid"]
    assert "nothing holds the hour to 9" in told.detail
    assert "daily_budget" in {lever for lever, _ in slots(later)}


def test_a_budget_that_fails_stops_the_bids_and_bids_that_fail_put_it_back() -> None:
    world = Live(bidding()).act(capped("first", None, "1.2")).answer(Result.FAILED)
    assert (world.order, world.said()[-1][0]) == (None, "failed")
    world.act(capped("second", None, "1.2"), minutes=2).answer(before=Decimal(30))
    world.answer(Result.REJECTED)

    assert world.order is not None
    back = world.order.change
    assert (back.ref.lever, back.target) == (Lever.DAILY_BUDGET, Decimal(30))


def test_where_nothing_can_hold_the_hour_the_intent_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without = Live(bidding()).act(multiplier("up", None, "1.2"))
    assert "the action names no day_budget" in without.audit[0].detail
    monkeypatch.setattr(
        "tests.workers.executor.test_live.GOOGLE", GOOGLE - {(Entity.CAMPAIGN, Lever.DAILY_BUDGET)}
    )
    world = Live(bidding()).act(capped("up", None, "1.2"))

    assert "lets nobody set daily_budget" in world.audit[0].detail
    assert slots(all_of(world)) == [("bid", "a"), ("bid", "b")]


def test_a_roll_back_of_a_multiplier_leaves_the_days_budget_as_it_is() -> None:
    world = Live(bidding())
    all_of(world.act(capped("first", None, "1.2")))
    all_of(world.act(capped("second", "1.2", "1.3"), minutes=2))
    world.publish(topics.DECISIONS, roll_back("second", minutes=3), 3)
    world.settle()
    told = next(entry for entry in reversed(world.audit) if entry.reason == "to_be_sent")

    assert [lever for lever, _ in slots(all_of(world))] == ["bid", "bid"]
    assert "nothing holds" not in told.detail, "an hour's cap is no part of it"


def test_a_budget_that_a_person_has_set_stops_no_multiplier() -> None:
    world = Live(bidding())
    world.act(capped("first", None, "1.2")).answer(Result.DRIFT, after=Decimal(99))
    all_of(world)
    person = {"released_by": Release.PERSON, "actor": "ada"}
    for name, who in (("policy", {}), ("person", person)):
        world.act(capped(name, "1.2", "1.2", **who), minutes=3)
        assert "daily_budget" not in {lever for lever, _ in slots(all_of(world))}


def test_what_an_hour_may_spend_stops_at_what_the_worst_day_may_come_to_and_is_not_refused() -> (
    None
):
    bid = AdSet(ad_set_id="a", bid=Bid(base=Decimal(1)))
    plan = a_plan(Autonomy.AUTO, ad_sets=(bid,), daily_cap=Decimal("60.01"))
    for action in (capped("up", None, "1.2"), an_action("hour", None, "5", **OF_THE_DAY)):
        order = Live(plan).act(action).order

        assert order is not None
        assert order.change.target == Decimal("30.00"), "Google may spend twice that, rounded down"


@given(st.sampled_from(sorted(RULES)), st.integers(1, 10**9), st.floats(0, 1), st.floats(0, 1))
def test_the_highest_budget_is_the_same_however_late_it_is_and_however_little_was_spent(
    platform: str, cap: int, set_before: float, spent_of_it: float
) -> None:
    """Judged by what a platform may make of it: the engine's own reckoning of the worst case."""
    rule = PlanRule(1, Autonomy.AUTO, protected=False, daily_cap=Decimal(cap).scaleb(-2))
    most = highest_daily(rule, platform)
    assert most is not None
    found = int(most * 100)
    highest = int(found * set_before)
    spent = int(highest * spent_of_it)
    budget = _highest_by_worst_case(platform, cap, highest, spent)

    assert budget == found


def _highest_by_worst_case(platform: str, cap: int, highest: int, spent: int) -> int:
    told = {name: np.array([0]) for name in Delivered.__dataclass_fields__}
    told |= {"highest_today": np.array([highest]), "month_length": np.array([31])}
    # A long week and month lie ahead, and nothing was spent of them but today.
    told |= {name: np.array([spent]) for name in ("today", "week", "month")}
    told |= {"week_left": np.array([6]), "month_left": np.array([30])}
    caps = Rest(day=np.array([cap - spent]), week=NO_CAP, month=NO_CAP)
    budget, keeps = over_delivery.highest_daily([RULES[platform]], Delivered(**told), caps)
    assert keeps.all()
    return int(budget[0])


NO_CAP = np.array([UNLIMITED])
