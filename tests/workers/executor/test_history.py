"""Laws of what is kept of changes: how far back, how much, and what holds after any undoing."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import topics
from schemas.decision import Verb
from tests.workers.executor.world import KEY, World, a_decision, an_action, an_id, at, roll_back
from workers.executor.history import PAGE, PAGES, History
from workers.executor.rollback import Undo, judge
from workers.executor.rollback_tables import OwnTables

KEPT = PAGE * (PAGES - 1)
"""Changes that are kept at least."""


def changed_often(count: int) -> World:
    """Return a campaign whose value was 1, 2, 3 and so on."""
    world = World()
    for number in range(count):
        before, until = str(number) if number else None, at(60 + number / 1000)
        action = an_action(str(number), before, str(number + 1), expires_at=until)
        world.publish(topics.ACTIONS, action, 0)
        world.settle(["actions"])
    return world


def state_of(world: World, action_id: str) -> Undo:
    known = OwnTables(world, KEY, world.policy.mode)
    return judge(known, action_id, None, 0).state


def test_of_many_changes_the_last_480_at_least_can_be_rolled_back_and_no_more_rows_are_kept() -> (
    None
):
    world = changed_often(700)
    pages = [key for key in world.tables["actions"] if key.startswith(b"\2")]
    newest = an_id("699")
    world.publish(topics.DECISIONS, roll_back("0"), 1)
    world.publish(topics.DECISIONS, roll_back(str(700 - KEPT), through=newest), 1)
    world.settle()

    assert len(pages) == PAGES
    assert [entry.reason for entry in world.audit[700:]] == ["not_undoable", None]
    assert world.audit[-1].after == 700 - KEPT
    assert "by hand" in world.audit[-2].detail


def test_what_was_undone_pages_ago_is_known_as_undone() -> None:
    world = changed_often(3 * PAGE)
    world.publish(topics.DECISIONS, roll_back("5", through=an_id(str(3 * PAGE - 1))), 1)
    world.settle()
    history = History(world.tables["actions"].get, KEY)

    undone = [history.of(bytes.fromhex(an_id(str(number)))) for number in range(3 * PAGE)]
    assert [bool(past and past.undone_by) for past in undone] == [
        number >= 5 for number in range(3 * PAGE)
    ]


def test_what_a_roll_back_went_back_over_holds_again_though_its_first_is_kept_no_more() -> None:
    world = changed_often(PAGE * (PAGES - 1) + 4)
    last = str(PAGE * (PAGES - 1) + 3)
    world.publish(topics.DECISIONS, roll_back("1", through=an_id(last)), 1)
    world.settle()
    back = world.audit[-1].action_id or ""
    # A row of a page for each change, until the first page goes.
    for number in range(PAGE):
        name, bid = f"bid {number}", {"field": "bid", "expires_at": at(120 + number / 1000)}
        world.publish(topics.ACTIONS, an_action(name, "1", "2", **bid), 2)
        world.publish(topics.ACTIONS, an_action(name + "!", "2", "1", **bid), 2)
        world.settle()
    world.publish(topics.DECISIONS, a_decision(Verb.ROLL_BACK, action_id=back, minutes=3), 3)
    world.settle()

    assert world.audit[-1].status == "rolled_back"
    assert [state_of(world, an_id(name)) for name in ("1", last)] == [
        Undo.NOT_UNDOABLE,
        Undo.UNDOABLE,
    ]


@dataclass
class Layers:
    """What holds by the simplest account: layers of changes, taken off and put on again."""

    on: list[str] = field(default_factory=lambda: ["0"])
    off: list[str] = field(default_factory=list)
    turns: list[tuple[str, list[str], bool]] = field(default_factory=list)
    """Roll-backs since the last change: id, which layers it has moved, and whether off or on."""

    def move(self, own: str, layers: list[str], *, off: bool) -> None:
        here, there = (self.on, self.off) if off else (self.off, self.on)
        here[:] = [name for name in here if name not in layers]
        there += layers
        self.turns.append((own, layers, off))


STEPS = st.lists(
    st.tuples(st.sampled_from(["set", "set", "back", "again"]), st.integers(1, 4)), max_size=25
)


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_whatever_is_undone_and_done_again_the_value_is_that_of_the_layers_left(
    steps: list[tuple[str, int]],
) -> None:
    world, model, value = changed_often(1), Layers(), {"0": 1}
    for number, (what, depth) in enumerate(steps, start=1):
        name, top = str(number), model.on[-1]
        if what == "set":
            value[name] = number + 1
            action = an_action(name, str(value[top]), str(number + 1))
            world.publish(topics.ACTIONS, action, number)
            model.on.append(name)
            model.turns.clear()
        elif what == "back" and len(model.on) > depth:
            layers = model.on[-depth:]
            decision = roll_back(layers[0], through=an_id(top), minutes=number)
            world.publish(topics.DECISIONS, decision, number)
            world.settle()
            model.move(world.audit[-1].action_id or "", layers, off=True)
        elif what == "again" and model.turns:
            own, layers, off = model.turns.pop()
            decision = a_decision(Verb.ROLL_BACK, action_id=own, minutes=number)
            world.publish(topics.DECISIONS, decision, number)
            world.settle()
            model.move(world.audit[-1].action_id or "", layers, off=not off)
        world.settle()
        assert world.audit[-1].status in {"simulated", "rolled_back"}, world.audit[-1]
        assert world.audit[-1].after == value[model.on[-1]]
    states = {name: state_of(world, an_id(name)) for name in value}
    undone = {name for name, state in states.items() if state is Undo.ALREADY_UNDONE}
    undoable = {name for name, state in states.items() if state is Undo.UNDOABLE}
    assert undone == set(model.off)
    assert undoable == {model.on[-1]} - {"0"}
