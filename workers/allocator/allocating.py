"""When a group's budget is shared out, and what follows: once per group and local day."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.calendar import HOUR, day_start, local_day, weekday_of
from engine.group_total import Span
from schemas import Group, encode
from schemas.fields import Cadence, Status
from schemas.topics import ALLOCATIONS
from workers.allocator.allocated import Allocated, allocated_of, is_told, note, note_pages
from workers.allocator.crews import crew_of, surely_late
from workers.allocator.draft import Draft
from workers.allocator.pages import pages_of
from workers.allocator.rosters import head_of
from workers.allocator.settling import Settled, settle
from workers.allocator.shape import Shape
from workers.allocator.tables import TICKS
from workers.allocator.telling import tell
from workers.allocator.totals import flight_of
from workers.allocator.trees import Above, Tree, below, known_of, top_of, tree_of
from workers.optimizer.zones import ZoneBook
from workers.partitioner import partition_of

AT_ONCE: Final = 2_000
"""Most members that are told in the step that settles their day: it takes half a second."""

_MONDAY: Final = 0


class Books:
    """What the agents of budgets keep in mind of look-ups; nothing that a step depends on."""

    def __init__(self) -> None:
        """Begin with what every process knows."""
        self.zones = ZoneBook()


def allocate_if_due(draft: Draft, books: Books, key: bytes, now: int) -> None:
    """Share out a group's budget for the local day of ``now``, unless that was done or is early.

    A group of more than `AT_ONCE` members is left to the agent of ticks, whose steps may take long,
    and its members are told page by page.
    """
    due = _due(draft, books, key, now)
    if due is None:
        return
    shape, before = due
    members = sum(head_of(draft, each.group.key).active(shape.day) for each in shape.tree.groups)
    if members <= AT_ONCE:
        _announce(draft, shape, before)
    elif draft.agent == TICKS:
        _hand_on(draft, shape, before)


def settled_if_due(draft: Draft, books: Books, key: bytes, now: int) -> Settled | None:
    """Return what a group's day is settled at, if it is due at ``now``; tell nobody."""
    due = _due(draft, books, key, now)
    return None if due is None else _settled(draft, *due)


def _due(draft: Draft, books: Books, key: bytes, now: int) -> tuple[Shape, Allocated] | None:
    """Return which days are to be shared out for, and what was shared out before; None if none are.

    It is due when all who take part have closed the day before, or the group's wait is over.
    """
    if known_of(draft, key) is None and not below(draft, key):
        return None
    top = top_of(draft, key)
    if partition_of(top.key, draft.view.partitions) != draft.view.partition:
        return None  # The tree is shared out where the key of its root lies.
    head, before = known_of(draft, top.key), allocated_of(draft, top.key)
    if head is not None and not _is_open(books, head.group, before, now):
        return None
    shape = _shape(books, tree_of(draft, top), now)
    if shape is None or before.day >= shape.day or not is_told(draft, top.key, before, shape.day):
        return None
    # A group above may be told of any moment: before the wait is over it is not missed.
    waits = _waits(shape)
    if waits and (top.above is not Above.ROOT or surely_late(draft, shape.tree, shape.day)):
        return None
    return shape, before


def _waits(shape: Shape) -> bool:
    """Return whether closed days that are late are waited for."""
    return shape.now < shape.begins + shape.group.wait_hours * HOUR


def _settled(draft: Draft, shape: Shape, before: Allocated) -> Settled | None:
    crew = crew_of(draft, shape.tree, shape.day)
    if not crew.somebody or (_waits(shape) and crew.late(shape.day)):
        return None
    return settle(draft, shape, crew, before)


def _announce(draft: Draft, shape: Shape, before: Allocated) -> None:
    """Publish what each member is to have; keep what was said and reckoned with."""
    settled = _settled(draft, shape, before)
    if settled is None:
        return
    ids = tell(draft, settled.facts, settled.campaigns, settled.rows)
    kept = {**settled.said, **ids}
    note(draft, shape.tree.top.key, (shape.day, settled.rates), kept)


def _hand_on(draft: Draft, shape: Shape, before: Allocated) -> None:
    """Publish what was settled, for its members to be told page by page."""
    settled = _settled(draft, shape, before)
    if settled is None:
        return
    pages = 0
    for page in pages_of(settled.facts, settled.campaigns, settled.rows):
        draft.publish(ALLOCATIONS, page.key, encode(page), shape.now)
        pages += 1
    note_pages(draft, shape.tree.top.key, (shape.day, settled.rates), pages)


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
