"""From what is kept of a group's members to the arrays that the engine shares out by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints, Rows
from engine.group_budgets import Members
from engine.group_total import period_of
from engine.response_days import Days
from schemas import Group
from schemas.fields import Objective
from workers.allocator.draft import Draft
from workers.allocator.member_rows import HEAD, KEPT_DAYS, unpack
from workers.allocator.rosters import Roster
from workers.allocator.tables import MEMBERS, member_key

HALF_LIFE: Final = 30.0
"""Days after which a day counts for half."""

LEAST_MATURE: Final = 0.1
"""Share of conversions that must be reported for a day to say anything."""

_RECENT: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The members of a group on the eve of a local day; arrays of shape (B,) or (B, `KEPT_DAYS`).

    Money is in minor units, each member's own.
    """

    campaigns: Sequence[bytes]
    heads: Rows
    members: Members
    revenue: Floats
    """Shape (B,): of the days that count, by their weights, as it is expected to be in the end."""
    conversions: Floats
    """The same of conversions."""
    spent: int
    """What the group's period has spent before the day, or is taken to have."""


def gather(draft: Draft, group: Group, roster: Roster, day: int) -> Gathered:
    """Return what is known of those who take part in what is shared out for local ``day``."""
    campaigns = roster.active(day)
    stored = [_read(draft, group, campaign) for campaign in campaigns]
    heads = np.concatenate([head for head, _ in stored]) if stored else np.zeros(0, dtype=HEAD)
    table = _table([days for _, days in stored], day)
    weight = _weights(table)
    mature = np.maximum(table["maturity"].astype(np.float64), LEAST_MATURE)
    revenue, conversions = table["revenue"] / mature, table["conversions"] / mature
    days = Days(
        spend=table["spend"].astype(np.float64),
        value=revenue if group.objective is Objective.VALUE else conversions,
        weight=weight,
        pool=np.zeros(len(campaigns), dtype=np.int64),
    )
    late = np.array([roster.newest[campaign] < day - 1 for campaign in campaigns], dtype=np.bool_)
    return Gathered(
        campaigns=campaigns,
        heads=heads,
        members=_members(days, heads, _used(table, heads["budget"]), late),
        revenue=(weight * revenue).sum(axis=1),
        conversions=(weight * conversions).sum(axis=1),
        spent=_spent(draft, group, roster, day),
    )


def _members(days: Days, heads: Rows, used: Floats, late: Bools) -> Members:
    return Members(
        days=days,
        budget=heads["budget"].astype(np.int64),
        least=heads["least"].astype(np.int64),
        most=heads["most"].astype(np.int64),
        used=used,
        late=late,
    )


def _read(draft: Draft, group: Group, campaign: bytes) -> tuple[Rows, Rows]:
    return unpack(draft.read_of(MEMBERS, member_key(group.key, campaign)) or b"")


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
    return np.asarray(table["seen"] * mature * 0.5 ** (ages / HALF_LIFE), dtype=np.float64)


def _used(table: Rows, budget: Ints) -> Floats:
    """Return which share of the budget the last days have spent, 1 where none is known."""
    recent = table[:, -_RECENT:]
    known = recent["seen"] > 0.0
    spend = np.where(known, recent["spend"], 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    some = known.any(axis=1) & (budget > 0)
    return np.where(some, spend / np.maximum(budget, 1), 1.0)


def _spent(draft: Draft, group: Group, roster: Roster, day: int) -> int:
    """Return what the period's days before ``day`` have spent; days that are late, their budget."""
    first = period_of(group.budget.period.value, day)[0]
    active, total = set(roster.active(day)), 0
    for campaign, newest in sorted(roster.newest.items()):
        if newest < first and campaign not in active:
            continue
        head, days = _read(draft, group, campaign)
        if head.size and head["currency"][0] != group.currency.encode():
            continue  # While it takes part the group is held; after that its money is not its own.
        inside = (days["day"] >= first) & (days["day"] < day)
        total += int(days["spend"][inside].sum())
        if campaign in active:
            missing = max(day - max(newest + 1, first), 0)
            total += missing * int(head["budget"][0])
    return total
