"""Minimums and targets that collide: which one goes first, what is said of it, when it is held."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engine.arrays import Floats
from schemas import Budget, Explanation, HoldReason, Kind, MetricsEvent
from schemas.fields import BudgetPeriod
from tests.workers.optimizer.test_adaptive import FREE, bids
from tests.workers.optimizer.world import World, a_plan, an_event

DAYS = 6


def budget_of(amount: int, period: str = "day") -> Budget:
    return Budget(amount=Decimal(amount), period=BudgetPeriod(period))


def sold_at(multipliers: Floats, most: float) -> list[MetricsEvent]:
    """Return hours of a market that is half bought at a multiplier of 1, at 4 a conversion.

    It gives 8 an hour at a multiplier of 1 and never more than ``most`` an hour.
    """
    spends = most / (1.0 + (most / 8.0 - 1.0) * multipliers**-2.0)
    return [
        an_event(
            n,
            spend=Decimal(f"{spend:.2f}"),
            conversions=Decimal(2),
            impressions=int(300 * spend),
            clicks=int(15 * spend),
        )
        for n, spend in enumerate(spends.tolist())
    ]


def lived(most: float = 40.0, **plan: Any) -> World:  # noqa: ANN401 -- fields of a plan
    """Return a world whose campaign has tried bids from 0.6 to 3 for some days."""
    world = World()
    world.plan(a_plan(**({"strategy": "adaptive", "guardrails": FREE} | plan)))
    chance = np.random.default_rng(5)
    multipliers: Floats = np.round(np.exp(chance.uniform(-0.5, 1.1, DAYS * 24)), 3).astype(
        np.float64
    )
    for at, each in enumerate(multipliers.tolist()):
        bids(world, (at - 0.01, str(each), "100"))
    world.metrics(*sold_at(multipliers, most))
    return world


def note(world: World, code: str) -> Explanation | None:
    return next((each for each in world.advice[-1].reasons if each.code == code), None)


def value(world: World) -> Decimal:
    found = world.advice[-1].recommended_value
    assert found is not None
    return found


def asking(least: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a plan's fields without an hourly minimum, and with one."""
    return {}, {"min_hourly_budget": Decimal(least)}


TIGHT: dict[str, Any] = {"target_cpa": Decimal("2.5")}


def test_a_minimum_that_needs_more_than_the_target_allows_goes_first_and_says_so() -> None:
    held, both = lived(**TIGHT), lived(**TIGHT, min_daily_budget=Decimal(200))
    assert value(both) > value(held)
    said = note(both, "minimum_before_target")
    assert said is not None
    assert said.evidence is not None
    assert Decimal(str(said.evidence["needed"])) == 200
    assert 0 < Decimal(str(said.evidence["within_target"])) < 200
    assert note(held, "minimum_before_target") is None
    assert note(held, "target_binds") is not None


def test_a_minimum_that_the_target_leaves_room_for_is_not_spoken_of() -> None:
    easy = lived(target_cpa=Decimal(40), min_daily_budget=Decimal(100))
    assert note(easy, "minimum_before_target") is None
    assert easy.advice[-1].kind is Kind.PACING


def test_a_minimum_beyond_the_market_beside_a_target_is_a_plan_that_contradicts_itself() -> None:
    # The market gives no more than 12 an hour, 288 a day, at any bid.
    world = lived(12.0, **TIGHT, min_daily_budget=Decimal(900), budget=budget_of(1_000))
    advice = world.advice[-1]
    assert (advice.kind, advice.hold_reason) == (Kind.HOLD, HoldReason.CONFLICTING_TARGETS)
    assert not [each for each in world.actions if each.hour == advice.hour]
    (reason,) = advice.reasons
    assert reason.evidence is not None
    assert Decimal(str(reason.evidence["minimum"])) == 900
    assert 288 * 0.8 < float(str(reason.evidence["market"])) < 900


@pytest.mark.parametrize(
    ("most", "plan"),
    [
        (40.0, TIGHT | {"min_daily_budget": Decimal(900)}),  # the market gives 960
        (12.0, {"min_daily_budget": Decimal(900)}),  # no target: nothing to contradict
        (12.0, TIGHT | {"min_daily_budget": Decimal(200)}),
    ],
)
def test_a_minimum_that_the_market_can_give_or_that_no_target_opposes_is_paced(
    most: float, plan: dict[str, Any]
) -> None:
    assert lived(most, **plan, budget=budget_of(1_000)).advice[-1].kind is Kind.PACING


def test_what_is_in_force_and_may_spend_too_much_is_not_left_alone_for_a_contradiction() -> None:
    plan = TIGHT | {"min_daily_budget": Decimal(900), "budget": budget_of(950)}
    world = lived(12.0, **plan)
    assert world.advice[-1].kind is Kind.HOLD
    bids(world, (DAYS * 24 + 0.01, "1.2", "5000"))
    world.metrics(an_event(DAYS * 24, spend=Decimal(8)))
    advice = world.advice[-1]
    assert advice.kind is Kind.PACING
    assert advice.hourly_cap is not None
    assert advice.hourly_cap <= 950 - 8


def test_an_hourly_minimum_raises_bids_above_what_the_target_asks_for() -> None:
    month = budget_of(12_000, "month")
    held, both = (lived(budget=month, **TIGHT, **least) for least in asking(15))
    assert value(both) > value(held)
    # The market gives 40 / (1 + 4 m**-2): 15 an hour at 1.55.
    assert 1.3 < float(value(both)) < 1.9
    assert note(both, "minimum_before_target") is not None
    cap = both.advice[-1].hourly_cap
    assert cap is not None
    assert cap >= 15


def test_an_hourly_minimum_that_no_bid_can_buy_moves_no_bid_and_says_so() -> None:
    month = budget_of(30_000, "month")
    free, aside = (
        lived(12.0, budget=month, target_cpa=Decimal(4), **least) for least in asking(35)
    )
    assert value(aside) == value(free)
    assert note(aside, "hourly_minimum_out_of_reach") is not None
    assert note(free, "hourly_minimum_out_of_reach") is None
