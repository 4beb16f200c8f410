"""Laws of what the trail tells of undoing: it is what the executor says, whatever has happened."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import topics
from schemas.action import Action, Release
from schemas.decision import Verb
from schemas.fields import Autonomy, Entity
from schemas.keys import parse_campaign_key
from schemas.plan import Actuator
from tests.workers.executor.test_edits import an_edit, told
from tests.workers.executor.test_live import AD_SETS, Live, multiplier
from tests.workers.executor.test_pausing import Switched
from tests.workers.executor.world import (
    KEY,
    World,
    a_decision,
    a_plan,
    a_recommendation,
    an_action,
    an_id,
    at,
    ms,
    roll_back,
)
from workers.executor.live.outcome import Result
from workers.executor.rollback import judge
from workers.executor.rollback_tables import OwnTables
from workers.executor.tables import in_force, rule_of
from workers.undo.planning import lines_of
from workers.undo.trail import CampaignTrail

FIELDS = st.sampled_from(["hourly_budget", "daily_budget", "bid", "bid_multiplier"])
STEPS = st.one_of(
    st.tuples(st.just("set"), FIELDS, st.integers(1, 4)),
    st.tuples(st.just("set"), FIELDS, st.integers(1, 4)),
    st.tuples(st.just("back"), st.integers(0, 12), st.integers(0, 3)),
    st.tuples(st.just("back"), st.integers(0, 2), st.integers(0, 0)),
    st.tuples(st.just("plan"), st.just(""), st.integers(1, 2)),
)
ANSWERS = st.sampled_from(
    [*[Result.APPLIED] * 6, Result.NO_OP, Result.DRIFT, Result.FAILED, Result.UNVERIFIED]
)


def trail_of(world: World) -> CampaignTrail:
    rule = rule_of(world, KEY)
    trail = CampaignTrail(parse_campaign_key(KEY), rule.version if rule else None)
    for entry in world.audit:
        trail.add(entry, chosen=entry.action_id is not None)
    return trail


def step_of(world: World, name: str, step: tuple[Any, ...], minutes: float) -> None:
    """Let something be set, rolled back, or planned."""
    what, which, number = step
    if what == "set":
        unit = {"unit": "multiplier", "hourly_cap": Decimal(9)} if which == "bid_multiplier" else {}
        action = an_action(
            name, None, str(number), field=which, hour=at(0), day_budget=Decimal(90), **unit
        )
        found = in_force(world, KEY).value_for(action)
        usual = Decimal(100) if which in {"daily_budget", "bid"} and found is None else found
        world.publish(
            topics.ACTIONS, _with(action, expected=usual, plan_version=_version(world)), minutes
        )
    elif what == "plan":
        version = _version(world) + number - 1
        world.publish(topics.PLANS, a_plan(Autonomy.AUTO, version=version, **TURNS), minutes)
    elif effects := effects_in(world):
        of = [effects[-1 - (which + more) % len(effects)] for more in (number, 0)]
        through = None if of[0] == of[1] else of[1]
        decision = a_decision(
            Verb.ROLL_BACK, action_id=of[0], through=through, minutes=minutes, why=name
        )
        world.publish(topics.DECISIONS, decision, minutes)
    world.settle()


def effects_in(world: World) -> list[str]:
    """Return the actions whose target is, or was, in force."""
    return [
        entry.action_id
        for entry in world.audit
        if entry.action_id and entry.target is not None and entry.after == entry.target
    ]


TURNS: dict[str, Any] = {"actuator": Actuator.TARGET_CPA, "target_cpa": Decimal(20)}


def _with(action: Any, **changes: object) -> Any:  # noqa: ANN401 -- any record
    fields = {name: getattr(action, name) for name in action.__struct_fields__}
    return type(action)(**(fields | changes))


def _version(world: World) -> int:
    rule = rule_of(world, KEY)
    return rule.version if rule else 1


def agree(world: World, minutes: float) -> None:
    """Hold what the trail says of each action, and of each two, against what the executor does."""
    trail, tables = trail_of(world), OwnTables(world, KEY, world.policy.mode)
    ids = list(dict.fromkeys(entry.action_id for entry in world.audit if entry.action_id))
    for one in ids:
        for through in (None, *ids):
            by_trail = judge(trail, one, through, ms(minutes))
            own = judge(tables, one, through, ms(minutes))
            assert (by_trail.state, by_trail.text) == (own.state, own.text)
            assert [past.action_id for past in by_trail.over] == [
                past.action_id for past in own.over
            ]


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=14))
def test_what_the_trail_says_is_what_the_executor_does_where_changes_are_simulated(
    steps: list[tuple[Any, ...]],
) -> None:
    world = World(planned=False)
    world.publish(topics.PLANS, a_plan(Autonomy.AUTO, **TURNS), 0)
    world.settle()
    for number, step in enumerate(steps):
        step_of(world, str(number), step, number)
    agree(world, len(steps))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(STEPS, ANSWERS, st.sampled_from([70, 100, 120])), max_size=14),
    st.sampled_from([30, 59, 60, 200]),
)
def test_what_the_trail_says_is_what_the_executor_does_on_platforms(
    steps: list[tuple[tuple[Any, ...], Result, int]], now: float
) -> None:
    world = Live(a_plan(Autonomy.AUTO, **TURNS))
    for number, (step, result, found) in enumerate(steps):
        step_of(world, str(number), step, number)
        if world.order is not None:
            # What was expected is no drift.
            expected = result is Result.DRIFT and world.order.expected == found
            after = {"after": Decimal(found)} if result is Result.DRIFT else {}
            how = Result.APPLIED if expected else result
            world.answer(how, minutes=number, before=Decimal(found), **({} if expected else after))
    agree(world, now)


def test_a_budget_that_was_renewed_can_be_undone_in_the_hour_of_the_renewal_only() -> None:
    world = Live(a_plan(Autonomy.AUTO, actuator=Actuator.BUDGET))
    day = {"hour": at(0), "day_budget": Decimal(90)}
    world.act(an_action("ten", None, "10", **day)).answer()
    world.act(an_action("twelve", "10", "12", **day), minutes=2).answer(minutes=3)
    same = {"current_value": Decimal(12), "day_budget": Decimal(111)}
    renewed = a_recommendation("again", "12", **same, hour=at(60), expires_at=at(120))
    world.publish(topics.RECOMMENDATIONS, renewed, 61)
    world.settle()
    world.answer(minutes=62)

    trail = trail_of(world)
    states = [judge(trail, an_id("twelve"), None, ms(minutes)).state for minutes in (63, 119, 120)]
    assert states == ["undoable", "undoable", "not_undoable"]
    agree(world, 63)
    agree(world, 120)


@pytest.mark.parametrize("verbs", [[Verb.PAUSE], [Verb.PAUSE, Verb.RESUME]])
def test_what_was_paused_or_resumed_already_is_nobodys_change_of_ours(verbs: list[Verb]) -> None:
    world = Switched()
    for number, verb in enumerate(verbs):
        world.said_by(verb, number)
        last = number == len(verbs) - 1
        world.answer(Result.NO_OP if last else Result.APPLIED, minutes=number, before=Decimal(1))

    assert len(trail_of(world).chosen) == len(verbs)
    agree(world, 5)


@pytest.mark.parametrize("found", ["70", "90", "120"])
@pytest.mark.parametrize("field", ["hourly_budget", "daily_budget"])
def test_what_somebody_has_set_is_theirs_also_where_it_leaves_the_value_as_it_was(
    field: str, found: str
) -> None:
    world = Live(a_plan(Autonomy.AUTO, **TURNS))
    for first, then in (("80", None), ("90", "80")):
        action = an_action(first, then, first, field=field, hour=at(0), day_budget=Decimal(first))
        world.act(action, minutes=1).answer(minutes=2, before=Decimal(80))
    told(world, an_edit(found, 30), minutes=31)

    assert judge(trail_of(world), an_id("90"), None, ms(32)).state == "drifted"
    agree(world, 32)


def test_a_window_that_is_over_cannot_be_undone_however_long_it_is_over() -> None:
    world = World(planned=False)
    world.publish(topics.PLANS, a_plan(Autonomy.AUTO), 0)
    window = {"window_start": at(60), "window_end": at(120), "currency": None}
    world.publish(topics.ACTIONS, an_action("more", "1", "1.5", field="seasonality", **window), 0)
    world.settle()
    long_after = 31 * 24 * 60
    times = {"released_at": at(long_after), "expires_at": at(long_after + 60)}

    states = [judge(trail_of(world), an_id("more"), None, ms(each)).state for each in (119, 120)]
    assert states == ["undoable", "not_undoable"]
    agree(world, 119)
    agree(world, 120)
    world.publish(topics.ACTIONS, an_action("later", None, "9", **times), long_after)
    world.settle()
    agree(world, long_after)


@pytest.mark.parametrize("ours", [False, True], ids=["by hand", "and set by us again"])
def test_a_multiplier_of_a_bid_that_somebody_has_set_is_not_said_to_be_undoable(
    *, ours: bool
) -> None:
    world = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS))
    bid = {"field": "bid", "entity": Entity.AD_SET, "entity_id": "a", "released_by": Release.PERSON}
    carried(world, an_action("bid", "1", "1.1", **bid), 1)
    carried(world, multiplier("up", None, "1.2"), 2)
    carried(world, multiplier("back", "1.2", "1"), 3)
    by_hand = {"entity": Entity.AD_SET, "entity_id": "a", "field": "bid"}
    told(world, an_edit("5", 6, **by_hand), minutes=7)
    if ours:
        carried(world, an_action("mine", "5", "1.2", **bid), 8)

    lines = {line.told.action_id: line.state for line in lines_of(trail_of(world), ms(9))}
    world.publish(topics.DECISIONS, roll_back("back", minutes=9), 9)
    world.settle()
    assert lines[an_id("back")] == ("undoable" if ours else "drifted")
    assert world.said()[-1][1] == ("to_be_sent" if ours else "drifted")


def test_a_daily_budget_that_somebody_has_set_is_not_said_to_be_undoable() -> None:
    world = Live(a_plan(Autonomy.AUTO, **TURNS))
    carried(world, an_action("hour", None, "4", day_budget=Decimal(90)), 1)
    carried(world, an_action("day", None, "80", field="daily_budget"), 2)
    world.act(an_action("more", "80", "85", field="daily_budget"), minutes=3)
    world.answer(Result.UNVERIFIED, minutes=4)
    told(world, an_edit("70", 6), minutes=7)

    lines = {line.told.action_id: line.state for line in lines_of(trail_of(world), ms(9))}
    world.publish(topics.DECISIONS, roll_back("day", minutes=9), 9)
    world.settle()
    assert (lines[an_id("day")], world.said()[-1][1]) == ("drifted", "drifted")


def carried(world: Live, action: Action, minutes: float) -> None:
    """Let a platform do all that an action wants."""
    world.act(action, minutes=minutes)
    while world.order is not None:
        found = world.order.expected
        world.answer(minutes=minutes, before=Decimal(1) if found is None else found)
