"""A group's movement cap, whatever members do, and whatever is late, repeated or out of order."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import topics
from schemas.topic import Topic
from tests.workers.executor.members import (
    PARTITIONS,
    WORLD_ORDER,
    Members,
    a_group,
    a_raise,
    most_moved,
)
from tests.workers.executor.world import a_tick, at

CAMPAIGNS = ("1", "2", "3", "4", "5", "6")


class Life:
    """What happens to the members, in the order that was drawn."""

    def __init__(self, seed: int) -> None:
        self.many, self.now = Members(a_group(), CAMPAIGNS), 1.0
        self.released: list[str] = []
        self._chance, self._worth = Random(seed), dict.fromkeys(CAMPAIGNS, 100)

    def act(self, name: str, by: int, lasts: int) -> None:
        """Release a change, of what is in force or, now and then, of what was once."""
        for entry in self.many.audit:
            if entry.status.value == "simulated" and entry.after is not None:
                self._worth[entry.campaign_id] = int(entry.after)
        expected = self._worth[name] if self._chance.random() < 0.8 else 100
        when = self.now - self._chance.choice([0, 0, 20])
        times = {"valid_from": at(when), "expires_at": at(self.now + lasts)}
        target = str(max(self._worth[name] + by, 0))
        one = a_raise(f"n{len(self.released)}", name, str(expected), target, **times)
        self.released.append(one.action_id)
        self.many.publish(topics.ACTIONS, one, when)

    def turn(self, partition: int, agent: str) -> None:
        self.many.worlds[partition].turn(agent, self._chance.choice([1, 2, 1000]))

    def deliver(self, shuffled: bool) -> None:  # noqa: FBT001 -- drawn
        self.many.deliver(self._chance.shuffle if shuffled else lambda _: None)

    def settle(self) -> None:
        self.many.settle()

    def repeat(self, topic: Topic) -> None:
        self.many.repeat(topic, self._chance)

    def pass_(self, minutes: int) -> None:
        self.now += minutes

    def tick(self) -> None:
        for world in self.many.worlds:
            tick = a_tick(self.now, partition=world.partition)
            world.publish(topics.TICKS, tick, self.now)

    def end(self) -> None:
        """Let time pass until everything has ended."""
        self.many.settle()
        for later in range(1, 40):
            self.many.tick(self.now + later * 120)


acts = st.tuples(
    st.just(Life.act),
    st.sampled_from(CAMPAIGNS),
    st.sampled_from([-40, 10, 30, 50, 70]),
    st.sampled_from([30, 600, 2000]),
)
steps = st.lists(
    st.one_of(
        acts,
        acts,
        st.tuples(st.just(Life.turn), st.integers(0, PARTITIONS - 1), st.sampled_from(WORLD_ORDER)),
        st.tuples(st.just(Life.deliver), st.booleans()),
        st.tuples(st.just(Life.settle)),
        st.tuples(st.just(Life.repeat), st.sampled_from([topics.MOVEMENTS, topics.ACTIONS])),
        st.tuples(st.just(Life.repeat), st.just(topics.MOVEMENTS)),
        st.tuples(st.just(Life.pass_), st.sampled_from([1, 45, 200, 700, 1330])),
        st.tuples(st.just(Life.tick)),
    ),
    min_size=20,
    max_size=80,
)


@settings(max_examples=150, deadline=None)
@given(told=steps, seed=st.integers(0, 2**32))
def test_no_24_hours_see_more_moved_than_the_cap_whatever_is_late_repeated_or_out_of_order(
    told: list[tuple[Any, ...]], seed: int
) -> None:
    life = Life(seed)
    for verb, *what in told:
        verb(life, *what)
    life.end()
    many, ended = life.many, [entry.action_id for entry in life.many.audit]
    assert most_moved(many.audit) <= 100
    assert sorted(life.released) == sorted(map(str, ended)), "each action has one end"
    assert many.still_granted() == 0, "what has ended holds nothing of the cap"
    assert not any(world.dead_letters for world in many.worlds)
