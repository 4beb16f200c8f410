"""Laws of changes that several people have to agree to."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import permutations

import pytest

from schemas import topics
from schemas.action import Action, Release
from schemas.codec import canonical_bytes, digest
from schemas.decision import Decision
from schemas.fields import Autonomy
from schemas.plan import Plan
from tests.workers.executor.test_decisions import decide, tick
from tests.workers.executor.world import (
    World,
    a_plan,
    a_recommendation,
    an_action,
    an_id,
    approve,
    at,
    reject,
    roll_back,
)
from workers.executor.policy import ExecutorPolicy


def planned(approvers: int = 2, **changes: object) -> Plan:
    return a_plan(Autonomy.PROPOSE, approvers=approvers, **changes)


def asked(approvers: int = 2, /, policy: ExecutorPolicy | None = None, **changes: object) -> World:
    """Return a world in which one recommendation awaits people."""
    world = World(policy=policy or ExecutorPolicy())
    world.publish(topics.PLANS, planned(approvers), 0)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "10", **changes), 0)
    world.settle()
    return world


def names(action: Action) -> list[str]:
    return [approval.by for approval in action.approvals]


def after(world: World) -> list[tuple[str, str | None]]:
    """Return what was said after the question."""
    return world.said()[1:]


def test_the_question_says_how_many_people_have_to_approve() -> None:
    (entry,) = asked(3).audit

    assert (entry.status, entry.reason, entry.approvers) == ("approval_required", None, 3)
    assert entry.detail.startswith("autonomy of hourly_budget is propose; 3 people have to approve")


def test_one_approval_of_two_changes_nothing_and_says_what_is_missing() -> None:
    word = approve("r", by="ada", why="looks right")
    world = decide(asked(), word)
    entry = world.audit[-1]

    assert world.released == []
    assert (entry.status, entry.reason) == ("approval_required", "more_approvals_needed")
    assert entry.decision_id == digest(canonical_bytes(word))
    assert [(one.by, one.at, one.why) for one in entry.approvals] == [("ada", at(2), "looks right")]
    assert entry.approvers == 2
    assert entry.detail == (
        "1 of 2 approvals (ada at 2026-03-02T12:02:00Z); "
        "another person has to approve it before 2026-03-02T13:00:00Z"
    )


@pytest.mark.parametrize("people", [1, 2, 3, 4, 5])
def test_a_change_is_made_by_as_many_people_as_the_plan_asks_for_and_names_each(
    people: int,
) -> None:
    world, told = asked(people), [f"person {number}" for number in range(people)]
    for number, by in enumerate(told):
        assert world.released == []
        decide(world, approve("r", by=by, minutes=number + 1), minutes=number + 2)
    (action,) = world.released

    assert names(action) == told
    assert [approval.at for approval in action.approvals] == [at(2 + n) for n in range(people)]
    assert (action.actor, action.decision_id) == (told[-1], action.approvals[-1].decision_id)
    assert action.plan_version == 1
    made = world.audit[-1]
    assert (made.status, made.approvers, made.approvals) == ("simulated", people, action.approvals)
    assert made.versions["plan"] == 1


@pytest.mark.parametrize("again", ["ada", "Ada", " ADA\t", "\uff21\uff24\uff21"])
def test_nobody_approves_twice_however_the_name_is_written(again: str) -> None:
    world = decide(asked(), approve("r", by="ada"))
    decide(world, approve("r", by=again, minutes=3), minutes=3)

    assert world.released == []
    assert after(world)[-1] == ("rejected", "already_approved")
    assert "another person has to; 1 of 2 approvals (ada" in world.audit[-1].detail
    decide(world, approve("r", by="bob", minutes=4), minutes=4)
    assert [names(action) for action in world.released] == [["ada", "bob"]]


def test_anybody_s_rejection_ends_it_for_all() -> None:
    for by in ("ada", "bob"):
        world = decide(asked(), approve("r", by="ada"))
        decide(world, reject("r", by=by, minutes=3), minutes=3)
        decide(world, approve("r", by="eve", minutes=4), minutes=4)

        assert after(world)[1:] == [
            ("rejected", "rejected_by_person"),
            ("rejected", "already_decided"),
        ]
        assert world.released == []


def test_approvals_lapse_when_the_recommendation_expires_and_the_trail_names_who_gave_them() -> (
    None
):
    world = tick(decide(asked(), approve("r", by="ada")), 60)
    decide(world, approve("r", by="bob", minutes=61), minutes=61)

    assert after(world)[1:] == [("expired", "expired")] * 2
    lapsed = world.audit[-2]
    assert [approval.by for approval in lapsed.approvals] == ["ada"]
    assert "not enough people had approved it: ada" in lapsed.detail
    assert world.released == []


def test_approvals_lapse_when_newer_advice_takes_the_place() -> None:
    world = decide(asked(), approve("r", by="ada"))
    newer = a_recommendation("newer", "11", decided_at=at(3))
    world.publish(topics.RECOMMENDATIONS, newer, 3)
    world.settle()
    decide(world, approve("newer", by="bob", minutes=4), minutes=4)

    assert after(world)[1:] == [
        ("expired", "superseded"),
        ("approval_required", None),
        ("approval_required", "more_approvals_needed"),
    ]
    assert [approval.by for approval in world.audit[-3].approvals] == ["ada"]
    assert [approval.by for approval in world.audit[-1].approvals] == ["bob"]


def test_approvals_of_another_version_of_the_plan_count_for_nothing() -> None:
    world = decide(asked(), approve("r", by="ada"))
    world.publish(topics.PLANS, planned(version=2), 3)
    world.settle()
    decide(world, approve("r", by="bob", minutes=4), minutes=4)

    assert after(world)[-1] == ("rejected", "plan_changed")
    assert "version 2 holds now: what was approved is void" in world.audit[-1].detail
    assert world.released == []


@pytest.mark.parametrize("lanes", list(permutations(["recommendations", "decisions", "actions"])))
@pytest.mark.parametrize("together", [True, False])
def test_words_that_are_there_before_the_recommendation_count_as_those_after_it(
    lanes: tuple[str, ...], *, together: bool
) -> None:
    world = World()
    world.publish(topics.PLANS, planned(), 0)
    world.settle()
    world.publish(topics.DECISIONS, approve("r", by="ada"), 2)
    if together:
        world.publish(topics.DECISIONS, approve("r", by="ADA", minutes=1.5), 2)
        world.publish(topics.DECISIONS, approve("r", by="bob"), 2)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "10"), 1)
    world.settle(lanes)
    if not together:
        assert world.released == []
        decide(world, approve("r", by="bob", minutes=3), minutes=3)
    decide(world, approve("r", by="eve", minutes=5), minutes=5)
    tick(tick(world, 20), 61)

    said = Counter(world.said())
    assert [names(action) for action in world.released] == [["ada", "bob"]]
    assert said["approval_required", "more_approvals_needed"] == 1
    assert said["rejected", "already_approved"] == together
    assert said["rejected", "already_decided"] == 1
    assert said["rejected", "unknown_recommendation"] == said["expired", "expired"] == 0


def test_a_rejection_that_was_there_first_ends_it_with_an_approval_beside_it() -> None:
    world = World()
    world.publish(topics.PLANS, planned(), 0)
    decide(world, approve("r", by="ada"), reject("r", by="bob"))
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "10"), 3)
    world.settle()
    decide(world, approve("r", by="eve", minutes=4), minutes=4)

    assert [reason for _, reason in world.said()] == [
        "more_approvals_needed",
        "rejected_by_person",
        "already_decided",
    ]


def test_a_group_s_advice_needs_as_many_people_as_whoever_asks_for_more() -> None:
    for plan, group in ((1, 3), (3, 1), (2, 3)):
        world = asked(plan, approvers=group)
        decide(world, approve("r", by="ada"), approve("r", by="bob"))
        assert world.released == []
        decide(world, approve("r", by="eve"))
        assert [names(action) for action in world.released] == [["ada", "bob", "eve"]]


def test_a_yes_is_heard_once_however_often_it_is_read() -> None:
    word = approve("r", by="ada")
    world = decide(asked(), word, word)
    decide(world, word)

    assert after(world) == [("approval_required", "more_approvals_needed")]


def test_who_may_approve_is_held_to_the_settings_and_told() -> None:
    policy = ExecutorPolicy(approvers=("Ada", "bob"))
    world = decide(asked(policy=policy), approve("r", by="eve"), approve("r", by="ada"))
    decide(world, approve("r", by="BOB", minutes=3), minutes=3)

    assert after(world)[:1] == [("rejected", "not_an_approver")]
    assert "eve is not among executor.approvers" in world.audit[1].detail
    assert [names(action) for action in world.released] == [["ada", "BOB"]]


def test_anybody_may_reject_and_lower_whoever_may_approve() -> None:
    policy = ExecutorPolicy(approvers=("ada",))
    rejected = decide(asked(policy=policy), reject("r", by="eve"))
    lowered = undone(1, policy, ("10", "12"), roll_back("b", by="eve"))

    assert after(rejected) == [("rejected", "rejected_by_person")]
    assert lowered.said()[-1] == ("rolled_back", None)


def test_no_more_approvals_wait_than_are_remembered() -> None:
    world = World(policy=ExecutorPolicy(remembered=2))
    world.publish(topics.PLANS, planned(5), 0)
    world.publish(topics.RECOMMENDATIONS, a_recommendation("r", "10"), 0)
    world.settle()
    for minute, by in enumerate(["ada", "bob", "eve"], start=1):
        decide(world, approve("r", by=by, minutes=minute), minutes=minute)

    assert after(world)[1:] == [
        ("approval_required", "more_approvals_needed"),
        ("rejected", "too_many_waiting"),
    ]


# ---------------------------------------------------------------- rolling back


def by_hand(name: str, expected: str | None, target: str) -> Action:
    return an_action(name, expected, target, released_by=Release.PERSON)


def undone(
    approvers: int, policy: ExecutorPolicy, values: tuple[str, str], *words: Decision
) -> World:
    """Return a world whose last change, from the first value to the second, words undo."""
    world = World(policy=policy)
    world.publish(topics.PLANS, planned(approvers), 0)
    world.settle()
    first, second = values
    world.publish(topics.ACTIONS, by_hand("a", None, first), 0)
    world.publish(topics.ACTIONS, by_hand("b", first, second), 0)
    world.settle()
    return decide(world, *words)


def test_a_roll_back_that_raises_needs_as_many_people_and_one_that_lowers_needs_one() -> None:
    lowered = undone(2, ExecutorPolicy(), ("10", "12"), roll_back("b", by="ada"))
    assert lowered.said()[2:] == [("rolled_back", None)]

    raised = undone(2, ExecutorPolicy(), ("12", "10"), roll_back("b", by="ada"))
    assert raised.said()[2:] == [("approval_required", "more_approvals_needed")]
    assert (raised.audit[-1].rolls_back, raised.audit[-1].approvers) == (an_id("b"), 2)
    assert "another person has to roll it back as well before" in raised.audit[-1].detail
    decide(raised, roll_back("b", by="Ada", minutes=3), minutes=3)
    assert raised.said()[3:] == [("rejected", "already_approved")]
    decide(raised, roll_back("b", by="bob", minutes=4), minutes=4)
    assert raised.said()[4:] == [("rolled_back", None)]
    assert raised.audit[-1].after == Decimal(12)
    assert [approval.by for approval in raised.audit[-1].approvals] == ["ada", "bob"]


def test_a_yes_to_a_roll_back_lapses_after_an_hour_and_with_the_plan() -> None:
    for later, version in ((63, 1), (4, 2)):
        world = undone(2, ExecutorPolicy(), ("12", "10"), roll_back("b", by="ada"))
        plan = planned(2, version=version)
        world.publish(topics.PLANS, plan, 3)
        world.settle()
        decide(world, roll_back("b", by="bob", minutes=later), minutes=later)

        assert world.said()[3:] == [("approval_required", "more_approvals_needed")]
        assert [approval.by for approval in world.audit[-1].approvals] == ["bob"]


def test_a_roll_back_that_is_not_possible_any_more_is_refused_whoever_agreed() -> None:
    world = undone(2, ExecutorPolicy(), ("12", "10"), roll_back("b", by="ada"))
    world.publish(topics.ACTIONS, by_hand("c", "10", "11"), 3)
    world.settle()
    decide(world, roll_back("b", by="bob", minutes=4), minutes=4)

    assert world.said()[-1] == ("rejected", "superseded")


def test_a_yes_to_one_roll_back_is_none_to_another_that_goes_over_a_later_change_as_well() -> None:
    world = undone(2, ExecutorPolicy(), ("100", "80"), roll_back("b", by="ada"))
    world.publish(topics.ACTIONS, by_hand("c", "80", "50"), 3)
    world.settle()
    decide(world, roll_back("b", through=an_id("c"), by="bob", minutes=4), minutes=4)

    assert world.said()[-1] == ("approval_required", "more_approvals_needed")
    assert [approval.by for approval in world.audit[-1].approvals] == ["bob"]
    decide(world, roll_back("b", through=an_id("c"), by="ada", minutes=5), minutes=5)
    assert world.said()[-1] == ("rolled_back", None)
    assert world.audit[-1].after == Decimal(100)


def test_approvals_of_roll_backs_that_have_lapsed_take_no_place_from_others() -> None:
    policy = ExecutorPolicy(remembered=2)
    world = undone(2, policy, ("100", "80"), roll_back("b", by="ada"))
    for minutes in (64, 128, 192):
        tick(world, minutes)
        decide(world, roll_back("b", by="ada", minutes=minutes), minutes=minutes)

    assert world.said()[2:] == [("approval_required", "more_approvals_needed")] * 4
