"""The ledger: exact spend of the current local day, week, month, flight, and of all time.

Every number is a function of the facts known, whatever their order: a fact changes the
ledger by what it is minus what was known of its hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine import money
from engine.arrays import Bools, Ints, Rows
from engine.calendar import DAY, Calendar, local_day, month_of, week_of
from engine.hours import Placed
from engine.state import NEVER

PERIODS: Final = ("day", "week", "month", "flight", "total")
"""The ledgers of a campaign, by the name of their field."""

_OLDEST: Final = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Where instants lie in local time; arrays of shape (B,)."""

    day: Ints
    week: Ints
    month: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """How facts moved their campaigns on; arrays of shape (B,)."""

    moved: Bools
    """Whether the fact's hour is the newest one now."""
    closed: Bools
    """Whether that ended the local day that was current."""
    closed_day: Ints
    """The local day that was current before."""
    day: Ints
    """The local day of the fact's hour."""
    current_day: Ints
    """The local day that is current now."""
    expired: Ints
    """As ``days`` of the state, counted back from the old newest day: UTC days to delete."""
    base: Ints
    """UTC day that bit 0 of ``expired`` stands for."""


def moment(calendar: Calendar, zones: Ints, instants: Ints) -> Moment:
    """Return the local day, week and month of each instant."""
    days = local_day(calendar, zones, instants)
    return Moment(day=days, week=week_of(days), month=month_of(days))


def too_old(rows: Rows, starts: Ints, retention_days: int) -> Bools:
    """Return whether an hour lies before the days whose hours are kept.

    Parameters
    ----------
    rows
        Shape (B,), `engine.state.CAMPAIGN`.
    starts
        Shape (B,), first second of the hour.
    retention_days
        How many UTC days before the newest hour's are kept, 1 to 62.
    """
    age = rows["newest"] // DAY - starts // DAY
    return np.asarray((rows["newest"] != NEVER) & (age > retention_days))


def advance(
    rows: Rows,
    starts: Ints,
    applied: Bools,
    moments: tuple[Moment, Moment],
    retention_days: int,
) -> tuple[Rows, Advance]:
    """Move campaigns on to hours that begin at ``starts``, rolling what is over.

    Parameters
    ----------
    rows
        Shape (B,), campaigns before.
    starts
        Shape (B,), first second of each fact's hour.
    applied
        Shape (B,), whether the fact counts; a campaign whose fact does not stays as it is.
    moments
        Local time of the newest hour known before, and of the fact's hour.
    retention_days
        How many UTC days before the newest hour's are kept.

    Returns
    -------
    New rows, in which the ledgers of ended days, weeks and months are zero, and what
    has ended.
    """
    before, now = moments
    known = rows["newest"] != NEVER
    moved = applied & (~known | (starts > rows["newest"]))
    after = _reached(_rolled(rows, moved, before, now), starts, applied, moved)
    days, expired, base = _kept(rows, after, starts, retention_days)
    after["days"] = np.where(applied, days, rows["days"])
    return after, Advance(
        moved=moved,
        closed=known & moved & (before.day != now.day),
        closed_day=before.day,
        day=now.day,
        current_day=np.where(moved, now.day, before.day),
        expired=np.where(applied, expired, 0),
        base=base,
    )


def post(rows: Rows, placed: Placed, hour: Moment, current: Moment) -> Rows:
    """Return campaigns whose ledgers include the facts.

    A day, week or month takes a fact only while it is the current one; a flight from its
    first day on; the total always.
    """
    after = rows.copy()
    applied = placed.applied
    spend = money.subtract(placed.new["spend"], placed.old["spend"])
    today = applied & (hour.day == current.day)
    takes = {
        "day": today,
        "week": applied & (hour.week == current.week),
        "month": applied & (hour.month == current.month),
        "flight": applied & (hour.day >= rows["flight_first"]),
        "total": applied,
    }
    for name in PERIODS:
        after[name] = money.add(rows[name], spend * takes[name][:, None])
    counts = _counts(placed.new) - _counts(placed.old)
    revenue = money.subtract(placed.new["revenue"], placed.old["revenue"])
    for name, taken in (("day", today), ("total", applied)):
        after[f"{name}_counts"] += counts * taken[:, None]
        after[f"{name}_revenue"] = money.add(rows[f"{name}_revenue"], revenue * taken[:, None])
    return after


def rebuild(rows: Rows, facts: Rows, owners: Ints, moments: tuple[Moment, Moment]) -> Rows:
    """Return campaigns whose periods are summed anew from all the hours that are kept.

    Needed when a campaign's zone or flight has changed. Day, week and month are exact,
    since more hours are kept than a month has. A flight that began before the first hour
    kept, but after the first hour known, cannot be summed: `settle_flight` says so.

    Parameters
    ----------
    rows
        Shape (B,), with ``flight_first`` as it is to be.
    facts, owners
        Shape (N,), `engine.hours.HOUR`, and the campaign of each.
    moments
        Local time of the facts (N,), and of the campaigns' newest hours (B,).
    """
    hour, current = moments
    after = rows.copy()
    count = len(rows)
    spend = facts["spend"]
    for name, chosen in (
        ("day", hour.day == current.day[owners]),
        ("week", hour.week == current.week[owners]),
        ("month", hour.month == current.month[owners]),
        ("flight", hour.day >= rows["flight_first"][owners]),
    ):
        after[name] = money.total_by(spend[chosen], owners[chosen], count)
    today = hour.day == current.day[owners]
    after["day_counts"] = 0
    np.add.at(after["day_counts"], owners[today], _counts(facts[today]))
    after["day_revenue"] = money.total_by(facts["revenue"][today], owners[today], count)
    return after


def settle_flight(rows: Rows, first_known: Ints, oldest_kept: Ints) -> Rows:
    """Return campaigns whose flight ledger is right, or marked as unknown.

    ``first_known`` is the local day of the first hour ever known, ``oldest_kept`` the first
    local day of which no hour has been deleted; shapes (B,).
    """
    after = rows.copy()
    whole = rows["flight_first"] <= first_known
    after["flight"] = np.where(whole[:, None], rows["total"], rows["flight"])
    after["flight_known"] = whole | (rows["flight_first"] >= oldest_kept)
    return after


def _rolled(rows: Rows, moved: Bools, before: Moment, now: Moment) -> Rows:
    """Return campaigns whose ledgers of a day, week or month that is over are zero."""
    after = rows.copy()
    new_day = moved & (before.day != now.day)
    for name, ended in (
        ("day", new_day),
        ("day_counts", new_day),
        ("day_revenue", new_day),
        ("week", moved & (before.week != now.week)),
        ("month", moved & (before.month != now.month)),
    ):
        after[name][ended] = 0
    return after


def _reached(rows: Rows, starts: Ints, applied: Bools, moved: Bools) -> Rows:
    """Return campaigns with the newest and the first hour that is known now."""
    after = rows.copy()
    known = rows["newest"] != NEVER
    after["newest"] = np.where(moved, starts, rows["newest"])
    earliest = np.where(known, np.minimum(rows["first"], starts), starts)
    after["first"] = np.where(applied, earliest, rows["first"])
    return after


def _counts(facts: Rows) -> Ints:
    return np.stack([facts["impressions"], facts["clicks"], facts["conversions"]], axis=-1)


def _kept(rows: Rows, after: Rows, starts: Ints, retention_days: int) -> tuple[Rows, Ints, Ints]:
    """Return the kept days as bits, and those of the old bits that have expired."""
    known = rows["newest"] != NEVER
    newest_day = after["newest"] // DAY
    base = np.where(known, rows["newest"] // DAY, newest_day)
    ahead = np.clip(newest_day - base, 0, _OLDEST).astype(np.uint64)
    window = np.uint64((1 << (retention_days + 1)) - 1)
    shifted = np.where(newest_day - base > _OLDEST, np.uint64(0), rows["days"] << ahead)
    age = np.clip(newest_day - starts // DAY, 0, _OLDEST).astype(np.uint64)
    days = (shifted & window) | (np.uint64(1) << age)
    survive = np.where(newest_day - base > _OLDEST, np.uint64(0), window >> ahead)
    return days, (rows["days"] & ~survive).astype(np.int64), base
