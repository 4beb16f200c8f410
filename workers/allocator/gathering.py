"""From what is kept of a group's members to the arrays that the engine shares out by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints, Rows
from engine.delay import LEAST_MATURE
from engine.group_budgets import Members
from engine.response_days import Days
from schemas.fields import Objective
from workers.allocator.chances import jitter, settled
from workers.allocator.crews import Crew, read_member
from workers.allocator.draft import Draft
from workers.allocator.member_rows import KEPT_DAYS
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
    day, group = shape.day, shape.group
    campaigns = [each for active in crew.active for each in active]
    of = np.repeat(np.arange(len(crew.active)), [len(active) for active in crew.active])
    stored = [
        read_member(draft, crew.keys[at], each)
        for at, each in zip(of.tolist(), campaigns, strict=True)
    ]
    heads = np.concatenate([head for head, _ in stored])
    table = _table([days for _, days in stored], day)
    weight = _weights(table)
    mature = np.maximum(table["maturity"].astype(np.float64), LEAST_MATURE)
    revenue, conversions = table["revenue"] / mature, table["conversions"] / mature
    days = Days(
        spend=table["spend"].astype(np.float64),
        value=revenue if group.objective is Objective.VALUE else conversions,
        weight=weight,
        pool=np.zeros(len(campaigns), dtype=np.int64),
        jitter=jitter(table),
    )
    paused = np.array([shape.tree.paused(at) for at in range(len(crew.active))])[of]
    newest = np.array(
        [crew.rosters[at].newest[each] for at, each in zip(of.tolist(), campaigns, strict=True)]
    )
    return Gathered(
        campaigns=campaigns,
        of=of,
        heads=heads,
        members=_members(days, heads, _used(table, heads["budget"]), paused | (newest < day - 1)),
        paused=paused,
        revenue=(weight * revenue).sum(axis=1),
        conversions=(weight * conversions).sum(axis=1),
    )


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


def _table(several: Sequence[Rows], day: int) -> Rows:
    """Return days as columns, the one before ``day`` last; all zero where none is known."""
    kind = several[0].dtype
    table = np.zeros((len(several), KEPT_DAYS), dtype=kind)
    for row, days in zip(table, several, strict=True):
        at = days["day"] - (day - KEPT_DAYS)
        known = (at >= 0) & (at < KEPT_DAYS)
        row[at[known]] = days[known]
    return table


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
