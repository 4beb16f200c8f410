"""From what is kept of a group's members to the arrays that the engine shares out by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.arrays import Bools, Floats, Ints, Rows
from engine.delay import LEAST_MATURE, expected
from engine.group_budgets import Members
from engine.response_days import Days
from schemas.fields import Objective
from workers.allocator.chances import settled
from workers.allocator.crews import Crew, values_of
from workers.allocator.draft import Draft
from workers.allocator.member_rows import HEAD, KEPT_DAYS
from workers.allocator.member_tables import BLOCK, tables_of
from workers.allocator.shape import Shape

HALF_LIFE: Final = 30.0
"""Days after which a day counts for half."""

_RECENT: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The members of a group on the eve of a local day; arrays of shape (B,) or (B, `KEPT_DAYS`).

    Money is in minor units, each member's own.
    """

    campaigns: Sequence[bytes]
    of: Ints
    """Shape (B,): the group of the tree that each is in."""
    heads: Rows
    paused: Bools
    """Shape (B,): whose group is paused: they keep their budgets."""
    members: Members
    revenue: Floats
    """Shape (B,): of the days that count, by their weights, as it is expected to be in the end."""
    conversions: Floats
    """The same of conversions."""

    @property
    def currencies(self) -> list[str]:
        """By campaign its currency."""
        return [each.decode() for each in self.heads["currency"].tolist()]


def gather(draft: Draft, shape: Shape, crew: Crew) -> Gathered:
    """Return what is known of those who take part in what is shared out for a day."""
    campaigns = [each for active in crew.active for each in active]
    of = np.repeat(np.arange(len(crew.active)), [len(active) for active in crew.active])
    found = _columns(draft, shape, crew, len(campaigns))
    heads, jitter = found["heads"], found["jitter"]
    days = Days(
        spend=found["spend"],
        value=found["value"],
        weight=found["weight"],
        pool=np.zeros(len(campaigns), dtype=np.int64),
        jitter=jitter if jitter.any() else None,
    )
    paused = np.array([shape.tree.paused(at) for at in range(len(crew.active))])[of]
    return Gathered(
        campaigns=campaigns,
        of=of,
        heads=heads,
        members=_members(days, heads, found["used"], paused | (_newest(crew) < shape.day - 1)),
        paused=paused,
        revenue=found["revenue"],
        conversions=found["conversions"],
    )


def _columns(draft: Draft, shape: Shape, crew: Crew, count: int) -> dict[str, Any]:
    """Return what closed days come to, by name: some thousand members at a time."""
    by_day, by_member = ("spend", "value", "weight", "jitter"), ("used", "revenue", "conversions")
    found: dict[str, Any] = {name: np.zeros((count, KEPT_DAYS)) for name in by_day}
    found |= {name: np.zeros(count) for name in by_member}
    found["heads"] = np.zeros(count, dtype=HEAD)
    begin = 0
    for heads, table in _tables(draft, shape, crew):
        rows = slice(begin, begin := begin + len(heads))
        for name, column in _block(heads, table, shape.group.objective).items():
            found[name][rows] = column
    return found


def _tables(draft: Draft, shape: Shape, crew: Crew) -> Iterator[tuple[Rows, Rows]]:
    for key, active in zip(crew.keys, crew.active, strict=True):
        for begin in range(0, len(active), BLOCK):
            values = values_of(draft, key, active[begin : begin + BLOCK])
            yield tables_of(values, shape.day)


def _block(heads: Rows, table: Rows, objective: Objective) -> dict[str, Any]:
    weight = _weights(table)
    mature = table["maturity"].astype(np.float64)
    revenue, conversions = (expected(table[name], mature) for name in ("revenue", "conversions"))
    return {
        "heads": heads,
        "spend": table["spend"],
        "value": revenue if objective is Objective.VALUE else conversions,
        "weight": weight,
        "jitter": table["jitter"],
        "used": _used(table, heads["budget"]),
        "revenue": (weight * revenue).sum(axis=1),
        "conversions": (weight * conversions).sum(axis=1),
    }


def _newest(crew: Crew) -> Ints:
    """Return the newest closed day of each who takes part."""
    days = [
        roster.newest[each]
        for roster, active in zip(crew.rosters, crew.active, strict=True)
        for each in active
    ]
    return np.array(days, dtype=np.int64)


def _members(days: Days, heads: Rows, used: Floats, late: Bools) -> Members:
    return Members(
        days=days,
        budget=heads["budget"].astype(np.int64),
        least=heads["least"].astype(np.int64),
        most=heads["most"].astype(np.int64),
        used=used,
        late=late,
        base=settled(heads),
    )


def _weights(table: Rows) -> Floats:
    ages = np.arange(KEPT_DAYS - 1, -1, -1)
    mature = np.where(table["maturity"] >= LEAST_MATURE, table["maturity"], 0.0)
    # Days that are told alike late are as many days: what they scatter more shows in their values.
    mature /= np.maximum(mature.max(axis=1, keepdims=True), LEAST_MATURE)
    return np.asarray(table["seen"] * mature * 0.5 ** (ages / HALF_LIFE), dtype=np.float64)


def _used(table: Rows, budget: Ints) -> Floats:
    """Return which share of the budget the last days have spent, 1 where none is known."""
    recent = table[:, -_RECENT:]
    known = recent["seen"] > 0.0
    spend = np.where(known, recent["spend"], 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    some = known.any(axis=1) & (budget > 0)
    return np.where(some, spend / np.maximum(budget, 1), 1.0)
