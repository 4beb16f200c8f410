"""When a group's budget is shared out, and what follows: once per group and local day."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.calendar import HOUR, day_start, local_day, weekday_of
from engine.group_budgets import Shared, share
from engine.group_total import mean_total
from schemas import Group, HoldReason
from schemas.fields import Cadence, Status
from schemas.money import to_minor
from schemas.topics import ACTIONS, RECOMMENDATIONS
from workers.allocator.advising import Advice
from workers.allocator.draft import Draft
from workers.allocator.gathering import Gathered, gather
from workers.allocator.groups import Known, unpack
from workers.allocator.releasing import ACTION_ID, ADVICE_ID, released, written
from workers.allocator.rosters import Allocated, Roster, allocated_of, packed, roster_of
from workers.allocator.shape import Shape
from workers.allocator.tables import GROUPS, allocated_key
from workers.optimizer.zones import ZoneBook

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
    known = unpack(draft.read_of(GROUPS, key))
    if known is None or known.group.status is not Status.ACTIVE:
        return
    shape = _shape(books, known, now)
    before = allocated_of(draft, key)
    if shape is None or before.day >= shape.day:
        return
    roster = roster_of(draft, key)
    waits = now < shape.begins + known.group.wait_hours * HOUR
    if not roster.active(shape.day) or (waits and roster.late(shape.day)):
        return
    ids = _announce(draft, shape, roster, before)
    draft.writes[allocated_key(key)] = packed(Allocated(shape.day, {**before.ids, **ids}))


def _shape(books: Books, known: Known, now: int) -> Shape | None:
    """Return which days are shared out for at ``now``; None where the cadence has none today."""
    zone = books.zones.rows([known.group.timezone.encode()])
    calendar = books.zones.calendar
    day = local_day(calendar, zone, np.array([now]))
    weekly = known.group.cadence is Cadence.WEEKLY
    if weekly and int(weekday_of(day)[0]) != _MONDAY:
        return None
    days = 7 if weekly else 1
    begins, ends = (int(day_start(calendar, zone, at)[0]) for at in (day, day + days))
    return Shape(known=known, now=now, day=int(day[0]), days=days, begins=begins, ends=ends)


def _announce(draft: Draft, shape: Shape, roster: Roster, before: Allocated) -> dict[bytes, bytes]:
    """Publish what each member is to have; return the ids of what was said."""
    group = shape.known.group
    found = gather(draft, group, roster, shape.day)
    total = _total(group, found, (shape.day, shape.days))
    shared, refusal = _shared(group, found, total)
    advice = Advice(draft.policy, shape, roster, found, total).of(shared, refusal, before)
    for each in advice:
        draft.publish(RECOMMENDATIONS, each.key, written(each, ADVICE_ID), shape.now)
        if each.auto_execute:
            action = written(released(each, group), ACTION_ID)
            draft.publish(ACTIONS, each.key, action, shape.now)
            draft.count("actions", "policy")
        draft.count("decisions", each.kind.value)
        if each.hold_reason is not None:
            draft.count("holds", each.hold_reason.value)
    return {each.key: bytes.fromhex(each.recommendation_id) for each in advice}


def _total(group: Group, found: Gathered, days: tuple[int, int]) -> int:
    """Return what the group may spend on each of the days, minor units."""
    amount = to_minor(group.budget.amount, group.currency)
    if group.max_budget is not None:
        amount = min(amount, to_minor(group.max_budget, group.currency))
    return mean_total(amount, group.budget.period.value, days, found.spent)


def _shared(group: Group, found: Gathered, total: int) -> tuple[Shared | None, HoldReason | None]:
    """Return the split, or why the group is left alone as a whole."""
    if (found.heads["currency"] != group.currency.encode()).any():
        return None, HoldReason.CURRENCY_MISMATCH
    least = group.min_budget or 0
    if least > group.budget.amount or (group.max_budget or least) < least:
        return None, HoldReason.INFEASIBLE_MINIMUM
    return share(found.members, total, group.max_change_pct / 100.0), None
