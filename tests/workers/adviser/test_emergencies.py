"""Laws of emergencies: bids are cut when an hour makes it sure, never for long, and once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from schemas import (
    Action,
    Bid,
    CalendarEvent,
    Condition,
    ConditionKind,
    Kind,
    MetricsEvent,
    Recommendation,
    decode,
    encode,
    topics,
)
from schemas.autonomy import AutonomyOf
from schemas.condition import Scope, condition_key
from schemas.fields import Autonomy
from schemas.topic import Topic
from tests.workers.adviser.test_bidding_wired import audited, entry
from tests.workers.adviser.world import World, a_row, an_event, hour
from tests.workers.stored import Stored
from workers.adviser.pulse import hourly_of
from workers.explain.emergency import answered_again, is_emergency
from workers.explain.history import Entry, read_published

DAYS = 10
NOON = 24 * DAYS + 12
"""Hour in which the tests begin to disturb a campaign that has lived as ever for ten days."""

HABIT: dict[str, Any] = {"strategy": "even", "autonomy": Autonomy.AUTO, "min_confidence": 0.9}


@dataclass
class Conditioned(World):
    conditions: dict[bytes, bytes] = field(default_factory=dict)

    kept: list[Stored] = field(default_factory=list)

    def stored(self, topic: Topic, key: bytes, value: bytes | None, at: datetime) -> Stored:
        self.kept.append(super().stored(topic, key, value, at))
        return self.kept[-1]

    def broadcast(self, topic: str) -> dict[bytes, bytes]:
        return self.conditions if topic == self.policy.topic(topics.CONDITIONS) else {}


def an_hour(number: int, *, clicks: float = 1.0, cost: float = 1.0, **fields: Any) -> MetricsEvent:  # noqa: ANN401 -- fields of a record
    """Return an hour with 40 clicks of 50 cents and 4 conversions, or as many times as much."""
    sold = fields.pop("sold", 1.0)
    chance = np.random.default_rng([5, number])
    count = int(chance.poisson(40 * clicks))
    given: dict[str, Any] = {
        "impressions": 2_000,
        "clicks": count,
        "spend": round(Decimal(0.5 * count * cost), 2),
        "conversions": Decimal(int(chance.poisson(0.1 * count * sold))),
        "current_bid": Decimal("0.80"),
    }
    return an_event(number, **(given | fields))


def lived(world: World | None = None, *, until: int = NOON, **plan: Any) -> World:  # noqa: ANN401 -- fields of a record
    world = world or Conditioned()
    world.plan(**(HABIT | plan))
    world.metrics(*(an_hour(number) for number in range(until)))
    return world


def cuts(world: World) -> list[Recommendation]:
    return [each for each in world.advice if each.kind is Kind.EMERGENCY]


def actions(world: World) -> list[Action]:
    name = world.policy.topic(topics.ACTIONS)
    told = [decode(out.value or b"", Action) for out in world.outputs if out.topic == name]
    return [each for each in told if each.returns]


def trouble(world: World, hours: int = 1, first: int = NOON, **factors: Any) -> World:  # noqa: ANN401 -- counts, and fields
    for number in range(first, first + hours):
        world.metrics(an_hour(number, **factors))
    return world


def test_a_campaign_that_lives_as_ever_is_left_alone() -> None:
    assert cuts(lived(until=24 * 16)) == []


@pytest.mark.parametrize(
    ("factors", "code"),
    [
        ({"clicks": 3.0}, "spend_rose"),
        ({"cost": 3.0}, "click_cost_rose"),
    ],
)
def test_an_hour_of_three_times_the_spend_cuts_the_bid_at_once(
    factors: dict[str, Any], code: str
) -> None:
    world = trouble(lived(), **factors)

    (cut,) = cuts(world)
    (action,) = actions(world)
    assert cut.decided_at == hour(NOON) + timedelta(minutes=65)
    assert (cut.current_value, cut.reasons[0].code) == (Decimal("0.80"), code)
    # 0.4 of the bid is the least that an emergency leaves of it.
    assert Decimal("0.32") <= (cut.recommended_value or 0) <= Decimal("0.34")
    assert (action.expected, action.target) == (cut.current_value, cut.recommended_value)
    assert action.returns == cut.returns


def test_the_bid_holds_for_six_hours_and_is_back_after_six_more() -> None:
    (cut,) = cuts(trouble(lived(), cost=3.0))
    times = [(each.at - cut.decided_at) / timedelta(hours=1) for each in cut.returns]
    values = [cut.recommended_value or Decimal(0), *(each.value for each in cut.returns)]

    assert times == [6, 7, 8, 9, 10, 11, 12]
    assert values[-1] == cut.current_value
    steps = np.diff(np.log([float(each) for each in values]))
    assert steps == pytest.approx(np.log(0.80 / float(values[0])) / 7, abs=0.03)
    assert max(values) == cut.current_value


def test_conversions_that_fell_cut_the_bid_but_none_at_all_say_that_reports_failed() -> None:
    fallen = trouble(lived(), hours=24, sold=0.05)
    silent = trouble(lived(), hours=24, conversions=Decimal(0))

    assert [each.reasons[0].code for each in cuts(fallen)] == ["conversions_fell"]
    assert cuts(silent) == []


def test_there_is_one_emergency_at_a_time_and_what_was_answered_is_not_answered_again() -> None:
    """The trouble goes on for six hours under the cut: the next may be told after all is back."""
    world = trouble(lived(), hours=6, cost=3.0)
    trouble(world, hours=24, first=NOON + 6)
    assert len(cuts(world)) == 1
    trouble(world, first=NOON + 30, cost=3.0)

    first, second = cuts(world)
    assert second.decided_at >= first.returns[-1].at


def test_half_an_hour_is_enough_where_it_spent_what_a_whole_one_may() -> None:
    early: dict[str, Any] = {"emitted_at": hour(NOON) + timedelta(minutes=30)}
    usual, soon = lived(), lived()
    usual.metrics(an_hour(NOON, clicks=1.5))
    soon.metrics(an_hour(NOON, clicks=1.5, **early))

    assert cuts(usual) == []
    (cut,) = cuts(soon)
    assert cut.decided_at < hour(NOON + 1)


def test_an_hour_told_late_or_again_is_no_news() -> None:
    late: dict[str, Any] = {"emitted_at": hour(NOON + 5)}
    assert cuts(trouble(lived(), cost=3.0, **late)) == []
    world = trouble(lived(), hours=2)
    world.metrics(an_hour(NOON, cost=3.0, emitted_at=hour(NOON + 2)))

    assert cuts(world) == []


@pytest.mark.parametrize(
    "kind",
    [ConditionKind.OUTAGE, ConditionKind.FREEZE, ConditionKind.EXCLUDED_WINDOWS],
)
def test_in_outages_freezes_and_excluded_hours_nothing_is_cut(kind: ConditionKind) -> None:
    world = Conditioned()
    lived(world)
    scope: dict[str, Any] = {
        "scope": Scope.PLATFORM,
        "platform": "google",
        "version": 1,
        "active": True,
    }
    times: dict[str, Any] = {"since": hour(NOON - 1), "until": hour(NOON + 9)}
    told = Condition(kind=kind, by="ada", **scope, **times, windows=_windows(kind))
    world.conditions[condition_key(b"google", kind)] = encode(told)
    trouble(world, hours=3, cost=3.0)

    assert cuts(world) == []
    holds = {name[1] for name in world.counts if name[0] == "holds"}
    assert len(holds) == (kind is ConditionKind.FREEZE)


def test_an_outage_that_is_suspected_since_the_hour_holds_what_the_hour_says() -> None:
    world = Conditioned()
    lived(world)
    told = Condition(
        kind=ConditionKind.OUTAGE,
        scope=Scope.ALL,
        version=1,
        active=True,
        since=hour(NOON + 1) + timedelta(minutes=2),
        by="allocator",
    )
    world.conditions[condition_key(b"*", ConditionKind.OUTAGE)] = encode(told)
    trouble(world, cost=3.0)

    assert cuts(world) == []
    assert world.counts["holds", "suspected_outage"] == 1


def _windows(kind: ConditionKind) -> tuple[Any, ...]:
    if kind is not ConditionKind.EXCLUDED_WINDOWS:
        return ()
    return ({"start": hour(NOON - 1), "end": hour(NOON + 9)},)


def test_hours_that_the_plan_excludes_are_neither_learned_from_nor_acted_on() -> None:
    event = CalendarEvent(
        name="Sale", start=hour(NOON), end=hour(NOON + 3), exclude_from_learning=True
    )
    world = trouble(lived(calendar=(event,)), hours=3, cost=3.0)
    assert cuts(world) == []

    assert len(cuts(trouble(world, first=NOON + 3, cost=3.0))) == 1


@pytest.mark.parametrize(
    ("plan", "fields"),
    [
        ({"strategy": "adaptive"}, {}),
        ({"actuator": "target_cpa", "strategy": "adaptive", "target_cpa": Decimal(10)}, {}),
        ({"status": "paused"}, {}),
        ({"bid": Bid(min=Decimal("0.80"))}, {}),
        ({}, {"current_bid": None}),
    ],
)
def test_whose_bid_is_not_ours_to_cut_is_left_alone(
    plan: dict[str, Any], fields: dict[str, Any]
) -> None:
    world = World()
    world.plan(**(HABIT | plan))
    world.metrics(*(an_hour(number, **fields) for number in range(NOON)))

    assert cuts(trouble(world, cost=3.0, **fields)) == []


def test_what_the_plan_asks_a_person_for_is_proposed_and_not_released() -> None:
    of_bids = AutonomyOf(bid=Autonomy.PROPOSE)
    asking: list[dict[str, Any]] = [
        {"autonomy": Autonomy.PROPOSE},
        {"autonomy_of": of_bids},
        {"protected": True},
    ]
    for plan in asking:
        world = trouble(lived(**plan), cost=3.0)
        (cut,) = cuts(world)
        assert not cut.auto_execute
        assert actions(world) == []


def test_a_bid_is_neither_cut_below_the_lowest_nor_returned_above_the_highest() -> None:
    bid = Bid(min=Decimal("0.60"), max=Decimal("0.70"))
    (cut,) = cuts(trouble(lived(bid=bid), cost=3.0))

    assert cut.recommended_value == Decimal("0.60")
    assert cut.returns[-1].value == Decimal("0.70")
    assert [each.status for each in cut.guardrails if each.name == "min_bid"] == ["clamped"]


def test_a_higher_bid_of_a_person_is_no_emergency() -> None:
    raised: dict[str, Any] = {"current_bid": Decimal("2.40"), "cost": 3.0}

    assert cuts(trouble(lived(), hours=3, **raised)) == []
    assert len(cuts(trouble(lived(), hours=3, cost=3.0))) == 1


def test_each_ad_set_that_reports_name_is_cut_the_biggest_first_and_five_at_most() -> None:
    def named(number: int, cost: float) -> MetricsEvent:
        rows = [
            replace(
                a_row("search", 10, 1.0, ad_set_id=f"s{place}"),
                spend=Decimal(str(cost)) * (5 + place),
            )
            for place in range(7)
        ]
        return an_event(number, rows, current_bid=Decimal("0.80"))

    world = World()
    world.plan(**HABIT)
    world.metrics(*(named(number, 1.0) for number in range(NOON)))
    world.metrics(named(NOON, 4.0))

    assert [each.entity_id for each in cuts(world)] == ["s6", "s5", "s4", "s3", "s2"]
    assert len({each.action_id for each in actions(world)}) == 5


def test_while_a_bid_is_cut_no_usual_bid_is_advised() -> None:
    def bids(world: World) -> list[int]:
        return [each.decided_at.day for each in world.advice if each.kind is Kind.BID]

    night = 24 * (DAYS + 1) - 2
    low: dict[str, Any] = {"target_cpa": Decimal(20)}
    calm = trouble(lived(until=night, **low), hours=28, first=night)
    cut = trouble(lived(until=night, **low), first=night, cost=3.0)
    trouble(cut, hours=27, first=night + 1)

    assert len(cuts(cut)) == 1
    assert sorted(set(bids(calm)) - set(bids(cut))) == [hour(night + 3).day]


def test_the_cut_hours_and_their_bid_are_no_part_of_what_is_usual() -> None:
    world = trouble(lived(), cost=3.0)
    trouble(world, hours=60, first=NOON + 1, current_bid=Decimal("0.32"))
    twin = trouble(lived(), hours=61)

    own, other = (hourly_of(each.tables["hours"][b"google:7:a\0hourly"]) for each in (world, twin))
    learned = {each.day: len(each.hours) for each in other.days}
    left = {each.day: learned[each.day] - len(each.hours) for each in own.days}
    # From the hour after noon on, in which it was advised, eleven of the day and one of the next.
    assert list(left.values())[-3:] == [11, 2, 0]
    assert {each.bid for each in own.days[-2:]} == {None, "0.32"}


def test_any_way_of_cutting_the_log_into_steps_leaves_the_same_bytes() -> None:
    events = [an_hour(number, cost=3.0 if number == NOON else 1.0) for number in range(NOON + 30)]
    one, many = World(), World()
    for world in (one, many):
        world.plan(**HABIT)
    one.metrics(*events)
    for event in events:
        many.metrics(event)

    assert len(cuts(one)) == 1
    assert one.tables["hours"] == many.tables["hours"]
    assert [encode(each) for each in cuts(one)] == [encode(each) for each in cuts(many)]


def test_an_hour_that_comes_twice_leads_to_one_cut() -> None:
    world = lived()
    event = an_hour(NOON, cost=3.0)
    world.metrics(event, event)
    world.metrics(event)

    assert len(cuts(world)) == 1


def test_explain_makes_the_same_cut_again_byte_for_byte() -> None:
    world = Conditioned()
    lived(world)
    audited(world, entry("bid", "0.70", NOON))
    trouble(world, hours=3, cost=3.0)
    audited(world, entry("bid", "0.28", NOON + 3.2))
    sources = [world.policy.topic(each) for each in (topics.METRICS, topics.PLANS, topics.AUDIT)]
    records = [each for each in world.kept if each.topic in sources]

    (cut,) = cuts(world)
    (published,) = published_of(world)
    assert cut.current_value == Decimal("0.70")
    assert is_emergency(world.policy, cut)
    assert answered_again(world.policy, cut, records, (0, 1)) == published
    later = [each for each in records if each.topic != sources[0] or each.offset > 24]
    assert answered_again(world.policy, cut, later, (0, 1)) != published


def test_a_cut_is_no_decision_of_the_optimizers_though_it_names_a_state() -> None:
    (value,) = published_of(trouble(lived(), cost=3.0))
    record = Stored("recommendations", 0, 0, b"google:7:a", value)

    assert decode(value, Recommendation).state_digest
    assert read_published([Entry(0, record)]) == []


def published_of(world: World) -> list[bytes]:
    """Return the cuts as they were published."""
    name = world.policy.topic(topics.RECOMMENDATIONS)
    told = [out.value or b"" for out in world.outputs if out.topic == name]
    return [value for value in told if b"emergency" in value]
