"""Splits what a campaign's hour came to by ad set, device and placement.

The market knows no devices: totals are what they are, and rows share them out, so that they sum to
the totals exactly. Shares are those of the places and of their people, drawn for each hour; an
hour that is told again is split in the same way, and each conversion stays where it was.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Final

import numpy as np

from schemas import Breakdown
from schemas.keys import CampaignKey
from workers.simulator.market import generator
from workers.simulator.reports import Report
from workers.simulator.shapes import Floats, Integers

PLACES: Final = {
    ("evergreen", "mobile", "main"): 0.4,
    ("evergreen", "desktop", "main"): 0.2,
    ("seasonal", "mobile", "main"): 0.2,
    ("seasonal", "mobile", "partners"): 0.2,
}
"""Ad sets, devices and placements, with their shares of the impressions."""

TELLING: Final = frozenset({"google", "meta"})
"""Platforms that report rows; the others tell totals alone."""

LOSING: Final = "campaign-000"
"""Its clicks on partners' pages hardly ever buy."""

WEARY: Final = "campaign-001"
"""The ads of its seasonal ad set have been seen too often: they are clicked on half as much."""

_HARDLY, _HALF = 0.06, 0.5
_CLICKED: Final = {"mobile": 1.1, "desktop": 0.85, "main": 1.1, "partners": 0.7}
_BUYING: Final = {"mobile": 0.9, "desktop": 1.25, "main": 1.05, "partners": 0.85}
_PLACES: Final = tuple(PLACES)


def breakdown_of(key: CampaignKey, report: Report) -> tuple[Breakdown, ...]:
    """Return the rows of a report; those of which there is nothing to tell are left out."""
    if key.platform not in TELLING:
        return ()
    shown, clicked, buying = _shares(key.campaign_id)
    chance = generator(0, "slices", ":".join(key), report.hour)
    impressions = chance.multinomial(report.impressions, shown)
    clicks = chance.multinomial(report.clicks, clicked)
    spend = _split(report.spend, clicks)
    # One number each: those who bought before an hour is told again are the first ones still.
    lots = chance.random(report.conversions)
    cumulative = np.cumsum(buying)
    places = np.searchsorted(cumulative / cumulative[-1], lots, side="right")
    conversions = np.bincount(places, minlength=len(_PLACES))
    revenue = _split(report.revenue, conversions)
    return tuple(
        Breakdown(
            ad_set_id=ad_set,
            device=device,
            placement=placement,
            impressions=int(impressions[at]),
            clicks=int(clicks[at]),
            spend=Decimal(int(spend[at])).scaleb(-4),
            conversions=Decimal(int(conversions[at])),
            revenue=Decimal(int(revenue[at])).scaleb(-4),
        )
        for at, (ad_set, device, placement) in enumerate(_PLACES)
        if impressions[at] or clicks[at] or spend[at] or conversions[at] or revenue[at]
    )


@lru_cache(maxsize=1_024)
def _shares(campaign: str) -> tuple[Floats, Floats, Floats]:
    """Return the shares (4,) of impressions, clicks and conversions; each sums to one."""
    shown = np.array(list(PLACES.values()))
    clicked = shown * np.array([_CLICKED[d] * _CLICKED[p] for _, d, p in _PLACES])
    if campaign == WEARY:
        clicked *= [_HALF if ad_set == "seasonal" else 1.0 for ad_set, _, _ in _PLACES]
    buying = clicked * np.array([_BUYING[d] * _BUYING[p] for _, d, p in _PLACES])
    if campaign == LOSING:
        buying *= [_HARDLY if placement == "partners" else 1.0 for _, _, placement in _PLACES]
    return shown / shown.sum(), clicked / clicked.sum(), buying / buying.sum()


def _split(amount: int, weights: Integers) -> Integers:
    """Return whole parts of an amount in proportion to weights, as even as can be; they sum to it.

    Where nothing weighs, the first has it all.
    """
    total = int(weights.sum())
    if not total:
        return np.array([amount, *[0] * (len(weights) - 1)])
    ends = [amount * int(end) // total for end in np.cumsum(weights)]
    return np.diff(np.array([0, *ends]))
