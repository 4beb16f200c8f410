"""What all advice of one allocation has in common, without anybody's name or numbers.

With it and a member's row (`workers.allocator.advice_rows`) all can be said that there is to say of
the member: advice may be written down later, or once more, without knowing any other member.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from engine.arrays import Ints
from schemas import Explanation
from schemas.fields import Objective
from schemas.money import to_minor
from workers.allocator.crews import Crew
from workers.allocator.faults import Fault
from workers.allocator.shape import Shape
from workers.allocator.split import Split


class Inside(msgspec.Struct, frozen=True, array_like=True):
    """A group of the tree, the topmost itself or one inside."""

    name: str
    parent: int
    """The position of the group that it lies in, -1 of none."""
    released: bool
    """Whether budgets in it are set without a person."""
    min_confidence: float
    learning_share: float
    least: int = 0
    most: int = 0
    """Bounds of what it has for a day, minor units of the topmost group's currency."""
    has: int = 0
    """What it has for the day."""
    approvers: int = 1
    """Different people who have to approve budgets in it."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """One allocation of one group; instants in seconds, money in minor units of its currency."""

    group: str
    currency: str
    by_value: bool
    now: int
    day: int
    """The first local day, days since 1970-01-01."""
    days: int
    ends: int
    groups_offset: int
    """Of the newest record that told of the tree's groups."""
    closed_offset: int
    """Of the newest closed day that was taken."""
    fault: Fault | None = None
    """Why the group is left alone as a whole."""
    notes: tuple[Explanation, ...] = ()
    """What is said to every member beside its own reasons."""
    budget: int = 0
    """What there is for a day."""
    spent: int = 0
    """What its period has spent before."""
    total: int = 0
    """What members' budgets sum to."""
    unplaced: int = 0
    forced: bool = False
    by_chance: bool = False
    """Whether exponents come from chance of the group's own."""
    nested: bool = False
    """Whether groups inside bound what members have."""
    rounding: int = 0
    """By how much the sum of what a group has may fall short of what was shared out."""
    inside: tuple[Inside, ...] = ()
    """The groups, each after the one that it lies in."""
    several: bool = False
    """Whether the tree has more groups than one."""
    movement_limit: int | None = None
    """Most that budgets may be raised by in 24 hours, all together; None where any may."""
    movement_wanted: int = 0
    """What would be raised without that, where it is more."""

    def way_up(self, at: int) -> list[int]:
        """Return the positions from a group up to the topmost, itself first."""
        way = [at]
        while self.inside[way[-1]].parent >= 0:
            way.append(self.inside[way[-1]].parent)
        return way

    def only(self, of: Ints) -> tuple[Facts, Ints]:
        """Return the same without groups that members of ``of`` (B,) do not lie in, and new ``of``.

        A page of a large tree need not carry all of it.
        """
        way = (self.way_up(at) for at in np.unique(of).tolist())
        kept = sorted({at for each in way for at in each})
        place = {at: position for position, at in enumerate(kept)}
        inside = tuple(
            msgspec.structs.replace(self.inside[at], parent=place.get(self.inside[at].parent, -1))
            for at in kept
        )
        moved = np.array([place[at] for at in of.tolist()], dtype=np.int64)
        return msgspec.structs.replace(self, inside=inside), moved


def facts_of(shape: Shape, crew: Crew, fault: Fault | None, notes: Sequence[Explanation]) -> Facts:
    """Return the facts of a group that is left alone, or of one before anything is split."""
    tree, group = shape.tree, shape.group
    return Facts(
        group=shape.name,
        currency=group.currency,
        by_value=group.objective is Objective.VALUE,
        now=shape.now,
        day=shape.day,
        days=shape.days,
        ends=shape.ends,
        groups_offset=tree.offset,
        closed_offset=crew.offset,
        fault=fault,
        notes=tuple(notes),
        several=len(tree.groups) > 1,
        movement_limit=movement_limit(shape),
        inside=tuple(
            Inside(
                name=each.budget_group_id,
                parent=tree.parent[at],
                released=tree.released(at),
                min_confidence=each.min_confidence,
                learning_share=each.learning_share,
                approvers=tree.approvers(at),
            )
            for at, each in tree.of_each()
        ),
    )


def movement_limit(shape: Shape) -> int | None:
    """Return the most that budgets may be raised by in 24 hours, minor units of the root's."""
    limit = shape.group.movement_limit
    return None if limit is None else to_minor(limit, shape.group.currency)


def with_split(facts: Facts, split: Split) -> Facts:
    """Return the facts of a group whose day was split."""
    shared, budget, money = split.explored.shared, split.budget, split.money
    nested = budget.nested
    inside = facts.inside
    if nested is not None:
        has = nested.sums(money.common(shared.budget))
        bounds = zip(nested.floor.tolist(), nested.ceiling.tolist(), has.tolist(), strict=True)
        inside = tuple(
            msgspec.structs.replace(each, least=least, most=most, has=amount)
            for each, (least, most, amount) in zip(inside, bounds, strict=True)
        )
    return msgspec.structs.replace(
        facts,
        budget=budget.total,
        spent=budget.spent,
        total=shared.total,
        unplaced=shared.unplaced,
        forced=shared.forced,
        by_chance=bool(shared.fit.by_chance[0]),
        nested=nested is not None,
        rounding=money.rounding(),
        inside=inside,
        movement_wanted=shared.wanted,
    )
