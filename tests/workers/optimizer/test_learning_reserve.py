"""The learning reserve: what is paid for learning, by whom, and how it is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from schemas import Budget, Explanation
from schemas.fields import BudgetPeriod
from tests.workers.optimizer.test_adaptive import FREE, bids
from tests.workers.optimizer.world import KEY, World, a_plan, an_event
from workers.optimizer.reserves import read_account
from workers.optimizer.tables import pacing_key, reserve_key

SHARE = 0.05
HOURS = 90


def lived(hours: int = HOURS, *, carried_out: bool = True, **plan: Any) -> World:  # noqa: ANN401 -- fields of a plan
    """Return a world that has lived hours one by one, each at what was decided for it.

    The market answers with elasticity 1.5: 8 an hour at a multiplier of 1.
    """
    world = World()
    month = Budget(amount=Decimal(6_000), period=BudgetPeriod.MONTH)
    world.plan(a_plan(**({"strategy": "adaptive", "guardrails": FREE, "budget": month} | plan)))
    multiplier = 1.0
    for n in range(hours):
        spend = round(8.0 * multiplier**1.5, 2)
        world.metrics(an_event(n, spend=Decimal(str(spend)), impressions=int(200 * spend)))
        advice = world.advice[-1]
        if advice.recommended_value is not None:
            multiplier = float(advice.recommended_value) if carried_out else 1.0
            bids(world, (n + 1.1, str(multiplier), str(advice.hourly_cap)))
    return world


def explored(world: World) -> list[Explanation]:
    return [
        reason for each in world.advice for reason in each.reasons if reason.code == "exploring"
    ]


def amounts(world: World, name: str) -> list[float]:
    return [float(str((each.evidence or {})[name])) for each in explored(world)]


def used(world: World) -> float:
    account = read_account(world.table("metrics")[reserve_key(KEY)])
    return float(account.head["used"][0] + account.moves["most"].sum()) / 100.0


def test_a_plan_without_a_reserve_explores_nothing_and_keeps_no_account() -> None:
    world = lived()
    assert explored(world) == []
    assert reserve_key(KEY) not in world.table("metrics")


def test_moves_up_and_down_are_made_and_said_with_what_they_cost_and_what_is_spent() -> None:
    world = lived(learning_share=SHARE)
    factors = amounts(world, "factor")
    assert len(factors) > 20
    assert min(factors) < 1.0 < max(factors)
    assert all(np.exp(-0.25) <= factor <= np.exp(0.25) for factor in factors)
    assert set(amounts(world, "reserve")) == {6_000 * SHARE}
    spent = amounts(world, "spent")
    assert spent[-1] > 0.0
    assert min(amounts(world, "cost")) > 0.0


def test_the_reserve_is_never_overdrawn_however_small_it_is() -> None:
    for share in (0.0005, 0.005, 1.0):
        world = lived(learning_share=share)
        assert used(world) <= 6_000 * share + 1e-6
        assert all(spent <= 6_000 * share for spent in amounts(world, "spent"))


def test_what_is_charged_is_what_the_moves_have_added_or_forgone() -> None:
    world = lived(learning_share=SHARE)
    # Elasticity 1.5: an hour at a factor f spends f**1.5 times what it would have without.
    values = {each.hour: each for each in world.advice}
    known = [
        (float(note.evidence["factor"]), float(each.recommended_value or 0))
        for each in list(values.values())[:-1]
        for note in each.reasons
        if note.code == "exploring" and note.evidence is not None
    ]
    truth = sum(8.0 * (m**1.5) * abs(1.0 - f**-1.5) for f, m in known)
    pending = read_account(world.table("metrics")[reserve_key(KEY)]).moves
    charged = used(world) - float(pending["most"].sum()) / 100.0
    assert charged == pytest.approx(truth, rel=0.25)


@pytest.mark.parametrize("share", [0.005, 0.02, SHARE])
def test_by_the_log_moves_add_and_forgo_no_more_than_the_share_of_the_budget(share: float) -> None:
    """What hours spent is held against what the market would have taken without their moves."""
    world = lived(learning_share=share)
    last = {each.hour: each for each in world.advice}
    moved = 0.0
    for each in list(last.values())[:-1]:
        multiplier = float(each.recommended_value or 0)
        for note in each.reasons:
            if note.code == "exploring" and note.evidence is not None:
                unmoved = multiplier / float(str(note.evidence["factor"]))
                moved += abs(8.0 * multiplier**1.5 - 8.0 * unmoved**1.5)
    assert 0.0 < moved <= 6_000 * share


def test_without_a_share_no_move_is_made_any_more_and_what_moves_taught_stays() -> None:
    """Two worlds with the same past, one of which goes on learning on purpose."""
    stopped, going = (lived(40, learning_share=SHARE) for _ in range(2))
    month = Budget(amount=Decimal(6_000), period=BudgetPeriod.MONTH)
    plan = {"strategy": "adaptive", "guardrails": FREE, "budget": month, "version": 2}
    before = len(explored(stopped))
    stopped.plan(a_plan(**plan))
    going.plan(a_plan(**plan, learning_share=SHARE))
    pacing = pacing_key(KEY)
    known = stopped.table("metrics")[pacing]
    assert known == going.table("metrics")[pacing]

    for world in (stopped, going):
        world.metrics(*(an_event(n, spend=Decimal(8), impressions=1_600) for n in range(40, 60)))

    assert len(explored(stopped)) == before
    assert len(explored(going)) > before
    assert stopped.table("metrics")[pacing] == going.table("metrics")[pacing]


def test_a_move_that_nobody_made_costs_nothing() -> None:
    # Twice the budget that is spent at 1: what is asked for is far above what stays in force.
    month = Budget(amount=Decimal(12_000), period=BudgetPeriod.MONTH)
    world = lived(learning_share=SHARE, carried_out=False, budget=month)
    assert len(explored(world)) > 0
    account = read_account(world.table("metrics")[reserve_key(KEY)])
    assert account.head["used"][0] == 0.0


def test_no_cap_is_touched_and_no_target_passed_for_learning() -> None:
    free, learning = lived(), lived(learning_share=SHARE)
    for each in learning.advice:
        assert each.hourly_cap is not None
        assert each.period_budget is not None
        assert each.spend_to_date is not None
        assert each.hourly_cap <= each.period_budget - each.spend_to_date
    assert free.advice[30].hourly_cap == learning.advice[30].hourly_cap or explored(learning)
    held = lived(learning_share=SHARE, target_cpa=Decimal(1))
    assert max(amounts(held, "factor"), default=0.5) < 1.0


def test_moves_are_the_same_wherever_and_however_often_the_hours_are_decided() -> None:
    first, again = (lived(40, learning_share=SHARE) for _ in range(2))
    assert [each.recommended_value for each in first.advice] == [
        each.recommended_value for each in again.advice
    ]


def test_a_new_period_has_its_whole_reserve() -> None:
    day = Budget(amount=Decimal(240), period=BudgetPeriod.DAY)
    world = lived(60, learning_share=0.5, budget=day)
    by_day: dict[object, list[float]] = {}
    for each in world.advice:
        for note in each.reasons:
            if note.code == "exploring" and note.evidence is not None:
                by_day.setdefault(each.hour.date(), []).append(float(note.evidence["spent"]))
    assert len(by_day) > 1
    assert all(spends[0] == 0.0 and max(spends) <= 120 for spends in by_day.values())
