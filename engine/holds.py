"""Refusals: when a campaign is left alone, or only stopped, and why."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Bools, Ints
from engine.calendar import day_start, utc_offset
from engine.confidence import of_shape
from engine.gaps import in_gap
from engine.horizon import Horizon
from engine.plans import PERIODS, ROLLOVERS, STATUSES
from engine.situation import Clock, Situation
from engine.strategies import needs_learning
from engine.unreported import harmless
from schemas import HoldReason

NONE: Final = -1
"""Stands for "go ahead"."""

ORDER: Final = (
    HoldReason.NO_PLAN,
    HoldReason.ENDED,
    HoldReason.PAUSED,
    HoldReason.PAUSED_ON_PLATFORM,
    HoldReason.FROZEN,
    HoldReason.CURRENCY_MISMATCH,
    HoldReason.TIMEZONE_MISMATCH,
    HoldReason.STALE_DATA,
    HoldReason.SUSPECTED_OUTAGE,
    HoldReason.FLIGHT_NOT_STARTED,
    HoldReason.FLIGHT_OVER,
    HoldReason.FLIGHT_GAP,
    HoldReason.BUDGET_GONE,
    HoldReason.INFEASIBLE_MINIMUM,
    HoldReason.EXCLUDED_HOUR,
    HoldReason.TOO_LITTLE_DATA,
    HoldReason.CONFLICTING_TARGETS,
)
"""Reasons to hold; where several apply, the first counts. A code is a position here."""

STOPS: Final = frozenset(
    {
        HoldReason.FLIGHT_NOT_STARTED,
        HoldReason.FLIGHT_OVER,
        HoldReason.FLIGHT_GAP,
        HoldReason.BUDGET_GONE,
    }
)
"""Reasons for which nothing may be spent: a budget in force is withdrawn before holding."""

LEAST_SHAPE: Final = 0.02
"""Confidence in the learned week below which a strategy that needs it has nothing to go by:
about half a campaign-day of others, or one busy day of its own."""

_STOPS = np.array([reason in STOPS for reason in ORDER])
_PAUSED, _ENDED = STATUSES.index("paused"), STATUSES.index("ended")
_FLIGHT = PERIODS.index("flight")
_NO_ROLLOVER = ROLLOVERS.index("none")


def hold_codes(situation: Situation, clock: Clock, horizon: Horizon, *, conflicting: Bools) -> Ints:
    """Return why each campaign is held, as a position in `ORDER`, or `NONE`; shape (B,).

    Where targets are ``conflicting`` (B,), reports are missing, or the newest hour is excluded, a
    campaign is left alone only if what is in force cannot spend more than there is.
    """
    plans = situation.plans
    stays = harmless(situation, clock, horizon.hard_cap)
    stale = situation.now - clock.reported_until >= situation.stale_after
    early, late = clock.day < plans["flight_first"], clock.day > plans["flight_last"]
    applies = {
        HoldReason.NO_PLAN: plans["version"] == 0,
        HoldReason.ENDED: plans["status"] == _ENDED,
        HoldReason.PAUSED: plans["status"] == _PAUSED,
        HoldReason.PAUSED_ON_PLATFORM: situation.conditions.paused,
        HoldReason.FROZEN: situation.conditions.frozen,
        HoldReason.CURRENCY_MISMATCH: other_currency(situation),
        HoldReason.TIMEZONE_MISMATCH: other_zone(situation, clock),
        HoldReason.STALE_DATA: stale & stays,
        HoldReason.SUSPECTED_OUTAGE: situation.conditions.outage & stays,
        HoldReason.FLIGHT_NOT_STARTED: early,
        HoldReason.FLIGHT_OVER: late,
        HoldReason.FLIGHT_GAP: in_gap(situation.gaps, clock.day),
        HoldReason.BUDGET_GONE: horizon.left <= 0,
        HoldReason.INFEASIBLE_MINIMUM: horizon.minimums.needed > horizon.minimums.available,
        HoldReason.EXCLUDED_HOUR: situation.conditions.excluded & stays,
        HoldReason.TOO_LITTLE_DATA: too_little(situation),
        HoldReason.CONFLICTING_TARGETS: conflicting & stays,
    }
    return np.select([applies[reason] for reason in ORDER], range(len(ORDER)), NONE)


def stops(codes: Ints) -> Bools:
    """Return whether each code is one of `STOPS`; shape (B,)."""
    return np.asarray((codes != NONE) & _STOPS[codes])


def other_currency(situation: Situation) -> Bools:
    """Return whether the plan or the last event names another currency than the ledger's."""
    campaigns, plans = situation.campaigns, situation.plans
    named = (campaigns["currency"] != b"") & (campaigns["currency"] != plans["currency"])
    return np.asarray(named | (campaigns["disputed"] != b""))


def other_zone(situation: Situation, clock: Clock) -> Bools:
    """Return whether the account's day is not the plan's: other start, or other clock now.

    Zones are compared by what their clocks show, for one zone has many names.
    """
    calendar, planned, account = situation.calendar, situation.zones, situation.account_zones
    if (planned == account).all():
        return np.zeros(len(planned), dtype=np.bool_)
    start = day_start(calendar, account, clock.day) != clock.day_start
    offset = utc_offset(calendar, account, clock.target, clock.day)
    return np.asarray(start | (offset != utc_offset(calendar, planned, clock.target, clock.day)))


def too_little(situation: Situation) -> Bools:
    """Return whether the plan cannot be followed for want of data.

    A strategy that learns needs some shape, its own or a pooled one; `even` needs none. A
    flight, or a budget that rolls over, needs what was spent since its first day.
    """
    plans = situation.plans
    shapeless = needs_learning(plans) & (of_shape(situation.evidence) < LEAST_SHAPE)
    long = (plans["period"] == _FLIGHT) | (plans["rollover"] != _NO_ROLLOVER)
    return np.asarray(shapeless | (long & (situation.campaigns["flight_known"] == 0)))
