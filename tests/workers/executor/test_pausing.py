"""Pause and resume: whose word counts, what stands in the way, and what is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from schemas import topics
from schemas.action import Action, Release
from schemas.audit import CHANGED, AuditEntry
from schemas.decision import Verb
from schemas.fields import Autonomy, Entity
from schemas.guardrails import Guardrails
from schemas.recommendation import Kind, Recommendation
from tests.workers.executor.test_live import GOOGLE, Live
from tests.workers.executor.world import (
    KEY,
    World,
    a_decision,
    a_plan,
    a_recommendation,
    an_action,
    an_id,
    approve,
    at,
)
from workers.connectors.protocol import Lever
from workers.connectors.settings import AccountMode
from workers.executor.live.order import Kind as OrderKind
from workers.executor.live.outcome import Result
from workers.executor.platforms import KnownPlatforms, PlatformTerms
from workers.executor.tables import in_force

SWITCH = {"field": "status", "unit": "switch", "currency": None}


def advised(name: str, target: int, **changes: object) -> Action:
    """Return what policy has released by advice to pause (0) or to resume (1)."""
    more = {"recommendation_id": an_id(f"advice {name}"), **SWITCH, **changes}
    return an_action(name, str(1 - target), str(target), **more)


def asked(name: str, target: int, **changes: object) -> Recommendation:
    fields = {"kind": Kind.STATUS, "current_value": Decimal(1 - target), **SWITCH}
    return a_recommendation(name, str(target), **fields | changes)


class Switched(Live):
    """Live on a platform that lets campaigns be paused."""

    def __init__(self, mode: AccountMode = AccountMode.LIVE, **plan: object) -> None:
        super().__init__(a_plan(Autonomy.AUTO, **plan), mode)
        levers = {*GOOGLE, (Entity.CAMPAIGN, Lever.STATUS)}
        terms = PlatformTerms(accounts={"7": mode}, levers=levers)
        self.policy = replace(self.policy, platforms=KnownPlatforms(terms={"google": terms}))
        self.__post_init__()
        self.publish(topics.PLANS, a_plan(Autonomy.AUTO, **plan), 0)
        self.settle(["plans"])

    def said_by(self, verb: Verb, minutes: float) -> Switched:
        self.publish(topics.DECISIONS, a_decision(verb, minutes=minutes), minutes)
        self.settle()
        return self

    @property
    def delivers(self) -> Decimal | None:
        """What is in force, as far as the executor knows."""
        found = in_force(self, KEY).in_force.get("campaign\x0042\x00status")
        return None if found is None else found.value


def planned(version: int = 1) -> World:
    """Return a world in mode simulate whose campaign has a plan that leaves all to policy."""
    world = World(planned=False)
    world.publish(topics.PLANS, a_plan(Autonomy.AUTO, version=version), 0)
    world.settle()
    return world


def decided(*verbs: Verb, world: World | None = None, since: float = 1) -> World:
    """Return a world, in mode simulate, in which a person says one after the other."""
    world = world or planned()
    for number, verb in enumerate(verbs):
        minutes = since + number
        world.publish(topics.DECISIONS, a_decision(verb, minutes=minutes, why="So"), minutes)
        world.settle()
    return world


def test_a_persons_word_becomes_an_action_that_says_who_and_why_and_is_told() -> None:
    world = decided(Verb.PAUSE)
    (action,), (entry,) = world.released, world.audit

    assert [action.field, action.entity_id, action.target] == ["status", "42", 0]
    assert (action.released_by, action.actor, action.why) == (Release.PERSON, "ada", "So")
    assert (entry.status, entry.actor, entry.detail) == ("simulated", "ada", "So")
    assert entry.decision_id == action.decision_id
    assert [entry.before, entry.after] == [None, 0], "nothing was told of it before"


def test_pause_and_resume_follow_each_other_and_the_same_twice_changes_nothing() -> None:
    world = decided(Verb.PAUSE, Verb.PAUSE, Verb.RESUME, Verb.RESUME, Verb.PAUSE)

    assert [status for status, _ in world.said()] == [
        "simulated",
        "no_op",
        "simulated",
        "no_op",
        "simulated",
    ]
    assert world.audit[-1].after == 0


def test_the_same_decision_again_is_the_same_action() -> None:
    world = decided(Verb.PAUSE)
    world.publish(topics.DECISIONS, a_decision(Verb.PAUSE, minutes=1, why="So"), 9)
    world.settle()

    assert len(world.released) == len(world.audit) == 1


def test_a_person_may_pause_what_is_frozen_and_not_resume_it() -> None:
    world = decided(Verb.FREEZE, Verb.PAUSE, Verb.RESUME, Verb.UNFREEZE, Verb.RESUME)

    assert [[entry.status.value, entry.after] for entry in world.audit if entry.action_id] == [
        ["simulated", 0],
        ["rejected", 0],
        ["simulated", 1],
    ]
    assert world.audit[2].reason == "frozen"


def test_neither_policy_nor_an_approval_pauses_what_is_frozen() -> None:
    world = decided(Verb.FREEZE)
    world.publish(topics.ACTIONS, advised("pause", 0), 2)
    world.publish(topics.RECOMMENDATIONS, asked("ask", 0), 2)
    world.settle()
    world.publish(topics.DECISIONS, approve("ask", minutes=3), 3)
    world.settle()

    assert [entry.reason for entry in world.audit].count("frozen") == 3
    assert not any(entry.action_id for entry in world.audit if entry.status in CHANGED)


@pytest.mark.parametrize("target", ["0.5", "2", "-1"])
def test_a_status_is_one_of_two(target: str) -> None:
    world = planned()
    world.publish(topics.ACTIONS, an_action("odd", "1", target, **SWITCH), 1)
    world.settle()

    assert world.said() == [("rejected", "status_out_of_range")]


def test_policy_resumes_what_advice_has_paused() -> None:
    world = planned()
    for minutes, action in enumerate((advised("pause", 0), advised("resume", 1))):
        world.publish(topics.ACTIONS, action, minutes)
        world.settle()

    assert world.said() == [("simulated", None)] * 2


def test_policy_does_not_resume_what_a_person_has_paused_and_a_person_does() -> None:
    world = decided(Verb.PAUSE)
    world.publish(topics.ACTIONS, advised("resume", 1), 2)
    world.settle()
    assert world.said()[-1] == ("rejected", "not_paused_by_us")
    assert "decide resume 42" in world.audit[-1].detail

    decided(Verb.RESUME, world=world, since=3)
    assert world.audit[-1].after == 1


def test_policy_does_not_resume_what_nobody_is_known_to_have_paused() -> None:
    world = planned()
    world.publish(topics.ACTIONS, advised("resume", 1), 1)
    world.settle()

    assert world.said() == [("rejected", "not_paused_by_us")]


def test_a_persons_word_makes_a_pause_of_ours_theirs() -> None:
    world = planned()
    world.publish(topics.ACTIONS, advised("pause", 0), 0)
    world.settle()
    decided(Verb.PAUSE, world=world)
    world.publish(topics.ACTIONS, advised("resume", 1), 2)
    world.settle()

    assert world.said()[-2:] == [("no_op", "already_in_force"), ("rejected", "not_paused_by_us")]


def test_a_person_may_approve_to_resume_what_a_person_has_paused() -> None:
    world = decided(Verb.PAUSE)
    world.publish(topics.RECOMMENDATIONS, asked("back", 1), 2)
    world.settle()
    world.publish(topics.DECISIONS, approve("back", minutes=3), 3)
    world.settle()

    assert [world.audit[-1].status, world.audit[-1].after] == ["simulated", 1]


@pytest.mark.parametrize("verb", [Verb.PAUSE, Verb.RESUME])
def test_advice_of_another_plan_is_not_followed_and_a_persons_word_needs_no_plan(
    verb: Verb,
) -> None:
    world = planned(version=2)
    world.publish(topics.ACTIONS, advised("pause", 0, plan_version=1), 1)
    world.settle()
    assert world.said() == [("rejected", "plan_changed")]

    decided(verb, world=world, since=2)
    assert world.audit[-1].status == "simulated"


def test_a_pause_is_rolled_back_to_what_was_and_policy_then_finds_a_person_behind_it() -> None:
    world = planned()
    world.publish(topics.ACTIONS, advised("pause", 0), 0)
    world.settle()
    undo = a_decision(Verb.ROLL_BACK, action_id=an_id("pause"), minutes=2)
    world.publish(topics.DECISIONS, undo, 2)
    world.settle()

    assert [world.audit[-1].status, world.audit[-1].after] == ["rolled_back", 1]


# ------------------------------------------------------------ live


def test_live_a_persons_pause_takes_whatever_is_found_and_is_read_back() -> None:
    world = Switched().said_by(Verb.PAUSE, 1)
    order = world.order
    assert world.said() == [("intent", "to_be_sent")]
    assert order is not None
    assert [order.change.ref.lever, order.change.target] == [Lever.STATUS, 0]
    assert (order.expected, order.by_person, order.kind) == (None, True, OrderKind.LOWER)

    world.answer(before=Decimal(1))
    assert world.said()[-1] == ("applied", "applied")
    assert [entry.field for entry in world.audit] == ["status", "status"]
    assert world.delivers == 0


def test_live_what_was_found_paused_is_not_resumed_by_policy() -> None:
    world = Switched()
    world.act(advised("pause", 0))
    world.answer(Result.NO_OP, before=Decimal(0), after=Decimal(0))
    world.act(advised("resume", 1), minutes=2)

    assert world.said()[-1] == ("rejected", "not_paused_by_us")


def test_live_policy_resumes_its_own_pause_if_that_is_what_it_finds() -> None:
    world = Switched()
    world.act(advised("pause", 0)).answer(before=Decimal(1))
    world.act(advised("resume", 1), minutes=2)
    assert world.order is not None
    assert [world.order.expected, world.order.kind] == [0, OrderKind.RAISE]

    world.answer(minutes=3)
    assert world.delivers == 1


def test_live_a_pause_of_ours_that_a_person_has_lifted_is_theirs() -> None:
    world = Switched()
    world.act(advised("pause", 0)).answer(before=Decimal(1))
    world.act(advised("again", 0, expected=Decimal(0)), minutes=2)
    world.answer(Result.DRIFT, minutes=3, after=Decimal(1))
    assert world.delivers == 1

    world.act(advised("once more", 0), minutes=4)
    assert world.said()[-1] == ("rejected", "edited_by_others"), "hands off for a day"
    assert world.said_by(Verb.PAUSE, 5).order is not None, "a person may"


def test_live_guard_rails_of_speed_hold_for_policy_and_not_for_a_person() -> None:
    world = Switched(guardrails=Guardrails(cooldown_minutes=30))
    world.act(advised("pause", 0)).answer(before=Decimal(1))
    world.act(advised("resume", 1), minutes=5)
    assert world.said()[-1] == ("rejected", "cooldown")

    assert world.said_by(Verb.RESUME, 6).order is not None


def test_live_in_shadow_nothing_is_in_force() -> None:
    world = Switched(AccountMode.SHADOW)
    world.act(advised("pause", 0)).answer(Result.SHADOW)

    assert world.said() == [("shadow", "shadow")]
    assert world.delivers is None


def test_live_a_platform_without_the_lever_says_so() -> None:
    world = Live()
    world.publish(topics.DECISIONS, a_decision(Verb.PAUSE), 1)
    world.settle()

    assert world.said() == [("rejected", "unsupported_lever")]


def ends(world: World) -> list[AuditEntry]:
    return [entry for entry in world.audit if entry.status != "intent"]


def test_live_what_may_be_paused_or_not_is_told_and_nothing_is_known() -> None:
    world = Switched()
    world.act(advised("pause", 0)).answer(Result.UNVERIFIED, before=Decimal(1))

    assert [entry.status for entry in ends(world)] == ["unverified"]
    assert ends(world)[0].at == at(1)
    assert world.delivers is None
