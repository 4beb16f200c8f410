"""Whether clicks convert as often as bids were advised for: rates foretold against what came.

Advice on a bid names the rate that it foresees (`rate`, in its first reason) of the ad set or the
campaign that it is for. It is held against the local day in which it was given: the day's clicks
and conversions, as the newest closed day says them. A click counts for the share of its conversions
that is there by now, and a day as soon as most are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from engine.arrays import Floats
from engine.calibration import Calibration, calibration
from engine.delay import Maturity, mature, no_delays
from engine.rate_cells import matured
from schemas import Breakdowns, CampaignKey, Entity, Kind, Prior, Recommendation, encode
from schemas.breakdown import Conversions
from schemas.zones import zone
from workers.adviser.bid_reasons import AS_TOLD
from workers.instants import from_seconds
from workers.optimizer.delay_priors import DelayBook
from workers.report.totals import Stretch

BINS: Final = 8
"""Parts that forecasts are told apart into by their rate, of as many clicks each."""

MATURE: Final = 0.9
"""Share of its conversions from which on a day counts."""

_WORTH: Final = frozenset({"click_worth_more", "click_worth_less"})
_HOURS: Final = 24
_HOUR: Final = timedelta(hours=1)
_MILLION: Final = 1e6


class Foretold(NamedTuple):
    """One forecast."""

    key: CampaignKey
    ad_set: str | None
    """None for all of the campaign."""
    at: int
    """Second in which it was made."""
    rate: float
    as_told: bool = False
    """Whether it is of conversions as told, with no more to be foretold."""


class Day(NamedTuple):
    """A closed day of a campaign, as it was told last."""

    told: datetime
    clicks: dict[str | None, Floats]
    """By ad set, by local hour; None is all of the campaign."""
    conversions: dict[str | None, float]
    counted: Conversions


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Forecasts of rates against what came."""

    found: Calibration | None
    """By parts; None where no forecast can be judged."""
    judged: int
    """Forecasts that are in it."""
    waiting: int
    """Forecasts whose day has not closed, or whose conversions are still to come."""


@dataclass(slots=True)
class RateBook:
    """Takes recommendations first, then closed days and priors, each in any number of parts."""

    _foretold: dict[str, Foretold] = field(default_factory=dict)
    _days: dict[CampaignKey, dict[date, Day]] = field(default_factory=dict)
    _zones: dict[CampaignKey, str] = field(default_factory=dict)
    _restated: set[CampaignKey] = field(default_factory=set)
    _priors: dict[bytes, bytes] = field(default_factory=dict)
    _delays: DelayBook = field(default_factory=DelayBook)

    @property
    def asks(self) -> bool:
        """Whether there is any forecast to be held against closed days."""
        return bool(self._foretold)

    def foretell(self, recommendations: Iterable[Recommendation]) -> None:
        """Take in recommendations; those on bids name a rate."""
        for each in recommendations:
            if each.kind is not Kind.BID or not each.reasons:
                continue
            first, key = (
                each.reasons[0],
                CampaignKey(each.platform, each.account_id, each.campaign_id),
            )
            rate = first.evidence.get("rate")
            if first.code in _WORTH and isinstance(rate, float):
                ad_set = each.entity_id if each.entity is Entity.AD_SET else None
                at = int(each.decided_at.timestamp())
                as_told = any(reason.code == AS_TOLD for reason in each.reasons)
                self._foretold[each.recommendation_id] = Foretold(key, ad_set, at, rate, as_told)
                self._days.setdefault(key, {})

    def hear(self, days: Iterable[Breakdowns]) -> None:
        """Take in closed days; the newest word on one counts."""
        for each in days:
            key = CampaignKey(each.platform, each.account_id, each.campaign_id)
            kept = self._days.get(key)
            if kept is None:
                continue
            known, told = kept.get(each.day), _day(each)
            if known is not None and known.conversions != told.conversions:
                self._restated.add(key)
            if known is None or known.told <= told.told:
                kept[each.day], self._zones[key] = told, each.timezone

    def teach(self, priors: Iterable[Prior]) -> None:
        """Take in how late conversions come."""
        self._priors |= {each.key: encode(each) for each in priors}

    def rates(self, stretch: Stretch) -> Rates:
        """Return how forecasts that were made in a stretch compare with what came."""
        asked = [each for each in self._foretold.values() if each.at in stretch]
        found = [(each, self._came(each)) for each in sorted(asked)]
        rows = [(each.rate, *came) for each, came in found if came is not None and came[0] > 0.0]
        waiting = sum(came is None for _, came in found)
        if not rows:
            return Rates(found=None, judged=0, waiting=waiting)
        predicted, clicks, conversions = np.array(rows).T
        made = calibration(predicted, clicks, conversions, bins=min(BINS, len(rows)))
        return Rates(found=made, judged=len(rows), waiting=waiting)

    def _came(self, one: Foretold) -> tuple[float, float] | None:
        """Return clicks, each by its maturity, and conversions of a forecast's day; None before."""
        days = self._days[one.key]
        if not days:
            return None
        own = zone(self._zones[one.key])
        day = from_seconds(one.at).astimezone(own).date()
        told = days.get(day)
        if told is None:
            return None
        clicks = told.clicks.get(one.ad_set, np.zeros(_HOURS))
        if self._is_whole(one, told):
            return float(clicks.sum()), told.conversions.get(one.ad_set, 0.0)
        # Where a publisher restates, no news of an hour is that nothing has changed.
        latest = max(each.told for each in days.values())
        seen = latest if one.key in self._restated else told.told
        begins = datetime(day.year, day.month, day.day, tzinfo=own)
        ages = np.array([(seen - begins) / _HOUR - hour - 1.0 for hour in range(_HOURS)])
        counted = matured(
            self._maturity(one.key), np.zeros(_HOURS, dtype=np.int64), clicks, np.maximum(ages, 0.0)
        ).sum()
        if counted < MATURE * clicks.sum():
            return None
        return float(counted), told.conversions.get(one.ad_set, 0.0)

    def _is_whole(self, one: Foretold, told: Day) -> bool:
        """Return whether all conversions that were foretold of a day are there by now."""
        if told.counted is Conversions.ALL:
            return True
        as_they_came = told.counted is Conversions.AS_THEY_CAME
        return (as_they_came or one.as_told) and one.key not in self._restated

    def _maturity(self, key: CampaignKey) -> Maturity:
        taught = self._delays.taught(self._priors, [(key.platform, key.account_id)])
        return mature(no_delays(1), taught)


def _day(told: Breakdowns) -> Day:
    clicks: dict[str | None, Floats] = {None: np.zeros(_HOURS)}
    conversions: dict[str | None, float] = {None: 0.0}
    for each in told.slices:
        own = np.zeros(_HOURS)
        own[list(each.hours)] = each.clicks
        sold = sum(each.conversion_millionths) / _MILLION
        for name in {None, each.ad_set_id}:
            clicks[name] = clicks.get(name, 0.0) + own
            conversions[name] = conversions.get(name, 0.0) + sold
    return Day(
        told=told.closed_at,
        clicks=clicks,
        conversions=conversions,
        counted=told.conversions_counted,
    )
