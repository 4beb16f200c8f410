"""Which campaigns may spend more than there is if nothing is heard of them any more."""

from __future__ import annotations

import numpy as np

from engine import in_force
from engine.arrays import Bools
from engine.calendar import HOURS_OF_WEEK
from engine.horizon import clock_of, horizon_of, slot_weights
from engine.situation import Conditions, Evidence, Situation, nobody_steered
from engine.unreported import harmless
from engine.weeks import WeekWeights
from workers.optimizer.books import Books
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.tables import AUDIT
from workers.optimizer.untold import untold_hours


def spends_within(draft: Draft, books: Books, due: Due) -> Bools:
    """Return whether what is in force keeps within what is left at worst, (B,).

    It takes nothing that was learned, so that all campaigns which are late can be asked often.
    """
    situation = _bare(draft, books, due)
    clock = clock_of(situation)
    slots = slot_weights(situation.week, clock)
    horizon = horizon_of(situation, clock, slots, np.full(len(due.keys), -1))
    return harmless(situation, clock, horizon.hard_cap)


def _bare(draft: Draft, books: Books, due: Due) -> Situation:
    count = len(due.keys)
    nothing, no = np.zeros(count), np.zeros(count, dtype=np.bool_)
    return Situation(
        campaigns=due.campaigns,
        plans=due.plans,
        in_force=in_force.unpack(draft.read_of(AUDIT, due.keys)),
        week=WeekWeights.of(np.ones((count, HOURS_OF_WEEK))),
        evidence=Evidence(own=nothing, pooled=nothing),
        conditions=Conditions(frozen=no, paused=no, outage=no, excluded=no),
        steered=nobody_steered(),
        gaps=books.plans.gaps(due.plan_values, due.plans["detailed"]),
        calendar=due.calendar,
        zones=due.zones,
        account_zones=due.account_zones,
        hour=due.hour,
        now=due.now,
        stale_after=int(draft.policy.stale_after.total_seconds()),
        untold=untold_hours(draft, due),
    )
