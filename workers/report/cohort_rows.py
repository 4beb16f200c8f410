"""A campaign's cohort triangle as rows: days or weeks, what was observed and what is foreseen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.cohorts import LIFETIME, Foreseen, foresee, total
from engine.value_growth import AGES
from workers.report.delivered import Floats
from workers.report.ripening import Known, Ripening

ENOUGH_CONVERSIONS: Final = 5.0
"""Fewest conversions behind a row that says something."""

FEW_DAYS: Final = 21
"""Days up to which each is a row of its own; more of them are put together by week."""

MOST_ROWS: Final = 26
"""The newest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a row will have come to, with limits that hold four of five."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The clicks of one day, or of one week from Monday on; money in the campaign's currency."""

    first: date
    days: int
    spend: float
    clicks: float
    conversions: float
    now: float
    values: Floats
    """Shape (A,): by the triangle's ages."""
    limits: Floats
    """Shape (A, 2): of what is foreseen; what was observed has no width."""
    observed: NDArray[np.bool_]
    """Shape (A,): whether all of its days were told at that age."""
    lifetime: Worth

    @property
    def thin(self) -> bool:
        """Whether too little is known of the row."""
        return self.conversions < ENOUGH_CONVERSIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortTriangle:
    """All that is shown of one campaign's cohorts."""

    ages: tuple[int, ...]
    """Days."""
    rows: tuple[Row, ...]
    """Oldest first."""
    oldest: float
    """Age in days that its oldest cohort was told at."""
    weekly: bool


def triangle_of(known: Known | None, ripening: Ripening, platform: str) -> CohortTriangle | None:
    """Return a campaign's triangle; None where its revenue was never told otherwise later."""
    if known is None or not known.grown:
        return None
    alone, learned = ripening.learned(known, platform)
    oldest = float(known.age.max())
    ages = _shown(oldest)
    found = [foresee(alone, learned, float(age)) for age in ages]
    whole = foresee(alone, learned, LIFETIME)
    groups = _groups(known)
    rows = [_row(known, at, (found, whole)) for at in groups[-MOST_ROWS:]]
    weekly = len(known.days) > FEW_DAYS
    return CohortTriangle(ages=ages, rows=tuple(rows), oldest=oldest, weekly=weekly)


def _shown(oldest: float) -> tuple[int, ...]:
    """Return the ages that are shown: those lived to, and some that are foreseen."""
    lived = sum(age <= oldest for age in AGES)
    return AGES[: min(lived + 3, len(AGES))]


def _groups(known: Known) -> list[NDArray[np.int64]]:
    """Return the positions of the days of each row, oldest first."""
    if len(known.days) <= FEW_DAYS:
        return [np.array([i]) for i in range(len(known.days))]
    mondays = np.array([(day - timedelta(days=day.weekday())).toordinal() for day in known.days])
    return [np.flatnonzero(mondays == each) for each in np.unique(mondays)]


def _row(known: Known, at: NDArray[np.int64], foreseen: tuple[list[Foreseen], Foreseen]) -> Row:
    by_age, whole = foreseen
    chosen = np.zeros((1, len(known.days)), dtype=np.bool_)
    chosen[0, at] = True
    cells = [_worth(each, chosen) for each in by_age]
    monday = known.days[at[0]]
    return Row(
        first=monday,
        days=len(at),
        spend=float(known.spend[at].sum()),
        clicks=float(known.clicks[at].sum()),
        conversions=float(known.conversions[at].sum()),
        now=float(known.now[at].sum()),
        values=np.array([each.middle for each in cells]),
        limits=np.array([(each.low, each.high) for each in cells]),
        observed=np.asarray(known.known[at][:, : len(by_age)].all(axis=0)),
        lifetime=_worth(whole, chosen),
    )


def _worth(foreseen: Foreseen, chosen: NDArray[np.bool_]) -> Worth:
    found = total(foreseen, chosen)
    return Worth(low=float(found.low[0]), middle=float(found.middle[0]), high=float(found.high[0]))
