"""Campaigns of which hours are not heard: late ones, lost ones, and all from some hour on."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from schemas import HoldReason, MetricsEvent
from tests.workers.optimizer.loop import Loop
from tests.workers.optimizer.test_adaptive import FREE, bids, lived, spent, steered
from tests.workers.optimizer.test_decisions import entry, say
from tests.workers.optimizer.world import World, a_plan, hour

BUDGET = 240


def on_time(number: int) -> int | None:
    return number + 1


def some_lost(seed: int, share: float) -> Callable[[int], int | None]:
    lost = {n for n in range(500) if random.Random(f"{seed} {n}").random() < share}
    return lambda number: None if number in lost else number + 1


def between(first: int, last: int, then: int | None) -> Callable[[int], int | None]:
    """Tell all hours in time but those of a part of each day, told at hour ``then`` or never."""

    def told(number: int) -> int | None:
        day, clock = divmod(number, 24)
        late = None if then is None else 24 * day + then
        return late if first <= clock < last else number + 1

    return told


FAULTS: dict[str, Callable[[int], int | None]] = {
    "one hour late": lambda number: number + 2,
    "a tenth lost": some_lost(1, 0.1),
    "half lost": some_lost(2, 0.5),
    "three hours lost": between(10, 13, None),
    "twelve hours lost": between(8, 20, None),
    "twelve hours late": between(8, 20, 20),
    "the last hours lost": between(21, 24, None),
    "nothing more heard": lambda number: number + 1 if number < 30 else None,
}

MARKETS: dict[str, Callable[[int, float], float]] = {
    "takes all": lambda _number, _multiplier: 1e9,
    "quiet, then takes all": lambda n, m: 1e9 if n % 24 > 17 else 2.0 * m,
}


@pytest.mark.parametrize("strategy", ["adaptive", "even"])
@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("fault", FAULTS)
def test_no_report_that_fails_to_come_makes_a_day_cost_more_than_its_budget(
    fault: str, market: str, strategy: str
) -> None:
    plan = a_plan(strategy=strategy, guardrails=FREE)
    days = Loop(plan, MARKETS[market], FAULTS[fault]).run(72)
    assert max(days.values()) <= BUDGET


def test_where_reports_come_in_time_ticks_change_nothing() -> None:
    plan = a_plan(strategy="adaptive", guardrails=FREE)
    loops = [
        Loop(plan, lambda n, m: (5 + n % 7) * m, on_time, ticks=each) for each in (True, False)
    ]
    for loop in loops:
        loop.run(48)
    assert loops[0].caps == loops[1].caps
    assert loops[0].multipliers == loops[1].multipliers
    assert max(loops[0].caps) > 3 * BUDGET / 24


def test_a_campaign_that_is_not_heard_any_more_goes_on_within_what_is_left() -> None:
    plan = a_plan(strategy="adaptive", guardrails=FREE)
    loop = Loop(plan, lambda n, m: (5 + n % 7) * m, FAULTS["nothing more heard"])
    days = loop.run(72)
    # On the second day without any report it still spends an hour's even part at most times.
    assert days[2] > BUDGET / 4
    assert all(amount <= BUDGET for amount in days.values())


@pytest.mark.parametrize("strategy", ["adaptive", "even"])
def test_an_hour_that_is_lost_may_have_spent_what_was_in_force_in_it(strategy: str) -> None:
    world = steered(strategy=strategy)
    world.metrics(*lived(range(29)))
    say(world, entry("90", 29.05), entry("10", 30.05))
    told = [each for each in lived(range(29, 38)) if each.window_start != hour(29)]
    world.metrics(*told)
    advice = world.advice[-1]
    known = sum(each.spend for each in [*lived(range(24, 29)), *told])
    assert advice.hourly_cap is not None
    assert sum(advice.hour_plan) <= BUDGET - known - 90
    assert sum(advice.hour_plan) >= BUDGET - known - 90 - 1


def test_a_lost_hour_that_is_told_after_all_counts_as_what_it_spent() -> None:
    worlds = []
    for late in (False, True):
        world = steered()
        bids(world, (24.01, "1", "50"))
        hours = lived(range(36))
        gone = hours[30]
        world.metrics(*(hours[:30] + hours[31:35] if late else hours[:35]))
        world.metrics(*([gone] if late else []), hours[35])
        worlds.append(world)
    assert worlds[0].advice[-1].hour_plan == worlds[1].advice[-1].hour_plan
    assert worlds[0].advice[-1].recommended_value == worlds[1].advice[-1].recommended_value


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_hours_that_were_told_or_came_before_the_first_are_not_missed(zone: str) -> None:
    half = timedelta(minutes=30 if zone == "Asia/Kolkata" else 0)
    world = World()
    world.plan(a_plan(strategy="even", timezone=zone, guardrails=FREE))
    world.metrics(*(at(number, half) for number in range(7, 60)))
    advice = world.advice[-1]
    left = BUDGET - advice.spend_to_date if advice.spend_to_date is not None else 0
    assert sum(advice.hour_plan) == left


def at(number: int, half: timedelta) -> MetricsEvent:
    return spent(number, 4, window_start=hour(number) + half)


def test_in_silence_a_budget_is_lowered_once_an_hour_to_what_lasts_for_the_day() -> None:
    world = steered()
    world.metrics(*lived(range(30)))
    bids(world, (30.05, "1.2", "60"))
    count = len(world.advice)
    world.tick(hour(31) + timedelta(minutes=9))
    assert len(world.advice) == count
    for minutes in (10, 11, 12):
        world.tick(hour(31) + timedelta(minutes=minutes))
    (advice,) = world.advice[count:]
    # Hour 30 may have spent 60, and 17 hours of the day are left.
    left = BUDGET - sum((each.spend for each in lived(range(24, 30))), Decimal(60))
    assert advice.hour == hour(31)
    assert advice.hourly_cap == (left / 17).quantize(Decimal("0.01"), rounding="ROUND_DOWN")
    assert [each.code for each in advice.reasons][-1] == "not_reported"
    assert world.actions[-1].hourly_cap == advice.hourly_cap
    # Once it is in force, silence changes nothing any more, and is told as such.
    bids(world, (31.2, "1.2", str(advice.hourly_cap)))
    for later in range(32, 40):
        world.tick(hour(later) + timedelta(minutes=15))
    (hold,) = world.advice[count + 1 :]
    assert hold.hold_reason is HoldReason.STALE_DATA
    assert hold.supersedes == advice.recommendation_id


def test_an_hour_in_which_nothing_might_be_spent_is_no_sign_that_bids_win_nothing() -> None:
    values = []
    for cap in ("0", "50"):
        world = steered()
        world.metrics(*lived(range(30)))
        bids(world, (30.01, "1", cap))
        world.metrics(*(spent(number, 0) for number in range(30, 37)))
        bids(world, (37.01, "1", "50"))
        value = world.advice[-1].recommended_value
        values.append(value)
    assert None not in values
    assert values[1] == 2
    assert values[0] != 2
