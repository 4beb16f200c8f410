"""What the hours of the local week brought, and which of them are known too little of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.report.delivered import Floats, Hours
from workers.report.periods import local_seconds

DAYS: Final = 7
HOURS: Final = 24

ENOUGH_HOURS: Final = 2
"""Fewest hours seen of a cell before their mean says something."""

ENOUGH_CONVERSIONS: Final = 5.0
"""Fewest conversions behind a rate or a price: with five, it is uncertain by about 45 per cent."""

MANY_HOURS: Final = 8
"""Hours after which few conversions are a finding, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """One figure of each hour of the week; arrays of shape (7, 24), Monday first."""

    name: str
    values: Floats
    """Mean over the hours seen; NaN where there is none."""
    thin: NDArray[np.bool_]
    """Whether there is too little evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One campaign's hours of the local week."""

    seen: Floats
    """Hours behind each cell, shape (7, 24)."""
    conversions: Floats
    """Conversions behind each cell, shape (7, 24)."""
    figures: tuple[Cells, ...]
    """Spend an hour, conversions an hour, spend per conversion."""


def week_of(hours: Hours, timezone: str) -> Week:
    """Return what the hours of the local week brought."""
    days, clock = _places(hours, timezone)
    seen, spend, conversions = np.zeros((3, DAYS, HOURS))
    np.add.at(seen, (days, clock), 1.0)
    np.add.at(spend, (days, clock), hours.spend)
    np.add.at(conversions, (days, clock), hours.conversions)
    few = conversions < ENOUGH_CONVERSIONS
    figures = (
        ("Spend", spend, seen, seen < ENOUGH_HOURS),
        ("Conversions", conversions, seen, (seen < ENOUGH_HOURS) | (few & (seen < MANY_HOURS))),
        ("CPA", spend, conversions, few),
    )
    return Week(
        seen=seen,
        conversions=conversions,
        figures=tuple(
            Cells(name=name, values=_ratio(top, bottom), thin=thin)
            for name, top, bottom, thin in figures
        ),
    )


def _places(hours: Hours, timezone: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the weekday (Monday is 0) and the hour of the day of each hour, local time."""
    local = [
        datetime.fromtimestamp(local_seconds(start, timezone), UTC)
        for start in hours.starts.tolist()
    ]
    weekdays = np.array([each.weekday() for each in local], np.int64)
    return weekdays, np.array([each.hour for each in local], np.int64)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    ratios: Floats = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0.0)
    return ratios
