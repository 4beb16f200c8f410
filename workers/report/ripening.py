"""The cohorts of campaigns: what the clicks of each local day brought by age, and will bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine import cohorts
from engine.chain_ladder import Triangle
from engine.cohorts import Learned, Lessons
from engine.value_growth import AGES
from engine.value_spread import Cohorts
from schemas import CampaignKey
from workers.report.delivered import Floats, Hours
from workers.report.periods import Terms, local_date, midnight
from workers.report.retold import Retold, Tellings

DAY: Final = 86_400
"""Seconds."""

LATE: Final = 6 * 3_600
"""Seconds after which the first report of an hour no longer counts as told at once."""

TEACHERS: Final = 50
"""Most campaigns of a platform that teach its others: those of most revenue."""

MOST_DAYS: Final = 732
"""Most days of a campaign that are cohorts: its last ones."""


class Campaign(NamedTuple):
    """One campaign's terms, its hours and how they were told."""

    terms: Terms
    hours: Hours
    told: Mapping[int, Tellings]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One campaign's days; arrays of shape (I,), or (I, 21) by `engine.value_growth.AGES`."""

    days: tuple[date, ...]
    spend: Floats
    clicks: Floats
    conversions: Floats
    now: Floats
    age: Floats
    """Days from the end of the day to its newest report."""
    value: Floats
    known: NDArray[np.bool_]

    @property
    def grown(self) -> bool:
        """Whether revenue was told otherwise at a later age of days."""
        both = self.known[:, 1:] & self.known[:, :-1]
        return bool((both & (self.value[:, 1:] != self.value[:, :-1])).any())


def known_of(campaign: Campaign) -> Known | None:
    """Return a campaign's days that are over; None where there are none."""
    timezone, hours = campaign.terms.timezone, campaign.hours
    of = np.array([local_date(start, timezone).toordinal() for start in hours.starts.tolist()])
    days = [date.fromordinal(each) for each in np.unique(of).tolist()][-MOST_DAYS:]
    rows = [_day(campaign, day, np.flatnonzero(of == day.toordinal())) for day in days]
    some = [(day, row) for day, row in zip(days, rows, strict=True) if row is not None]
    if not some:
        return None
    columns = [np.array(column) for column in zip(*(row for _, row in some), strict=True)]
    spend, clicks, conversions, now, age, value, known = columns
    return Known(
        days=tuple(day for day, _ in some),
        spend=spend,
        clicks=clicks,
        conversions=conversions,
        now=now,
        age=age,
        value=value,
        known=known,
    )


class _Day(NamedTuple):
    spend: float
    clicks: float
    conversions: float
    now: float
    age: float
    value: Floats
    known: NDArray[np.bool_]


def _day(campaign: Campaign, day: date, at: NDArray[np.int64]) -> _Day | None:
    """Return one local day; None while it is not over, or where no report of it says when."""
    hours = campaign.hours
    starts = [start for start in hours.starts[at].tolist() if start in campaign.told]
    end = midnight(day + timedelta(days=1), campaign.terms.timezone)
    told = [campaign.told[start] for start in starts]
    last = max((each.last for each in told), default=0)
    if last < end:
        return None
    first = max(each.first for each in told)
    times = end + DAY * np.array(AGES, dtype=np.float64)
    known = (times >= first - LATE) & (times <= last)
    value = np.zeros(len(AGES))
    for start, each in zip(starts, told, strict=True):
        value += each.at(start, np.maximum(times, first))
    return _Day(
        spend=float(hours.spend[at].sum()),
        clicks=float(hours.clicks[at].sum()),
        conversions=float(hours.conversions[at].sum()),
        now=sum(each.revenue for each in told),
        age=(last - end) / DAY,
        value=np.where(known, value, 0.0),
        known=known,
    )


def cohorts_of(campaigns: Sequence[Known]) -> Cohorts:
    """Return the days of B campaigns side by side."""
    most = max(len(each.days) for each in campaigns)

    def rows(name: str, blank: float) -> Floats:
        filled = np.full((len(campaigns), most), blank)
        for row, each in zip(filled, campaigns, strict=True):
            row[: len(each.days)] = getattr(each, name)
        return filled

    size = (len(campaigns), most, len(AGES))
    value, known = np.zeros(size), np.zeros(size, dtype=np.bool_)
    for i, each in enumerate(campaigns):
        value[i, : len(each.days)], known[i, : len(each.days)] = each.value, each.known
    return Cohorts(
        triangle=Triangle(value=value, known=known),
        now=rows("now", 0.0),
        age=rows("age", -1.0),
        clicks=rows("clicks", 0.0),
        conversions=rows("conversions", 0.0),
    )


class Ripening:
    """What all campaigns of a report teach each other of how value grows, by platform."""

    def __init__(self, campaigns: Mapping[CampaignKey, tuple[Terms, Hours]], told: Retold) -> None:
        """Remember the campaigns; they are looked at when they are asked for."""
        self._campaigns = campaigns
        self._told = told
        self._known: dict[CampaignKey, Known | None] = {}
        self._lessons: dict[str, Lessons] = {}

    def known(self, key: CampaignKey) -> Known | None:
        """Return a campaign's days; None where no day is over, or no revenue ever changed."""
        if key not in self._known:
            terms, hours = self._campaigns[key]
            told = self._told.hours.get(key, {})
            changed = any(each.earlier for each in told.values())
            self._known[key] = known_of(Campaign(terms, hours, told)) if changed else None
        return self._known[key]

    def learned(self, known: Known, platform: str) -> tuple[Cohorts, Learned]:
        """Return a campaign's days as the engine wants them, and how their value grows."""
        if platform not in self._lessons:
            self._lessons[platform] = cohorts.teach(cohorts_of(self._teachers(platform)))
        alone = cohorts_of([known])
        return alone, cohorts.learn(alone, self._lessons[platform])

    def _teachers(self, platform: str) -> list[Known]:
        keys = [key for key in self._campaigns if key.platform == platform]
        most = sorted(keys, key=lambda key: (-float(self._campaigns[key][1].revenue.sum()), key))
        found = [self.known(key) for key in sorted(most[:TEACHERS])]
        return [each for each in found if each is not None and each.grown]
