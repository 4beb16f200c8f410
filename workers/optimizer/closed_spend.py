"""What was in force in the hours of days that ended: without it their spend says little of others.

An hour whose budget somebody has set, and no bids, is taken to have been cut off: what it spent is
what it was allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import NamedTuple

import numpy as np

from engine import in_force
from engine.arrays import Bools, Floats, Ints
from engine.calendar import HOUR
from engine.settings import MILLIONTHS, UNKNOWN
from workers.optimizer.draft import Draft
from workers.optimizer.json_columns import DIGITS
from workers.optimizer.lived import Campaigns, cut_off, settings_of
from workers.optimizer.tables import AUDIT
from workers.optimizer.wave import Wave

_MOST_HOURS = 25


class InForce(NamedTuple):
    """Of one day; shapes (H,)."""

    log_multiplier: Floats
    """NaN where nobody had set one."""
    budget: Ints
    """Minor units, `engine.settings.UNKNOWN` where none is known."""
    shaped: bool
    """Whether somebody has set budgets, and no bids."""

    def allowed(self) -> tuple[int | None, ...] | None:
        """Return the most that each hour might spend, minor units; None where none is known."""
        known = [None if each == UNKNOWN else each for each in self.budget.tolist()]
        return None if all(each is None for each in known) else tuple(known)

    def multipliers(self) -> tuple[float | None, ...] | None:
        """Return the log of each hour's multiplier, None where nobody had set one, as for a day."""
        known = [None if isnan(each) else each for each in self.log_multiplier.tolist()]
        return None if all(each is None for each in known) else tuple(known)

    def ran_out(self, spend: Ints) -> Bools:
        """Return which hours spent all that they might, (H,): more was to be had at those bids.

        Where budgets alone are set they are what is steered by, and their ends no accident.
        """
        return cut_off(spend.astype(np.float64), self.budget)


def in_force_on(draft: Draft, wave: Wave, at: Ints, firsts: Ints, ends: Ints) -> list[InForce]:
    """Return what was in force from ``firsts`` (N,) to ``ends`` (N,) of the campaigns ``at``."""
    campaigns = _campaigns(draft, wave, at, ends)
    counts = (ends - firsts) // HOUR
    starts = firsts[:, None] + np.arange(_MOST_HOURS) * HOUR
    present = np.arange(_MOST_HOURS) < counts[:, None]
    found = settings_of(draft, campaigns, starts, present)
    steered = found["multiplier"] > 0
    multiplier = np.where(steered, found["multiplier"], MILLIONTHS)
    shaped = (campaigns.in_force["known"] > 0) & (campaigns.in_force["multiplier"] == 0)
    logs = np.asarray(np.round(np.log(multiplier / MILLIONTHS), DIGITS), dtype=np.float64)
    held = zip(
        np.where(steered, logs, np.nan),
        found["budget"],
        shaped.tolist(),
        counts.tolist(),
        strict=True,
    )
    return [InForce(log[:size], budget[:size], alone) for log, budget, alone, size in held]


def _campaigns(draft: Draft, wave: Wave, at: Ints, ends: Ints) -> Campaigns:
    keys: Sequence[bytes] = [wave.keys[i] for i in at.tolist()]
    return Campaigns(
        keys=keys,
        plans=wave.plans[at],
        in_force=in_force.unpack(draft.read_of(AUDIT, keys)),
        calendar=wave.calendar,
        zones=wave.zones[at],
        first=ends - HOUR,
        newest=ends - HOUR,
    )
