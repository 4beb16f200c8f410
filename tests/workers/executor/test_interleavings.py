"""Laws that hold in whatever order topics are read, and however often a record is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import topics
from schemas.action import Release
from schemas.audit import GENESIS, AuditEntry, hash_of
from schemas.codec import canonical_bytes, canonical_json, decode, digest
from schemas.decision import Decision, Verb
from schemas.fields import Autonomy
from schemas.recommendation import Recommendation
from schemas.record import Record
from schemas.topic import Topic
from tests.workers.executor.world import (
    KEY,
    World,
    a_decision,
    a_plan,
    a_recommendation,
    a_tick,
    an_action,
    approve,
    at,
    reject,
    roll_back,
)

AGENTS = ("plans", "recommendations", "decisions", "actions", "ticks")
VALUES = ("1", "2", "3")
Publication = tuple[Topic, Record | None, int]
"""None deletes the plan."""
FIRST: list[Publication] = [
    (topics.ACTIONS, an_action("a0", None, "1", released_by=Release.PERSON), 0),
    (topics.ACTIONS, an_action("a1", "1", "2", released_by=Release.PERSON), 0),
]

minutes = st.sampled_from([0, 1, 2, 3, 4, 30, 70])
some_name = st.sampled_from(["r0", "r1", "r2", "r3", "never"])
some_change = st.sampled_from(["a0", "a1", "a2", "a3", "a4", "never"])

actions = st.builds(
    lambda name, expected, target, begin, expiry, released_by: an_action(
        name,
        expected,
        target,
        valid_from=at(begin),
        expires_at=at(expiry),
        released_by=released_by,
    ),
    st.sampled_from(["a2", "a3", "a4"]),
    st.sampled_from([None, *VALUES]),
    st.sampled_from(VALUES),
    st.sampled_from([0, 0, 15]),
    st.sampled_from([60, 20]),
    st.sampled_from(Release),
)
recommendations = st.builds(
    lambda name, target, field, expiry, auto: a_recommendation(
        name,
        target,
        field=field,
        auto_execute=auto,
        decided_at=at(int(name[1])),
        expires_at=at(expiry),
    ),
    st.sampled_from(["r0", "r1", "r2", "r3"]),
    st.sampled_from(VALUES),
    st.sampled_from(["hourly_budget", "bid"]),
    st.sampled_from([60, 20]),
    st.sampled_from([False, False, True]),
)
when = st.integers(0, 3)
whose = st.sampled_from(["ada", "ADA", "bob"])
words: st.SearchStrategy[Decision] = st.one_of(
    st.builds(
        lambda name, minute, by: approve(name, minutes=minute, by=by), some_name, when, whose
    ),
    st.builds(lambda name, minute: reject(name, minutes=minute), some_name, when),
    st.builds(
        lambda name, minute, by: roll_back(name, minutes=minute, by=by), some_change, when, whose
    ),
    st.builds(
        lambda verb, minute: a_decision(verb, minutes=minute),
        st.sampled_from([Verb.FREEZE, Verb.UNFREEZE]),
        when,
    ),
)
plans = st.none() | st.builds(
    lambda autonomy, version, people: a_plan(autonomy, version=version, approvers=people),
    st.sampled_from(list(Autonomy)),
    st.integers(1, 2),
    st.integers(1, 2),
)


def published(topic: Topic, records: st.SearchStrategy[Any]) -> st.SearchStrategy[Publication]:
    return st.tuples(st.just(topic), records, minutes)


publications = st.lists(
    st.one_of(
        published(topics.ACTIONS, actions),
        published(topics.ACTIONS, actions),
        published(topics.RECOMMENDATIONS, recommendations),
        published(topics.DECISIONS, words),
        published(topics.DECISIONS, words),
        published(topics.PLANS, plans),
        published(topics.TICKS, minutes.map(a_tick)),
    ),
    min_size=12,
    max_size=30,
)
people = st.sampled_from([1, 2, None])
"""How many a plan that is there from the beginning wants to approve; None is no such plan."""
schedules = st.lists(st.tuples(st.sampled_from(AGENTS), st.integers(1, 3)), max_size=40)


def lived(
    records: list[Publication],
    schedule: list[tuple[str, int]],
    last: tuple[str, ...],
    *,
    approvers: int | None,
) -> World:
    """Publish everything, read it as scheduled, then to the end, then let all time pass."""
    world = World(planned=approvers is not None, approvers=approvers or 1)
    for topic, record, minute in [*FIRST, *records]:
        world.publish(topic, record, minute, key=KEY if record is None else None)
    for agent, most in schedule:
        world.turn(agent, most)
    world.settle(last)
    for minute in (100, 200):
        world.publish(topics.TICKS, a_tick(minute), minute, key=None)
        world.settle(last)
    return world


def any_interleaving(law: Callable[[World], None]) -> Callable[[], None]:
    @settings(max_examples=50, deadline=None)
    @given(publications, schedules, st.permutations(AGENTS).map(tuple), people)
    def test(
        records: list[Publication],
        schedule: list[tuple[str, int]],
        last: tuple[str, ...],
        approvers: int | None,
    ) -> None:
        law(lived([*records, *records[::3]], schedule, last, approvers=approvers))

    return test


def given_to(world: World, topic: Topic) -> list[Record]:
    return [record for where, record in world.given if where is topic]


def has_effect(entry: AuditEntry) -> bool:
    return entry.status in ("simulated", "rolled_back")


@any_interleaving
def test_every_action_ends_in_one_entry_and_has_at_most_one_effect(world: World) -> None:
    entries = Counter(entry.action_id for entry in world.audit if entry.action_id)

    assert entries == dict.fromkeys({action.action_id for action in world.released}, 1)


@any_interleaving
def test_every_decision_ends_in_one_action_or_one_entry(world: World) -> None:
    decided = {digest(canonical_bytes(word)) for word in given_to(world, topics.DECISIONS)}
    told = Counter(
        entry.decision_id for entry in world.audit if entry.decision_id and not entry.action_id
    )
    carried_out = Counter(
        {(one.action_id, one.decision_id) for one in world.released if one.decision_id}
    )
    told.update(decision for _, decision in carried_out)

    assert told == dict.fromkeys(decided, 1)


@any_interleaving
def test_every_recommendation_that_was_proposed_is_closed_once(world: World) -> None:
    closed: Counter[str | None] = Counter()
    for entry in world.audit:
        by_time = entry.status == "expired" and not entry.decision_id
        if not entry.action_id and (by_time or entry.reason == "rejected_by_person"):
            closed[entry.recommendation_id] += 1
    approved = {(one.action_id, one.recommendation_id) for one in world.released}
    closed.update(advice for _, advice in approved if advice)
    asked = Counter(
        entry.recommendation_id
        for entry in world.audit
        if entry.status == "approval_required" and not entry.decision_id
    )

    assert max([*asked.values(), *closed.values()], default=1) == 1
    assert asked.keys() <= closed.keys()
    for advice in given_to(world, topics.RECOMMENDATIONS):
        assert isinstance(advice, Recommendation)
        mentioned = {entry.recommendation_id for entry in world.audit}
        watched = any(given_to(world, topics.PLANS))
        assert advice.auto_execute or watched or advice.recommendation_id in mentioned


@any_interleaving
def test_what_people_release_has_as_many_different_people_as_it_needs(world: World) -> None:
    given = Counter(
        approval.decision_id
        for action in {action.action_id: action for action in world.released}.values()
        for approval in action.approvals
    )
    decided = {digest(canonical_bytes(word)) for word in given_to(world, topics.DECISIONS)}

    assert given == dict.fromkeys(given, 1)
    assert given.keys() <= decided
    for action in world.released:
        people = {approval.by.casefold() for approval in action.approvals}
        assert len(people) == len(action.approvals)
        raises = action.expected is not None and action.target > action.expected
        if action.decision_id and (not action.rolls_back or raises):
            assert len(people) == action.approvers >= 1
            assert action.approvals[-1].decision_id == action.decision_id


@any_interleaving
def test_each_change_starts_from_what_the_one_before_has_left(world: World) -> None:
    in_force: dict[str, Decimal | None] = {}
    for entry in world.audit:
        if entry.action_id is None:
            continue
        now = in_force.get(entry.field)
        assert entry.before == now
        if has_effect(entry):
            assert entry.expected == now
            assert entry.target != now
            now = in_force[entry.field] = entry.target
        assert entry.after == now


@any_interleaving
def test_the_chain_has_every_number_once_and_each_entry_names_the_one_before(world: World) -> None:
    previous = GENESIS
    for number, stored in enumerate(world.stored(topics.AUDIT)):
        value = stored.value or b""
        entry = decode(value, AuditEntry)
        assert (entry.sequence, entry.previous_hash) == (number, previous)
        assert entry.hash == hash_of(value)
        assert canonical_json(value) == value
        previous = entry.hash


@any_interleaving
def test_nothing_readable_becomes_a_dead_letter(world: World) -> None:
    assert world.dead_letters == []


@settings(max_examples=50, deadline=None)
@given(publications, st.lists(st.integers(1, 4), min_size=1), st.permutations(AGENTS))
def test_what_is_written_does_not_depend_on_how_a_topic_is_cut_into_steps(
    records: list[Publication], cuts: list[int], order: list[str]
) -> None:
    whole, cut = World(planned=False), World(planned=False)
    for topic, record, minute in records:
        key = KEY if record is None else None
        whole.publish(topic, record, minute, key=key)
        cut.publish(topic, record, minute, key=key)
    order.remove("ticks")  # of the ticks of a step only the latest counts
    for agent in order:
        whole.turn(agent)
        for size in cuts * len(records):
            cut.turn(agent, size)
        if agent == "decisions":  # what it released stands at the end of both logs
            assert whole.released == cut.released

    assert whole.stored(topics.AUDIT) == cut.stored(topics.AUDIT)
    assert whole.tables == cut.tables


def test_the_laws_were_tried_on_runs_in_which_much_happens() -> None:
    seen: Counter[tuple[str, str | None]] = Counter()

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(publications, schedules, st.permutations(AGENTS).map(tuple), people)
    def run(
        records: list[Publication],
        schedule: list[tuple[str, int]],
        last: tuple[str, ...],
        approvers: int | None,
    ) -> None:
        seen.update(lived(records, schedule, last, approvers=approvers).said())

    run()
    assert {
        ("simulated", None),
        ("rolled_back", None),
        ("no_op", "already_in_force"),
        ("drift", "not_as_expected"),
        ("expired", "expired"),
        ("expired", "superseded"),
        ("approval_required", None),
        ("rejected", "rejected_by_person"),
        ("rejected", "unknown_recommendation"),
        ("rejected", "already_decided"),
        ("approval_required", "more_approvals_needed"),
        ("rejected", "already_approved"),
        ("rejected", "plan_changed"),
        ("rejected", "frozen"),
        ("rejected", "needs_approval"),
        ("rejected", "unknown_plan"),
        ("rejected", "not_undoable"),
        ("applied", "frozen"),
        ("applied", "unfrozen"),
    } <= seen.keys()
