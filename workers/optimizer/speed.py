"""How fast campaigns may change where their plans limit it, and what that is measured from.

All of it follows from the plan and from hours that are kept: nothing is stored for it.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Ints, Rows
from engine.calendar import HOUR
from engine.velocity import ENDLESS, RETURN_HOURS, Motion, Speed, at_rest, moved_on, stated
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.lived import (
    Campaigns,
    campaigns_of,
    cut_off,
    settings_of,
    told_hours,
)
from workers.optimizer.pacing import hourly_budget
from workers.optimizer.plan_rows import WITHIN_DAY, PlanBook


def speed_of(draft: Draft, book: PlanBook, due: Due, forced: Rows) -> Speed | None:
    """Return limits of speed of campaigns that are due; none where no plan has any.

    ``forced`` is what is in force.
    """
    rows = np.flatnonzero((due.plans["detailed"] & WITHIN_DAY > 0) & (due.plans["version"] > 0))
    steps, growth = (np.full(len(due.keys), ENDLESS) for _ in range(2))
    for i in rows.tolist():
        rails = book.plan(due.plan_values[i]).guardrails
        steps[i] = rails.max_multiplier_step or ENDLESS
        per_cent = rails.max_spend_step_pct
        growth[i] = ENDLESS if per_cent is None else 1.0 + per_cent / 100.0
    rows = np.flatnonzero((steps < ENDLESS) | (growth < ENDLESS))
    if not rows.size:
        return None
    known = _motion(draft, campaigns_of(due, forced, rows))
    motion = at_rest(hourly_budget(due.plans))
    motion.spent[rows], motion.returning[rows] = known.spent, known.returning
    return Speed(limits=stated(steps, growth), motion=motion)


def _motion(draft: Draft, campaigns: Campaigns) -> Motion:
    """Return what the newest hours of campaigns (R,) came to."""
    until = campaigns.newest - (RETURN_HOURS - 1) * HOUR
    starts = until[:, None] + np.arange(RETURN_HOURS) * HOUR
    spend = told_hours(draft, campaigns, until, RETURN_HOURS).spend
    budget: Ints = settings_of(draft, campaigns, starts, spend > 0.0)["budget"]
    limited = cut_off(spend, budget)
    motion = at_rest(hourly_budget(campaigns.plans))
    for hour in range(RETURN_HOURS):
        motion = moved_on(motion, spend[:, hour], limited=limited[:, hour])
    return motion
