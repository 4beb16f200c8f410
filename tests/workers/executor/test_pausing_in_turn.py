"""A person's pause waits for what is under way and for nothing else, however much waits."""

from __future__ import annotations

from decimal import Decimal

from schemas import topics
from schemas.action import Action, Release
from schemas.decision import Verb
from tests.workers.executor.test_live import budget
from tests.workers.executor.test_pausing import Switched
from tests.workers.executor.world import a_decision

MOST = Switched().policy.remembered


def busy(waiting: int) -> Switched:
    """Return a campaign with one order under way and others, by people, that wait behind it."""
    actions = [_by_person(number) for number in range(waiting + 1)]
    world = Switched()
    world.act(*actions)
    return world


def _by_person(number: int) -> Action:
    expected, target = 100 + number, 101 + number
    return budget(f"{number}", f"{expected}", f"{target}", released_by=Release.PERSON)


def under_way(world: Switched) -> tuple[str, int]:
    assert world.order is not None
    return world.order.change.ref.lever.value, int(world.order.change.target)


def test_a_pause_is_next_when_what_is_under_way_has_ended() -> None:
    world = busy(3).said_by(Verb.PAUSE, 1)
    assert under_way(world) == ("daily_budget", 101)
    world.answer(minutes=2)
    assert under_way(world) == ("status", 0)


def test_a_pause_finds_room_where_nothing_else_does() -> None:
    world = busy(MOST).said_by(Verb.RESUME, 1)
    assert world.said()[-1] == ("rejected", "too_many_waiting")
    world.said_by(Verb.PAUSE, 2)
    assert world.said()[-1] == ("rejected", "too_many_waiting"), "of the resumption"
    world.answer(minutes=3)
    assert under_way(world) == ("status", 0)


def test_the_last_word_on_the_status_stays_the_last() -> None:
    world = busy(2)
    words = [Verb.PAUSE, Verb.RESUME, Verb.PAUSE]
    for minutes, verb in enumerate(words, start=1):
        world.publish(topics.DECISIONS, a_decision(verb, minutes=minutes), minutes)
    world.settle()
    world.answer(minutes=5)
    found = []
    while world.is_busy:
        found.append(under_way(world))
        world.answer(minutes=6, before=Decimal(100))

    statuses = [target for lever, target in found if lever == "status"]
    assert statuses == [0, 1, 0]
    assert world.delivers == 0


def test_no_more_pauses_wait_than_other_actions_may() -> None:
    world = busy(0)
    for number in range(MOST + 1):
        world.said_by(Verb.PAUSE, 1 + number / 100)

    assert world.said()[1:] == [("rejected", "too_many_waiting")]
