"""What a group's day is settled at: facts, and a row for each member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.arrays import Rows
from engine.group_budgets import share
from engine.group_exploring import Explored
from engine.group_movement import explored_within, moved_within
from workers.allocator.advice_rows import Said, rows_of, split_rows
from workers.allocator.allocated import Allocated, ids_of
from workers.allocator.chances import chances
from workers.allocator.crews import Crew
from workers.allocator.draft import Draft
from workers.allocator.exchange import Rates
from workers.allocator.facts import Facts, facts_of, movement_limit, with_split
from workers.allocator.faults import Fault, fault_of, flight_fault, sums_fault
from workers.allocator.gathering import Gathered, gather
from workers.allocator.money import Money
from workers.allocator.shape import Shape
from workers.allocator.split import Split
from workers.allocator.totals import DayBudget, Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One allocation: all that is needed to tell it, and to go on from it the next day."""

    facts: Facts
    campaigns: Sequence[bytes]
    rows: Rows
    """Shape (B,), of `workers.allocator.advice_rows.ROW`."""
    rates: tuple[Rates, ...]
    said: Said
    """By campaign what was recommended last, of members of today."""


def settle(draft: Draft, shape: Shape, crew: Crew, before: Allocated) -> Settled:
    """Share out a day, or say why it cannot be."""
    found = gather(draft, shape, crew)
    money = Money(draft, shape, crew, found, before)
    budget = _budget(draft, shape, crew, found, money)
    fault = budget if isinstance(budget, Fault) else None
    said = ids_of(draft, shape.tree.top.key, before)
    facts = facts_of(shape, crew, fault, money.reasons)
    if isinstance(budget, Fault):
        rows, rates = rows_of(found, said), before.rates
    else:
        found, shared = money.split(found, partial(_shared, shape, budget))
        split = Split(found, budget, shared, money)
        facts = with_split(facts, split)
        rows, rates = split_rows(facts, split, said), money.exchange.sets
    return Settled(
        facts=facts,
        campaigns=found.campaigns,
        rows=rows,
        rates=rates,
        said={each: said[each] for each in said if crew.knows(each)},
    )


def _budget(
    draft: Draft, shape: Shape, crew: Crew, found: Gathered, money: Money
) -> DayBudget | Fault:
    """Return what there is for a day, or why it cannot be shared out."""
    idle = not found.heads["budget"].any()
    fault = fault_of(shape.tree, money.exchange) or money.fault(found)
    fault = fault or flight_fault(shape.group, shape.day, idle=idle)
    if fault is not None:
        return fault
    totals = Totals(draft, shape.tree, crew, (shape.day, shape.days), money.exchange)
    budget = totals.budget(found.of)
    return sums_fault("have spent", budget.spent) or budget


def _shared(shape: Shape, budget: DayBudget, found: Gathered) -> Explored:
    by_group = np.array([known.group.max_change_pct / 100.0 for known in shape.tree.groups])
    change, members, limit = by_group[found.of], found.members, movement_limit(shape)
    splitting = partial(share, members, budget.total, change, budget.nested)
    settled = moved_within(members.budget, splitting, limit)
    coins = chances(shape, found.campaigns, found.of, change)
    return explored_within(members, settled, coins, limit)
