"""A group's movement cap: no more than it is raised in any 24 hours, whoever has released it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from schemas import topics
from schemas.action import Release
from schemas.codec import decode
from schemas.decision import Verb
from schemas.errors import SchemaError
from schemas.fields import BudgetPeriod
from schemas.movement import Movement
from schemas.plan import Budget
from tests.workers.executor.members import (
    PARTITIONS,
    WORLD_ORDER,
    Members,
    a_group,
    a_raise,
    most_moved,
    named,
)
from tests.workers.executor.world import a_decision, an_action, an_id, at
from workers.delivery.api import Output
from workers.partitioner import partition_of

CAMPAIGNS = ("1", "2", "3", "4", "5", "6")
FAR = next(
    name
    for name in CAMPAIGNS
    if partition_of(a_raise("", name, None, "1").key, PARTITIONS)
    != partition_of(b"spring", PARTITIONS)
)
"""A campaign in another partition than the ledger of its group."""
DAY = 24 * 60
SIMULATED: list[tuple[str, str | None]] = [("simulated", None)]
CAPPED: list[tuple[str, str | None]] = [("rejected", "movement_cap")]


def members(pct: float | None = 10.0, **plan: object) -> Members:
    """Return campaigns of a group that may move 100 EUR in 24 hours, unless told otherwise."""
    return Members(a_group(pct), CAMPAIGNS, **plan)


def test_the_campaigns_and_the_group_lie_in_different_partitions() -> None:
    keys = [a_raise("", name, None, "1").key for name in CAMPAIGNS]
    homes = {partition_of(key, PARTITIONS) for key in [*keys, b"spring"]}
    assert len(homes) == PARTITIONS


def test_raises_of_all_members_together_stay_within_the_cap() -> None:
    many = members().act(*(a_raise(name, name, "100", "140") for name in CAMPAIGNS))
    ends = [many.said(an_id(name)) for name in CAMPAIGNS]
    assert sorted(ends) == sorted([SIMULATED] * 2 + [CAPPED] * 4)
    assert most_moved(many.audit) == 80
    assert many.still_granted() == 0


def test_a_refusal_gives_the_numbers_and_what_to_do() -> None:
    many = members().act(a_raise("a", "1", "100", "190"))
    many.act(a_raise("b", "2", "100", "120"), minutes=2)
    many.act(a_raise("c", "3", "100", "300"), minutes=3)
    by_id = {entry.action_id: entry for entry in many.audit}
    assert by_id[an_id("b")].detail == (
        "group spring may move 100.00 EUR in 24 hours, 90 are moved or granted and this raise is "
        "20: there may be room at 2026-03-03T12:10:00+00:00, after it has expired; wait for the "
        "next recommendation, or raise the group's max_movement_pct"
    )
    assert "it alone is more" in by_id[an_id("c")].detail


@pytest.mark.parametrize("released_by", list(Release))
def test_who_has_released_it_makes_no_difference(released_by: Release) -> None:
    many = members(5).act(a_raise("a", "1", "100", "160", released_by=released_by))
    assert many.said(an_id("a")) == CAPPED


def test_an_approval_and_a_roll_back_that_raises_are_bound_as_well() -> None:
    many = members().act(a_raise("cut", "1", "100", "20"), a_raise("up", "2", "100", "150"))
    decision = a_decision(Verb.ROLL_BACK, action_id=an_id("cut"), minutes=2)
    many.publish(topics.DECISIONS, replace(decision, campaign_id="1"), 2)
    many.settle()
    assert [(e.status.value, e.reason) for e in many.audit if e.rolls_back] == CAPPED


def test_what_lowers_needs_no_leave_however_much_was_moved() -> None:
    many = members().act(a_raise("up", "1", "100", "200"))
    before = many.asked()
    many.act(a_raise("cut", "2", "100", "0"), minutes=2)
    decision = a_decision(Verb.ROLL_BACK, action_id=an_id("up"), minutes=3)
    many.publish(topics.DECISIONS, replace(decision, campaign_id="1"), 3)
    many.settle()
    assert many.said(an_id("cut")) == SIMULATED
    assert [e.status.value for e in many.audit if e.rolls_back] == ["rolled_back"]
    assert many.asked() == before


def test_nothing_asks_but_raises_of_daily_budgets_in_groups_with_a_cap() -> None:
    hourly = named("1", an_action("hourly", None, "500", expires_at=at(600)))
    for many in (members(None), members(budget_group_id=None), Members(None, CAMPAIGNS)):
        many.act(a_raise("up", "1", "100", "900"), hourly)
        assert many.said(an_id("up")) == many.said(an_id("hourly")) == SIMULATED
        assert many.asked() == 0
    capped = members().act(hourly)
    assert capped.said(an_id("hourly")) == SIMULATED
    assert capped.asked() == 0


def test_a_campaign_of_a_group_inside_is_bound_by_the_roots_cap() -> None:
    many = Members(a_group(), CAMPAIGNS, budget_group_id="inner")
    inner = a_group(None, budget_group_id="inner", parent_group_id="middle")
    many.define(inner, replace(inner, budget_group_id="middle", parent_group_id="spring"))
    many.act(a_raise("a", "1", "100", "180"), a_raise("b", "2", "100", "180"))
    assert sorted(many.said(an_id("a")) + many.said(an_id("b"))) == sorted(CAPPED + SIMULATED)


def test_groups_in_a_circle_have_no_root_and_no_cap() -> None:
    many = Members(None, CAMPAIGNS)
    one = a_group(None, parent_group_id="other")
    many.define(one, replace(one, budget_group_id="other", parent_group_id="spring"))
    assert many.act(a_raise("a", "1", "100", "180")).said(an_id("a")) == SIMULATED


def test_a_raise_waits_for_room_that_there_will_be_before_it_expires() -> None:
    many = members().act(a_raise("a", "1", "100", "200"))
    late = a_raise("b", "2", "100", "150", expires_at=at(2 * DAY))
    many.act(late, minutes=30)
    for minutes in range(60, DAY, 60):
        many.tick(minutes)
    assert many.said(an_id("b")) == []
    many.tick(DAY + 20)
    assert many.said(an_id("b")) == SIMULATED
    assert most_moved(many.audit) == 100


def test_what_ends_without_effect_gives_its_part_back() -> None:
    many = members().act(a_raise("drifted", "1", "100", "200", expected=Decimal(100)))
    many.act(a_raise("again", "1", "150", "250"), minutes=2 * DAY)
    # Its time is over: it has expired, and the next finds all of the cap.
    many.act(a_raise("other", "2", "100", "200", expires_at=at(3 * DAY)), minutes=2 * DAY + 1)
    assert many.said(an_id("again"))[0][0] == "expired"
    assert many.said(an_id("other")) == SIMULATED


def test_a_raise_that_finds_another_value_gives_back_what_it_was_granted() -> None:
    many = members().act(a_raise("first", "1", "100", "101"))
    many.act(a_raise("drifts", "1", "60", "150"), minutes=2)
    assert many.said(an_id("drifts")) == [("drift", "not_as_expected")]
    many.act(a_raise("whole", "2", "100", "199"), minutes=3)
    assert many.said(an_id("whole")) == SIMULATED


def test_without_an_answer_a_raise_expires_and_a_late_answer_does_nothing() -> None:
    many, one = members(), a_raise("a", FAR, "100", "150")
    many.publish(topics.ACTIONS, one, 1)
    home = many.world(one.key)
    home.settle(WORLD_ORDER)
    lost, home.elsewhere = home.elsewhere, []
    assert len(lost) == 1
    many.tick(700)
    assert many.said(an_id("a")) == [("expired", "expired")]
    home.elsewhere = lost
    many.settle().tick(800)
    assert many.said(an_id("a")) == [("expired", "expired")]
    assert many.still_granted() == 0


def test_another_currency_than_the_groups_is_refused() -> None:
    many = members(currency="USD").act(a_raise("a", "1", "100", "110", currency="USD"))
    assert many.said(an_id("a")) == [("rejected", "movement_currency")]


def test_the_first_raise_counts_from_the_plans_own_budget_whatever_it_expects() -> None:
    many = members().act(a_raise("a", "1", "900", "950"))
    assert many.said(an_id("a")) == CAPPED


def test_a_new_version_of_the_group_counts_from_its_first_raise_on() -> None:
    many = members().act(a_raise("a", "1", "100", "200"))
    many.define(a_group(15.0, version=2))
    many.act(a_raise("b", "2", "100", "150"), minutes=2)
    many.define(a_group(90.0, version=1))
    many.act(a_raise("c", "3", "100", "150"), minutes=3)
    assert many.said(an_id("b")) == SIMULATED
    assert many.said(an_id("c")) == CAPPED, "an executor that knows an older version is no excuse"


@pytest.mark.parametrize(
    ("budget", "limit"),
    [
        (Budget(amount=Decimal(1000), period=BudgetPeriod.DAY), "100.00"),
        (Budget(amount=Decimal(1000), period=BudgetPeriod.WEEK), "14.28"),
        (Budget(amount=Decimal(1000), period=BudgetPeriod.MONTH), "3.22"),
    ],
)
def test_the_limit_is_a_share_of_a_day_rounded_down(budget: Budget, limit: str) -> None:
    assert a_group(10.0, budget=budget).movement_limit == Decimal(limit)
    assert a_group(None, budget=budget).movement_limit is None


def test_the_limit_of_a_flight_is_a_share_of_its_even_part_and_a_maximum_bounds_it() -> None:
    flight = Budget(amount=Decimal(1000), period=BudgetPeriod.FLIGHT)
    dates = {"flight_start": date(2026, 3, 1), "flight_end": date(2026, 3, 10)}
    assert a_group(10.0, budget=flight, **dates).movement_limit == 10
    assert a_group(10.0, max_budget=Decimal(500)).movement_limit == 50


def test_a_group_inside_another_has_no_cap_of_its_own() -> None:
    with pytest.raises(SchemaError, match="max_movement_pct"):
        a_group(10.0, parent_group_id="all")


def test_what_was_moved_counts_for_24_hours_and_ten_minutes_more_at_most() -> None:
    many = members().act(a_raise("a", "1", "100", "200"), minutes=1)
    at_last = [a_raise(name, "2", "100", "150", expires_at=at(2 * DAY)) for name in "bcd"]
    for one, minutes in zip(at_last, (DAY - 5, DAY + 1, DAY + 12), strict=True):
        before = many.still_granted(), many.asked()
        many.act(replace(one, expires_at=at(minutes + 4)), minutes=minutes)
        assert many.asked() > before[1]
    assert [many.said(an_id(name)) for name in "bcd"] == [CAPPED, CAPPED, SIMULATED]


@pytest.mark.parametrize("which", ["ask", "settle"])
def test_a_word_to_the_ledger_that_is_there_again_much_later_changes_nothing(which: str) -> None:
    many = members().act(a_raise("a", "1", "100", "160"))
    words = many.world(b"spring").stored(topics.MOVEMENTS)
    again = [one for one in words if decode(one.value or b"", Movement).verb == which]
    assert len(again) == 1
    for one in again:
        many.world(b"spring").append(Output(one.topic, one.key, one.value, timestamp=one.timestamp))
    many.settle()
    assert many.still_granted() == 0
    many.act(a_raise("b", "2", "100", "145"), minutes=3)
    assert many.said(an_id("b")) == CAPPED
    many.act(a_raise("c", "2", "100", "140"), minutes=4)
    assert many.said(an_id("c")) == SIMULATED


def test_asked_twice_before_it_is_settled_it_is_granted_once() -> None:
    many, one = members(), a_raise("a", FAR, "100", "140")
    many.publish(topics.ACTIONS, one, 1)
    many.world(one.key).settle(WORLD_ORDER)
    many.deliver()
    (asked,) = many.world(b"spring").stored(topics.MOVEMENTS)
    many.world(b"spring").append(
        Output(asked.topic, asked.key, asked.value, timestamp=asked.timestamp)
    )
    many.world(b"spring").settle(WORLD_ORDER)
    assert many.still_granted() == 40
    many.settle()
    assert many.said(one.action_id) == SIMULATED
    assert many.still_granted() == 0


def test_a_raise_that_was_settled_before_it_asked_gets_no_leave() -> None:
    done = members().act(a_raise("a", "1", "100", "140"))
    words = done.world(b"spring").stored(topics.MOVEMENTS)
    (settled,) = [w for w in words if decode(w.value or b"", Movement).verb == "settle"]
    many = members()
    many.world(b"spring").append(
        Output(settled.topic, settled.key, settled.value, timestamp=settled.timestamp)
    )
    many.settle().act(a_raise("a", "1", "100", "140"), minutes=2).tick(700)
    assert many.said(an_id("a")) == [("expired", "expired")]


def test_a_raise_whose_partition_is_behind_has_its_effect_at_the_ledgers_time() -> None:
    many = members().act(a_raise("early", "2", "100", "160"), minutes=1)
    many.act(a_raise("ahead", "1", "100", "140", expires_at=at(2 * DAY)), minutes=DAY + 15)
    many.act(a_raise("behind", "3", "100", "160", expires_at=at(2 * DAY)), minutes=DAY - 60)
    assert many.said(an_id("behind")) == SIMULATED
    assert [e.at for e in many.audit if e.action_id == an_id("behind")] == [at(DAY + 15)]
    assert most_moved(many.audit) == 100
