"""Campaigns that are due, with the policy of the side of an experiment that their day is of."""

from __future__ import annotations

from dataclasses import replace

from engine import plans
from engine.calendar import local_day
from engine.horizon import target_hour
from schemas.topics import EXPERIMENTS
from workers.optimizer.books import Books
from workers.optimizer.draft import Draft
from workers.optimizer.due import Assigned, Due
from workers.optimizer.learned import count_unreadable


def with_arms(draft: Draft, books: Books, due: Due) -> Due:
    """Return the campaigns with the plans that an experiment makes of theirs, where one does.

    The day is that of the hour that is decided for, in the plan's zone. What was set in place of
    the plan's budget stays: no side of an experiment has one of its own.
    """
    latest = draft.view.broadcast(draft.policy.topic(EXPERIMENTS))
    arms: list[Assigned | None] = [None] * len(due.keys)
    if not latest:
        return replace(due, arms=arms)
    days = local_day(due.calendar, due.zones, target_hour(due.hour, due.now))
    found, unreadable = books.experiments.assigned(latest, due.keys, days, due.now)
    count_unreadable(draft, EXPERIMENTS, unreadable)
    values, rows = list(due.plan_values), due.plans.copy()
    for i, side in enumerate(found):
        if side is None or not values[i]:
            continue
        arms[i], overrides = side
        values[i] = books.experiments.effective(values[i], overrides)
        amount = rows["amount"][i]
        rows[i] = plans.unpack([values[i]])[0]
        rows["amount"][i] = amount
    return replace(due, plan_values=values, plans=rows, arms=arms)
