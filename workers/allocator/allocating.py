"""When a group's budget is shared out, and what follows: once per group and local day."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from engine.calendar import HOUR, day_start, local_day, weekday_of
from engine.group_budgets import share
from engine.group_exploring import Explored, explored
from engine.group_total import Span
from schemas import Group
from schemas.fields import Cadence, Status
from schemas.topics import ACTIONS, RECOMMENDATIONS
from workers.allocator.advising import Advice
from workers.allocator.allocated import Allocated, allocated_of, ids_of, note
from workers.allocator.chances import chances
from workers.allocator.crews import Crew, crew_of, surely_late
from workers.allocator.draft import Draft
from workers.allocator.faults import fault_of, flight_fault
from workers.allocator.gathering import Gathered, gather
from workers.allocator.money import Money
from workers.allocator.releasing import ACTION_ID, ADVICE_ID, released, written
from workers.allocator.shape import Shape
from workers.allocator.totals import DayBudget, Totals, flight_of
from workers.allocator.trees import Above, Tree, below, known_of, top_of, tree_of
from workers.optimizer.zones import ZoneBook
from workers.partitioner import partition_of

_MONDAY: Final = 0


class Books:
    """What the agents of budgets keep in mind of look-ups; nothing that a step depends on."""

    def __init__(self) -> None:
        """Begin with what every process knows."""
        self.zones = ZoneBook()


def allocate_if_due(draft: Draft, books: Books, key: bytes, now: int) -> None:
    """Share out a group's budget for the local day of ``now``, unless that was done or is early.

    It is due when all who take part have closed the day before, or the group's wait is over.
    """
    if known_of(draft, key) is None and not below(draft, key):
        return
    top = top_of(draft, key)
    if partition_of(top.key, draft.view.partitions) != draft.view.partition:
        return  # The tree is shared out where the key of its root lies.
    head, before = known_of(draft, top.key), allocated_of(draft, top.key)
    if head is not None and not _is_open(books, head.group, before, now):
        return
    shape = _shape(books, tree_of(draft, top), now)
    if shape is None or before.day >= shape.day:
        return
    waits = now < shape.begins + shape.group.wait_hours * HOUR
    # A group above may be told of any moment: before the wait is over it is not missed.
    if waits and (top.above is not Above.ROOT or surely_late(draft, shape.tree, shape.day)):
        return
    crew = crew_of(draft, shape.tree, shape.day)
    if crew.somebody and not (waits and crew.late(shape.day)):
        _announce(draft, shape, crew, before)


def _is_open(books: Books, group: Group, before: Allocated, now: int) -> bool:
    """Return whether a group's day may still have to be shared out: so much is cheap to know."""
    today = books.zones.local_day(group.timezone.encode(), now)
    return group.status is Status.ACTIVE and before.day < today


def _shape(books: Books, tree: Tree, now: int) -> Shape | None:
    """Return which days are shared out for at ``now``; None where the cadence has none today."""
    group = tree.groups[0].group
    zone = books.zones.rows([group.timezone.encode()])
    calendar = books.zones.calendar
    day = local_day(calendar, zone, np.array([now]))
    flight, today = flight_of(group), int(day[0])
    weekly = group.cadence is Cadence.WEEKLY
    # A flight begins, and what it has in force ends, on whatever day that is.
    turns = flight is not None and today in {flight[0], flight[1] + 1}
    if weekly and int(weekday_of(day)[0]) != _MONDAY and not turns:
        return None
    days = _days(today, flight) if weekly else 1
    begins, ends = (int(day_start(calendar, zone, at)[0]) for at in (day, day + days))
    return Shape(tree=tree, now=now, day=int(day[0]), days=days, begins=begins, ends=ends)


def _days(day: int, flight: Span | None) -> int:
    """Return for how many days a weekly budget is, from ``day`` on: to Sunday or a flight's end."""
    days = 7 - int(weekday_of(np.array([day]))[0])
    return days if flight is None or day > flight[1] else min(days, flight[1] - day + 1)


def _announce(draft: Draft, shape: Shape, crew: Crew, before: Allocated) -> None:
    """Publish what each member is to have; keep what was said and reckoned with."""
    found = gather(draft, shape, crew)
    money = Money(draft, shape, crew, found, before)
    idle = not found.heads["budget"].any()
    fault = fault_of(shape.tree, money.exchange) or money.fault(found)
    fault = fault or flight_fault(shape.group, shape.day, idle=idle)
    budget, shared = DayBudget(), None
    if fault is None:
        totals = Totals(draft, shape.tree, crew, (shape.day, shape.days), money.exchange)
        budget = totals.budget(found.of)
        found, shared = money.split(found, partial(_shared, shape, budget))
    top = shape.tree.top.key
    said = ids_of(draft, top, before)
    advice = Advice(draft.policy, shape, crew, found, budget).of(shared, fault, said, money)
    for each in advice:
        draft.publish(RECOMMENDATIONS, each.key, written(each, ADVICE_ID), shape.now)
        if each.auto_execute:
            actor = f"pacekeeper:group:{shape.group.budget_group_id}"[:200]
            action = written(released(each, actor), ACTION_ID)
            draft.publish(ACTIONS, each.key, action, shape.now)
            draft.count("actions", "policy")
        draft.count("decisions", each.kind.value)
        if each.hold_reason is not None:
            draft.count("holds", each.hold_reason.value)
    ids = {each.key: bytes.fromhex(each.recommendation_id) for each in advice}
    rates = before.rates if fault else money.exchange.sets
    kept = {each: said[each] for each in said if crew.knows(each)}
    note(draft, top, (shape.day, rates), kept | ids)


def _shared(shape: Shape, budget: DayBudget, found: Gathered) -> Explored:
    by_group = np.array([known.group.max_change_pct / 100.0 for known in shape.tree.groups])
    change = by_group[found.of]
    settled = share(found.members, budget.total, change, budget.nested)
    return explored(found.members, settled, chances(shape, found.campaigns, found.of, change))
