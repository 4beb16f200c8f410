"""What was in force in each hour: the multiplier on bids, and whether a budget cut the hour off."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np

from engine.arrays import Bools, Floats, Ints
from engine.calendar import HOUR
from schemas import AuditEntry
from schemas.audit import MAY_BE_IN_FORCE
from workers.whatif.gathering import Gathered, ReportedHour

CUT: float = 0.98
"""Share of a budget from which it is taken to have cut an hour off."""

_BUDGET, _MULTIPLIER = "hourly_budget", "bid_multiplier"


def log_multipliers(given: Gathered) -> Floats:
    """Return the log of each hour's multiplier, (N,), against the median; zeros where none is told.

    The audit trail tells multipliers; else reports may tell bids.
    """
    known = _in_force(given, _MULTIPLIER)
    if np.isnan(known).all():
        known = _told(given, lambda told: told.bid)
    good = np.isfinite(known) & (known > 0.0)
    if not good.any():
        return np.zeros(len(known))
    logs = np.log(np.where(good, known, 1.0))
    middle = float(np.median(logs[good]))
    return np.where(good, logs - middle, 0.0)


def cut_off(given: Gathered, spend: Floats, days: Ints) -> Bools:
    """Return which hours, (N,), were cut off by an hourly budget or by that of their day.

    Parameters
    ----------
    spend, days
        Spend in units of the currency and local day of each hour.
    """
    hourly, daily = _in_force(given, _BUDGET), _told(given, lambda told: told.daily_budget)
    _, first = np.unique(days, return_index=True)
    before = np.concatenate([[0.0], np.cumsum(spend)])
    so_far = before[1:] - before[first][np.searchsorted(first, np.arange(len(days)), "right") - 1]
    with np.errstate(invalid="ignore"):
        return np.asarray((spend >= CUT * hourly) | (so_far >= CUT * daily))


def _in_force(given: Gathered, field: str) -> Floats:
    """Return the value of a field in force when each hour began, NaN where that is not known."""
    told: list[AuditEntry] = [
        entry for entry in given.audit if entry.field == field and _tells(entry)
    ]
    times = np.array([entry.at.timestamp() for entry in told])
    values = np.array([np.nan, *map(_value, told)])
    # What is carried out within an hour is meant for it: decisions follow the reports.
    return np.asarray(values[np.searchsorted(times, given.starts + HOUR // 2, side="right")])


def _tells(entry: AuditEntry) -> bool:
    """Return whether an entry says what is in force, or that nobody knows."""
    return entry.after is not None or entry.status in MAY_BE_IN_FORCE


def _value(entry: AuditEntry) -> float:
    known = entry.after is not None and entry.status not in MAY_BE_IN_FORCE
    return float(entry.after or 0) if known else np.nan


def _told(given: Gathered, read: Callable[[ReportedHour], Decimal | None]) -> Floats:
    """Return what the last report of each hour says, NaN where it says nothing."""
    latest = {told.start: read(told) for told in given.told}
    values = (latest.get(start) for start in given.starts.tolist())
    return np.array([np.nan if value is None else float(value) for value in values])
