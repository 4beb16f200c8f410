"""What hours of today may have spent of which nobody has told, though later ones are known.

A report that is lost says nothing, and may never come: its hour may have spent all that was in
force in it. That is kept back from the first decision after it on, so that what is left is spread
over the rest of the day, and does not end early.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Bools, Ints
from engine.calendar import HOUR, hour_of_week, local_day
from engine.in_force import current_value, highest_within
from engine.situation import Clock, Situation
from engine.unreported import SETTLED

_TINY: Final = 1e-12
_MOST: Final = 2**50


def untold(situation: Situation, clock: Clock, today_spent: Ints) -> Ints:
    """Return what the untold hours of today may have spent, (B,), minor units, rounded up, >= 0.

    That is the highest budget in force in each. Where none is known it is what today's other hours
    have spent, ``today_spent`` (B,) in sum, by the weights of the week.
    """
    most = np.zeros_like(today_spent)
    if situation.untold is None:
        return most
    rows = np.flatnonzero(situation.untold.hours.any(axis=1) & (clock.newest_day == clock.day))
    if not rows.size:
        return most
    missing, forced = situation.untold.hours[rows], situation.in_force[rows]
    starts = clock.day_start[rows, None] + np.arange(missing.shape[1]) * HOUR
    plans = situation.plans[rows]
    budget = highest_within(forced, plans, (starts + SETTLED, starts + HOUR))
    known, _ = current_value(forced, plans)
    guess = _by_weight(situation, rows, (starts, missing), today_spent[rows])
    each = np.minimum(np.where(known[:, None], budget, guess), _MOST)
    most[rows] = (each * missing).sum(axis=1)
    return most


def _by_weight(situation: Situation, rows: Ints, hours: tuple[Ints, Bools], spent: Ints) -> Ints:
    """Return what each hour (R, N) of today spends if all are in proportion to their weights."""
    starts, missing = hours
    zones = np.broadcast_to(situation.zones[rows, None], starts.shape)
    days = local_day(situation.calendar, zones, starts)
    weights = situation.week.weights[
        rows[:, None], hour_of_week(situation.calendar, zones, starts, days)
    ]
    campaigns = situation.campaigns[rows]
    told = ~missing & (starts + HOUR > campaigns["first"][:, None])
    told &= starts <= campaigns["newest"][:, None]
    seen = np.maximum((weights * told).sum(axis=1), _TINY)
    each = np.maximum(spent, 0)[:, None] * (weights / seen[:, None])
    return np.asarray(np.ceil(np.minimum(each, float(_MOST))).astype(np.int64))
