"""How far days, weeks, months and flights that have ended went beyond what they might spend."""

from __future__ import annotations

import numpy as np

from engine import money
from engine.arrays import Bools, Ints, Rows
from engine.calendar import month_of, week_of
from engine.ledger import Advance
from engine.plans import PERIODS, ROLLOVERS, UNLIMITED
from workers.optimizer.draft import Draft
from workers.optimizer.wave import Wave

_NO_ROLLOVER = ROLLOVERS.index("none")


def same_currency(campaigns: Rows, planned: Rows) -> Bools:
    """Return whether ledgers are in the currency of their plans; unnamed ones are taken to be."""
    ledgers = campaigns["currency"]
    return np.asarray((ledgers == b"") | (ledgers == planned["currency"]))


def observe(draft: Draft, wave: Wave, at: Ints, step: Advance) -> None:
    """Tell the spend beyond its limit over the limit, of each period that ended above it.

    ``at`` are the campaigns whose local day has ended; their ledgers are still those of what
    has ended. A day is held to the lower of its cap and a daily budget, longer periods to
    their budget. One that rolls over has no limit of its own.
    """
    campaigns, planned = wave.campaigns[at], wave.plans[at]
    comparable = same_currency(campaigns, planned)
    exponents = planned["exponent"].astype(np.int64)
    for name, ended in _ended(planned, campaigns, step.closed_day[at], step.day[at]).items():
        limit = _limit(planned, name)
        spent = money.ceil_to_minor(campaigns[name], exponents)
        above = (limit > 0) & (limit < np.minimum(spent, UNLIMITED))
        over = np.flatnonzero(comparable & ended & above)
        if over.size:
            ratios = (spent[over] - limit[over]) / limit[over]
            draft.observe("spend_over_cap", ratios.tolist())


def _ended(planned: Rows, campaigns: Rows, closed: Ints, day: Ints) -> dict[str, Bools]:
    """Return which periods ended between two local days, by the name of their ledger."""
    last = planned["flight_last"]
    return {
        "day": closed < day,
        "week": week_of(closed) < week_of(day),
        "month": month_of(closed) < month_of(day),
        "flight": (closed <= last) & (last < day) & (campaigns["flight_known"] > 0),
    }


def _limit(planned: Rows, name: str) -> Ints:
    fixed = (planned["period"] == PERIODS.index(name)) & (planned["rollover"] == _NO_ROLLOVER)
    limit = np.where(fixed, planned["amount"], UNLIMITED)
    return np.minimum(limit, planned["daily_cap"]) if name == "day" else limit
