"""A log of campaigns as a grid of their own local hours.

Each campaign's first column is the midnight that begins its first whole day, so that all rows share
the hours of the day. The hour that autumn repeats is one cell with both, the one that spring leaves
out is an hour without spend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Bools, Floats, Ints
from schemas.zones import zone
from workers.backtest.events import Heard, Hour

KindT = TypeVar("KindT", bound=np.generic)

_HOUR = timedelta(hours=1)
_EPOCH = date(1970, 1, 1)
_ADDED = ("spend", "impressions", "conversions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """B campaigns and H hours: 24 for each of the D days of the one that lived longest."""

    campaigns: tuple[str, ...]
    """Keys."""
    currencies: tuple[str, ...]
    """Empty where the log names none."""
    first_day: Ints
    """Shape (B,), local days since 1970."""
    reported: Bools
    """Shape (B, H): the log has this hour."""
    spend: Floats
    """Shape (B, H), units of the campaign's currency; 0 where not reported."""
    impressions: Floats
    conversions: Floats
    bid: Floats
    """Shape (B, H), NaN where the log says none."""
    day_budget: Floats
    """Shape (B, H), as ``bid``: the budget of the day that was in force."""

    @property
    def days(self) -> int:
        """How many days the grid has."""
        return int(self.spend.shape[1]) // 24

    @property
    def lived(self) -> Bools:
        """Which days (B, D) have at least one report."""
        return np.asarray(by_day(self.reported).any(axis=2), dtype=np.bool_)

    @property
    def weekdays(self) -> Ints:
        """The weekday (B, D) of each day, Monday is 0."""
        return np.asarray((self.first_day[:, None] + 3 + np.arange(self.days)) % 7)

    def of(self, rows: Ints) -> Log:
        """Return some of the campaigns."""
        names = ("first_day", "reported", "spend", "impressions", "conversions")
        arrays = {name: getattr(self, name)[rows] for name in (*names, "bid", "day_budget")}
        chosen = rows.tolist()
        return replace(
            self,
            campaigns=tuple(self.campaigns[row] for row in chosen),
            currencies=tuple(self.currencies[row] for row in chosen),
            **arrays,
        )


def by_day(hours: NDArray[KindT]) -> NDArray[KindT]:
    """Return an array (B, H) of hours as days, (B, D, 24)."""
    return hours.reshape(len(hours), -1, 24)


def grid(heard: Mapping[str, Heard], timezones: Mapping[str, str]) -> Log:
    """Return the whole local days of campaigns as a grid.

    A day is whole if it lies within the hours that the log has of anybody. Campaigns without a
    whole day are left out.

    Parameters
    ----------
    timezones
        Key to zone where a plan names it; else it is the one that the events name, or UTC.
    """
    instants = [hour for each in heard.values() for hour in each.hours]
    bounds = (min(instants), max(instants) + _HOUR) if instants else None
    names, rows = [], []
    for name in sorted(heard):
        timezone = timezones.get(name) or heard[name].timezone or "UTC"
        row = _whole_days(heard[name], timezone, bounds) if bounds else {}
        if row:
            names.append(name)
            rows.append(row)
    return _filled(names, [min(row) for row in rows], rows, heard)


_Day = dict[int, list[Hour]]
"""The hours of a local day, by the hour of the clock."""


def _whole_days(heard: Heard, timezone: str, bounds: tuple[datetime, datetime]) -> dict[date, _Day]:
    place = zone(timezone)
    days: dict[date, _Day] = {}
    for start in sorted(heard.hours):
        local = start.astimezone(place)
        hours = days.setdefault(local.date(), {})
        hours.setdefault(local.hour, []).append(heard.hours[start])

    def midnight(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=place)

    first, end = bounds
    return {
        day: hours
        for day, hours in days.items()
        if midnight(day) >= first and midnight(day + timedelta(days=1)) <= end
    }


def _filled(
    names: Sequence[str],
    first: Sequence[date],
    rows: Sequence[dict[date, _Day]],
    heard: Mapping[str, Heard],
) -> Log:
    length = max(
        ((max(row) - begin).days + 1 for begin, row in zip(first, rows, strict=True)), default=0
    )
    shape = (len(names), 24 * length)
    arrays = {name: np.zeros(shape) for name in _ADDED}
    context = {name: np.full(shape, np.nan) for name in ("bid", "day_budget")}
    reported = np.zeros(shape, dtype=np.bool_)
    for at, (begin, row) in enumerate(zip(first, rows, strict=True)):
        for day, hours in row.items():
            for clock, facts in hours.items():
                cell = at, 24 * (day - begin).days + clock
                reported[cell] = True
                _fill(arrays, context, cell, facts)
    return Log(
        campaigns=tuple(names),
        currencies=tuple("/".join(sorted(heard[name].currencies)) for name in names),
        first_day=np.array([(day - _EPOCH).days for day in first], dtype=np.int64),
        reported=reported,
        **arrays,
        **context,
    )


def _fill(
    arrays: dict[str, Floats], context: dict[str, Floats], cell: tuple[int, int], facts: list[Hour]
) -> None:
    for fact in facts:
        for name in _ADDED:
            arrays[name][cell] += getattr(fact, name)
        for name, values in context.items():
            known = getattr(fact, name)
            if known is not None:
                values[cell] = known
