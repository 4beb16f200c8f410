"""Campaigns whose bids are set: what is learned of their hours, and what is decided next."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engine.calendar import DAY, HOUR
from engine.day_shapes import no_days, pooled
from engine.pacer import Pacing, start
from schemas import (
    Actuator,
    Bid,
    Budget,
    CalendarEvent,
    Guardrails,
    Kind,
    MetricsEvent,
    Recommendation,
    Shape,
    decode,
    encode,
    topics,
)
from schemas.fields import BudgetPeriod
from tests.workers.optimizer.test_decisions import entry, say
from tests.workers.optimizer.world import KEY, START, World, a_plan, an_event, hour
from workers.optimizer import pacing_rows
from workers.optimizer.tables import pacing_key

FREE = Guardrails(max_change_pct=1000.0, max_changes_per_day=1000)


def steered(**plan: Any) -> World:  # noqa: ANN401 -- fields of a plan
    """Return a world whose campaign has its bids set, and may be changed freely."""
    world = World()
    world.plan(a_plan(**({"strategy": "adaptive", "guardrails": FREE} | plan)))
    return world


def spent(number: int, spend: float | str = 4, **fields: Any) -> MetricsEvent:  # noqa: ANN401 -- fields of a record
    return an_event(number, spend=Decimal(spend), **fields)


def lived(numbers: range) -> list[MetricsEvent]:
    """Return hours that spend by the clock, each something else."""
    return [spent(number, 5 + number % 24 % 7) for number in numbers]


def state_of(world: World) -> bytes:
    return world.table("metrics")[pacing_key(KEY)]


def bids(world: World, *settings: tuple[float, str, str]) -> None:
    """Let multipliers and caps be in force from some hours on."""
    for at, multiplier, cap in settings:
        said = entry(multiplier, at, field="bid_multiplier", hourly_cap=Decimal(cap))
        say(world, said)


def test_a_campaign_gets_a_multiplier_the_most_its_hour_may_spend_and_a_plan_of_its_day() -> None:
    world = steered()
    world.metrics(*lived(range(30)))
    advice, action = world.advice[-1], world.actions[-1]
    assert (advice.kind, advice.field, advice.unit) == (
        Kind.PACING,
        "bid_multiplier",
        "multiplier",
    )
    today = sum(spent(number, 5 + number % 24 % 7).spend for number in range(24, 30))
    assert sum(advice.hour_plan) == Decimal(240) - today
    assert advice.hourly_cap is not None
    assert 0 < advice.hourly_cap <= Decimal(240) - today
    assert (action.target, action.hourly_cap) == (advice.recommended_value, advice.hourly_cap)
    assert action.expected is None


def test_the_multiplier_is_what_is_expected_to_spend_the_day() -> None:
    # Every hour spends 6 at a multiplier of 1 and answers by the elasticity that is assumed first,
    # about: to spend 10 an hour needs more than 1, to spend 3 an hour less.
    for budget, more in ((240, True), (72, False)):
        world = steered(budget=Budget(amount=Decimal(budget), period=BudgetPeriod.DAY))
        world.metrics(*(spent(number, 6) for number in range(24)))
        value = world.advice[-1].recommended_value
        assert value is not None
        assert (value > 1) is more


@pytest.mark.parametrize("seed", range(3))
def test_what_is_known_depends_on_the_hours_and_not_on_the_order_in_which_they_were_told(
    seed: int,
) -> None:
    hours, last = lived(range(60)), spent(60, 5)
    straight, shuffled = steered(), steered()
    for world in (straight, shuffled):
        bids(world, (20, "0.8", "50"), (30, "0.9", "60"), (47.5, "1.1", "7"))
    straight.metrics(*hours, last)
    chance = random.Random(seed)
    told = hours + chance.sample(hours, 20)
    chance.shuffle(told)
    for at in range(0, len(told), 7):
        shuffled.metrics(*told[at : at + 7])
    shuffled.metrics(last)
    assert state_of(shuffled) == state_of(straight)
    assert decided(shuffled) == decided(straight)


def decided(world: World) -> Sequence[object]:
    """Return what the last decision comes to, but for what names its history."""
    advice: Recommendation = world.advice[-1]
    return [advice.recommended_value, advice.hourly_cap, advice.hour_plan, advice.projected_spend]


@pytest.mark.parametrize(("days", "back"), [(3, 1), (3, 30), (5, 100), (37, 450)])
def test_an_hour_that_is_restated_is_learned_as_if_it_had_been_told_so_at_first(
    days: int, back: int
) -> None:
    newest = days * 24
    corrected = newest - back
    straight, restated = steered(), steered()
    true = [spent(n, 50) if n == corrected else spent(n, 5 + n % 5) for n in range(newest)]
    for first in range(0, newest, 24):
        straight.metrics(*true[first : first + 24])
        restated.metrics(*(spent(n, 5 + n % 5) for n in range(first, first + 24)))
    before = state_of(restated)
    restated.metrics(spent(corrected, 50))
    for world in (straight, restated):
        world.metrics(spent(newest, 5))
    assert state_of(restated) == state_of(straight)
    assert state_of(restated) != before


def test_conversions_that_are_restated_change_nothing_in_what_spend_has_taught() -> None:
    world = steered()
    world.metrics(*lived(range(30)))
    before = state_of(world)
    world.metrics(spent(3, 5 + 3, conversions=Decimal(9)))
    assert state_of(world) == before


def test_what_is_kept_of_a_campaign_is_small_and_does_not_grow_with_its_life() -> None:
    world = steered()
    sizes, counts = [], []
    for first in range(0, 56 * 24, 24):
        world.metrics(*lived(range(first, first + 24)))
        own = [key for key in world.table("metrics") if b"\0anchor " in key]
        sizes.append(len(state_of(world)))
        counts.append(len(own))
    assert max(sizes) <= 2_048
    assert max(counts) <= 5


def test_campaigns_that_are_decided_together_are_decided_as_each_is_alone() -> None:
    alone = []
    for name in ("a", "b"):
        world = World()
        world.plan(a_plan(strategy="adaptive", guardrails=FREE, campaign_id=name))
        world.metrics(*own_hours(name))
        alone.append(world.advice[-1].recommended_value)
    both = World()
    for name in ("a", "b", "even"):
        strategy = "even" if name == "even" else "adaptive"
        both.plan(a_plan(strategy=strategy, guardrails=FREE, campaign_id=name))
    mixed = [
        each for three in zip(*map(own_hours, ("a", "b", "even")), strict=True) for each in three
    ]
    both.metrics(*mixed)
    together = {each.campaign_id: each.recommended_value for each in both.advice}
    assert [together["a"], together["b"]] == alone


def own_hours(name: str) -> list[MetricsEvent]:
    scale = {"a": 1, "b": 3, "even": 2}[name]
    return [spent(n, scale * (5 + n % 6), campaign_id=name) for n in range(26)]


def test_hours_that_nobody_has_reported_can_spend_their_caps_and_the_budget_still_holds() -> None:
    for late in range(5):
        world = steered()
        world.metrics(*lived(range(30)))
        bids(world, (30.05, "1.2", "40"))
        told = hour(31 + late) + timedelta(minutes=5)
        world.metrics(spent(30, 20, emitted_at=told))
        cap = world.advice[-1].hourly_cap
        today = sum(each.spend for each in lived(range(24, 30))) + 20
        assert cap is not None
        assert today + 40 * late + cap <= 240


def test_a_budget_in_force_that_is_more_than_is_left_is_lowered_though_bids_may_not_change() -> (
    None
):
    world = steered(guardrails=Guardrails(max_changes_per_day=0))
    world.metrics(*lived(range(24)))
    bids(world, (24.01, "1.2", "300"))
    world.metrics(spent(24, 200))
    advice, action = world.advice[-1], world.actions[-1]
    assert (advice.field, advice.recommended_value) == ("hourly_budget", Decimal(40))
    assert (action.field, action.expected) == ("hourly_budget", Decimal(300))
    assert action.hourly_cap is None


def test_a_multiplier_that_stays_still_brings_the_cap_of_its_hour() -> None:
    bid = Bid(base=Decimal("0.5"), min=Decimal("0.45"), max=Decimal("0.55"))
    world = steered(bid=bid)
    world.metrics(*(spent(number, "0.02") for number in range(24)))
    bids(world, (24.01, "1.1", "230"))
    world.metrics(spent(24, 200))
    action = world.actions[-1]
    assert (action.target, action.expected) == (Decimal("1.1"), Decimal("1.1"))
    assert action.hourly_cap is not None
    assert action.hourly_cap <= 40
    # What is in force already is not set once more.
    bids(world, (25.01, "1.1", str(action.hourly_cap)))
    count = len(world.actions)
    world.metrics(spent(25, 0))
    assert (world.advice[-1].hourly_cap, len(world.actions)) == (action.hourly_cap, count)


@pytest.mark.parametrize("strategy", ["adaptive", "even"])
def test_an_hour_that_is_not_reported_may_have_spent_a_higher_budget_than_the_one_in_force(
    strategy: str,
) -> None:
    world = steered(strategy=strategy)
    world.metrics(*lived(range(30)))
    today = sum(each.spend for each in lived(range(24, 30)))
    say(world, entry("90", 30.05), entry("5", 33.05))
    world.metrics(spent(30, 6, emitted_at=hour(34) + timedelta(minutes=5)))
    # Hours 31 to 33 are not known: any of them may have spent 90 before it was lowered to 5.
    advice = world.advice[-1]
    assert advice.hourly_cap == max(Decimal(0), 240 - today - 6 - 3 * 90)


def test_an_entry_from_a_clock_that_runs_ahead_counts_from_when_it_was_told() -> None:
    worlds = []
    for ahead in (0, 24 * 365 * 40):
        world = steered()
        early = entry("1.3", 2 + ahead, field="bid_multiplier", hourly_cap=Decimal(50))
        world.feed("audit", [world.stored(topics.AUDIT, encode(early), hour(2), key=KEY)])
        bids(world, (5.01, "1.5", "40"))
        world.metrics(*lived(range(30)))
        worlds.append(world)
    assert worlds[0].table("audit") == worlds[1].table("audit")
    assert state_of(worlds[0]) == state_of(worlds[1])


@pytest.mark.parametrize(("budget", "multiplier"), [("0.24", "0.90"), ("100000", "1.10")])
def test_bids_stay_within_what_the_plan_allows(budget: str, multiplier: str) -> None:
    bid = Bid(base=Decimal("0.5"), min=Decimal("0.45"), max=Decimal("0.55"))
    amount = Budget(amount=Decimal(budget), period=BudgetPeriod.DAY)
    world = steered(bid=bid, budget=amount)
    world.metrics(*(spent(number, "0.02") for number in range(24)))
    assert world.advice[-1].recommended_value == Decimal(multiplier)


def test_silence_teaches_nothing_and_a_tick_does_not_touch_what_is_known() -> None:
    world = steered()
    world.metrics(*lived(range(30)))
    before = dict(world.table("metrics"))
    world.tick(START + timedelta(hours=45))
    assert world.advice[-1].kind is Kind.HOLD
    assert dict(world.table("metrics")) == before


def test_what_was_in_force_in_an_hour_is_what_the_hour_is_learned_with() -> None:
    memories = []
    for multiplier in ("1", "2"):
        world = steered()
        bids(world, (24.01, multiplier, "1000"))
        world.metrics(*lived(range(48)))
        memory = pacing_rows.unpack([state_of(world)], fresh=blank())
        memories.append(memory)
        assert memory.steered.all()
    low, high = memories
    # The same spend at twice the multiplier is that of a market half as willing.
    assert high.pacing.response.anchor[0] == pytest.approx(np.log(2.0))
    assert low.pacing.response.anchor[0] == 0.0
    assert (low.until == high.until).all()
    assert low.until.tolist() == [START.timestamp() + 48 * HOUR]


def blank() -> Pacing:
    shapes = pooled(no_days()).of(np.zeros(1, dtype=np.int64))
    return start(shapes, np.ones(1), np.zeros(1))


def test_settings_are_kept_as_long_as_hours_are() -> None:
    world = steered()
    for day in range(80):
        bids(world, (24 * day + 1, "1.1", "50"), (24 * day + 2, "1.2", "60"))
    days = [key for key in world.table("audit") if b"\0settings " in key]
    assert len(days) == world.policy.restatement_days + 1
    assert DAY * len(days) > 35 * DAY


def converting(numbers: range) -> list[MetricsEvent]:
    """Return hours that sell the same clicks at the same price and convert best at 10 o'clock."""
    return [
        spent(n, 5, clicks=200, conversions=Decimal(40 if n % 24 == 10 else 10)) for n in numbers
    ]


@pytest.mark.parametrize(("actuator", "higher"), [(None, True), (Actuator.TARGET_CPA, False)])
def test_an_hour_whose_clicks_convert_better_is_bid_higher_unless_the_platform_sees_to_it(
    actuator: Actuator | None,
    higher: bool,  # noqa: FBT001 -- what the law says
) -> None:
    world = steered(actuator=actuator)
    world.metrics(*converting(range(21 * 24 + 11)))
    values = {each.hour: each.recommended_value for each in world.advice}
    nine, ten, eleven = (values[hour(21 * 24 + clock)] for clock in (9, 10, 11))
    assert nine is not None
    assert ten is not None
    assert eleven is not None
    assert (ten > Decimal("1.2") * max(nine, eleven)) is higher
    assert higher or abs(ten / nine - 1) < Decimal("0.1")


def test_an_hour_that_the_plan_switches_off_spends_nothing_and_leaves_the_multiplier_alone() -> (
    None
):
    grid = [[1.0] * 24 for _ in range(7)]
    grid[0][3] = 0.0
    world = steered(dayparting=tuple(tuple(day) for day in grid))
    world.metrics(spent(0), spent(1))
    bids(world, (2.05, "0.9", "40"))
    world.metrics(spent(2))
    advice = world.advice[-1]
    assert advice.hour == hour(3)
    assert (advice.hourly_cap, advice.hour_plan[0]) == (Decimal(0), Decimal(0))
    assert advice.recommended_value == Decimal("0.9")
    assert sum(advice.hour_plan) == 240 - 3 * 4
    action = world.actions[-1]
    assert (action.hour, action.target, action.hourly_cap) == (hour(3), Decimal("0.9"), Decimal(0))
    world.metrics(spent(3, 0))
    cap = world.advice[-1].hourly_cap
    assert cap is not None
    assert cap > 0


def test_an_hour_that_the_plan_wants_more_of_is_bid_higher() -> None:
    grid = tuple(tuple(3.0 if clock == 5 else 1.0 for clock in range(24)) for _ in range(7))
    usual, wished = steered(), steered(dayparting=grid)
    for world in (usual, wished):
        world.metrics(*(spent(n, 10) for n in range(29)))
    before, after = (world.advice[-1] for world in (usual, wished))
    assert before.hour == hour(29)
    assert None not in (before.recommended_value, after.recommended_value)
    assert after.recommended_value > Decimal("1.3") * before.recommended_value  # type: ignore[operator]
    share = after.hour_plan[0] / after.hour_plan[1]
    assert Decimal(2) < share < Decimal(4)


def test_a_closed_day_tells_what_was_in_force_and_which_hours_were_cut_off() -> None:
    world = steered()
    bids(world, (0.01, "1", "50"), (12.1, "2", "5"))
    world.metrics(*(spent(number, 5) for number in range(25)))
    (shape,) = shapes_of(world)
    assert shape.log_multiplier == (0.0,) * 12 + (0.6931,) * 12
    assert shape.capped == (False,) * 12 + (True,) * 12
    assert shape.allowed_minor == (5_000,) * 12 + (500,) * 12


def test_hours_that_were_given_a_budget_and_no_bids_tell_nothing_of_the_market() -> None:
    world = steered(strategy="even")
    world.metrics(*(spent(number, 5) for number in range(25)))
    say(world, entry("9", 26))
    world.metrics(*(spent(number, 5) for number in range(25, 49)))
    free, shaped = shapes_of(world)
    assert (free.log_multiplier, free.capped) == (None, None)
    assert (shaped.log_multiplier, shaped.capped) == (None, (True,) * 24)
    assert (free.allowed_minor, shaped.allowed_minor) == (None, None)


def shapes_of(world: World) -> list[Shape]:
    name = world.policy.topic(topics.SHAPES)
    return [decode(each.value or b"", Shape) for each in world.outputs if each.topic == name]


def a_calendar(*events: tuple[int, int, dict[str, Any]]) -> tuple[CalendarEvent, ...]:
    return tuple(
        CalendarEvent(name="Event", start=hour(start), end=hour(end), **fields)
        for start, end, fields in events
    )


def test_hours_that_a_plan_excludes_teach_nothing_whenever_the_plan_says_so() -> None:
    out = a_calendar((20, 26, {"exclude_from_learning": True}))
    odd = [spent(n, 99 if 20 <= n < 26 else 6) for n in range(50)]
    usual = [spent(n, 12 if 20 <= n < 26 else 6) for n in range(50)]
    states = []
    for told, when in ((odd, 0), (usual, 0), (odd, 40)):
        world = steered()
        world.metrics(*told[:when])
        world.plan(a_plan(strategy="adaptive", guardrails=FREE, version=2, calendar=out))
        world.metrics(*told[when:])
        states.append(state_of(world))
    assert states[0] == states[1] == states[2]
    plain = steered()
    plain.metrics(*odd)
    assert state_of(plain) != states[0]


def test_an_hour_that_brings_twice_as_much_as_was_told_is_learned_as_a_usual_one() -> None:
    sale = a_calendar((20, 26, {"expected_lift": 2.0}))
    states = []
    for lift, calendar in ((2, sale), (1, ())):
        world = steered(calendar=calendar)
        world.metrics(*(spent(n, 6 * lift if 20 <= n < 26 else 6) for n in range(50)))
        memory = pacing_rows.unpack([state_of(world)], fresh=blank())
        states.append(memory.pacing.response.mean)
    lifted, usual = states
    np.testing.assert_allclose(lifted, usual, atol=1e-9)


def test_an_event_that_is_to_come_gets_its_share_of_the_day_and_needs_no_higher_bids() -> None:
    sale = a_calendar((44, 48, {"expected_lift": 3.0}))
    values, plans = [], []
    for calendar in ((), sale):
        world = steered(calendar=calendar)
        world.metrics(*(spent(n, 10) for n in range(30)))
        values.append(world.advice[-1].recommended_value)
        plans.append(world.advice[-1].hour_plan)
    assert sum(plans[0]) == sum(plans[1])
    assert plans[1][16] > 2 * plans[0][16]
    assert plans[1][0] < plans[0][0]
    assert None not in values
    assert values[1] < values[0]  # type: ignore[operator]


@pytest.mark.parametrize("clock", [10, 20, 21, 22])
@pytest.mark.parametrize("missed", [False, True])
def test_where_a_decision_did_not_come_the_next_cap_can_be_spent_once_more(
    clock: int,
    missed: bool,  # noqa: FBT001 -- what the law is about
) -> None:
    world = steered()
    # Of 240 nothing is spent yet but 1 an hour: much is left, and the hours that are left are few.
    told = [spent(number, 1) for number in range(24 + clock + 1)]
    # An hour that is not told is not decided after.
    world.metrics(*(told[:-2] + told[-1:] if missed else told))
    left = 240 - clock - (0 if missed else 1)
    cap, hours = world.advice[-1].hourly_cap, 23 - clock
    assert cap is not None
    assert cap * min(hours, 2 if missed else 1) <= left
    assert hours > 2 or missed or cap == left


def test_taking_bids_over_does_not_make_a_known_campaign_wait_for_confidence() -> None:
    world = steered(min_confidence=0.5)
    world.metrics(*lived(range(48)))
    first = world.actions[-1]
    said = entry(str(first.target), 48.1, field="bid_multiplier", hourly_cap=first.hourly_cap)
    say(world, said)
    world.metrics(spent(48, 9))
    statuses = {check.name: check.status for check in world.advice[-1].guardrails}
    assert statuses["min_confidence"] == "passed"
    assert len(world.actions) >= 2
    assert world.actions[-1].hour == hour(49)
    fresh = steered(min_confidence=0.5)
    fresh.metrics(*lived(range(5)))
    assert not fresh.actions


@pytest.mark.parametrize("budget", ["60", "9000"])
@pytest.mark.parametrize("percent", [5.0, 20.0, 1000.0])
def test_a_multiplier_moves_by_what_the_plan_allows_and_never_more_than_threefold(
    budget: str, percent: float
) -> None:
    amount = Budget(amount=Decimal(budget), period=BudgetPeriod.DAY)
    rails = Guardrails(max_change_pct=percent, max_changes_per_day=1000)
    world = steered(budget=amount, guardrails=rails)
    bids(world, (0.01, "1", "500"))
    world.metrics(*(spent(number, 6) for number in range(30)))
    most = min(1.0 + percent / 100.0, 3.0)
    value = world.advice[-1].recommended_value
    assert value is not None
    assert max(1.0 - percent / 100.0, 1.0 / 3.0) - 1e-4 <= float(value) <= most + 1e-4
    assert value != 1


def test_a_cap_that_is_replaced_as_its_next_hour_begins_is_not_taken_to_be_spent_in_it() -> None:
    caps = []
    for before in ("190", "41"):
        world = steered()
        world.metrics(*lived(range(29)))
        # 190 holds for the hour from 29 to 30, and for the three minutes until 40 is set.
        bids(world, (29.05, "1.1", before), (30.05, "1.2", "40"))
        world.metrics(spent(29, 9, emitted_at=hour(31) + timedelta(minutes=5)))
        caps.append(world.advice[-1].hourly_cap)
    assert caps[0] == caps[1]
