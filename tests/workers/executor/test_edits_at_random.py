"""Laws of edits, whatever is set by whom and however late, often and disordered it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import pytest
from msgspec.structs import replace

from schemas import topics
from schemas.audit import AuditEntry
from schemas.edit import Editor, PlatformEdit
from tests.workers.executor.test_edits import OTHERS, an_edit, later
from tests.workers.executor.test_live import PERSON, Live
from tests.workers.executor.world import an_id, at
from workers.executor.live.outcome import Result
from workers.executor.orders import Orders
from workers.executor.progress import orders_in

DAY = 24 * 60


@dataclass
class Story:
    """A platform with one daily budget, people and us who set it, and a history that is told."""

    seed: int
    world: Live = field(default_factory=Live)
    value: Decimal = Decimal(100)
    minutes: int = 0
    edits: list[PlatformEdit] = field(default_factory=list)
    drifts: dict[str, PlatformEdit] = field(default_factory=dict)
    """Action to the edit that had set what it found."""
    alone: list[int] = field(default_factory=list)
    """When others have set the value or what they had set was found, minutes."""

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self._ours()

    def run(self) -> Story:
        for _ in range(12):
            self.chance.choice([self._ours, self._others, self._others, self._tell])()
        self._tell(all_of=True)
        return self

    def _passes(self) -> None:
        # Longer than clocks may differ by.
        self.minutes += self.chance.randrange(11, 300)

    def _others(self) -> None:
        self._passes()
        self.alone.append(self.minutes)
        self._sets(Decimal(1_000 + self.minutes), self.chance.choice(OTHERS))

    def _sets(self, value: Decimal, by: Editor) -> None:
        self.edits.append(an_edit(str(value), self.minutes, by=by, before=self.value))
        self.value = value

    def _ours(self) -> None:
        """Let a person approve a change, as policy might be kept from it."""
        self._passes()
        name, wanted = f"ours at {self.minutes}", Decimal(100_000 + self.minutes)
        action = later(name, self._believed(), str(wanted), self.minutes, **PERSON)
        self.world.act(action, minutes=self.minutes)
        order, self.minutes = self.world.order, self.minutes + 1
        assert order is not None
        if order.expected not in (None, self.value):
            self.drifts[an_id(name)] = self.edits[-1]
            self.alone.append(self.minutes)
            self._answer(Result.DRIFT, before=None, after=self.value)
        else:
            before = self.value
            self._sets(wanted, Editor.US)
            self._answer(Result.APPLIED, before=before, after=wanted, attempts=1)

    def _answer(self, result: Result, **more: object) -> None:
        self.world.answer(result, minutes=self.minutes, **more)

    def _believed(self) -> str:
        told = [one.after for one in self.world.audit if one.after is not None]
        return str(told[-1] if told else self.value)

    def _tell(self, *, all_of: bool = False) -> None:
        self._passes()
        told = [each for each in self.edits if all_of or self.chance.random() < 0.5]
        told += self.chance.choices(told, k=2) if told else []
        self.chance.shuffle(told)
        for edit in told:
            restated = replace(edit, actor="J.", edit_id=an_id(f"{edit.at} in other words"))
            given = restated if self.chance.random() < 0.2 else edit
            self.world.publish(topics.EDITS, given, self.minutes)
        self.world.settle()

    # ------------------------------------------------------------ what came of it

    @property
    def orders(self) -> Orders:
        ((_, orders),) = orders_in(self.world.tables["actions"])
        return orders

    def naming(self, action: str) -> list[AuditEntry]:
        """Return the entries that name who has set what an action found."""
        of_it = (one for one in self.world.audit if one.edited_by is not None)
        return [one for one in of_it if action == one.action_id or action in one.detail]


@pytest.mark.parametrize("seed", range(150))
def test_in_every_history_all_edits_are_taken_for_what_they_are(seed: int) -> None:
    story = Story(seed).run()

    assert list(story.orders.set_last.values()) == [story.value], "what stands is expected"
    told = [one for one in story.world.audit if one.status == "edited"]
    assert {one.edited_by for one in told} <= set(OTHERS), "nobody blames us for ours"
    assert len({one.edited_at for one in told}) == len(told), "each is told of once"
    for action, edit in story.drifts.items():
        (named,) = story.naming(action)
        assert [named.edited_by, named.edited_at] == [edit.by, edit.at]
    (until,) = story.orders.hands_off.values() if story.alone else (0,)
    if story.alone and story.edits[-1].by is not Editor.US:
        assert until == at(max(story.alone) + DAY).timestamp() * 1000


@pytest.mark.parametrize("seed", range(20))
def test_telling_all_of_it_once_more_changes_nothing(seed: int) -> None:
    story = Story(seed).run()
    tables, entries = dict(story.world.tables["actions"]), len(story.world.audit)
    for edit in story.edits:
        story.world.publish(topics.EDITS, edit, story.minutes + 60)
    story.world.settle()

    assert len(story.world.audit) == entries
    assert list(orders_in(story.world.tables["actions"])) == list(orders_in(tables))
