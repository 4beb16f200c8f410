"""What campaigns brought of late, by `engine.status`: the last seven days and the seven before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from engine.arrays import Bools, Floats
from engine.delay import LEAST_MATURE, Maturity, expected
from engine.intervals import ENDLESS, Interval
from engine.status import UNKNOWN, Counts, Status, together
from schemas import CampaignKey, Plan
from workers.report.delivered import HOUR, Hours
from workers.status.book import StatusBook
from workers.status.model import Brought, Limits

STRETCH: Final = 7 * 24 * HOUR
"""Seconds that campaigns are judged by: a week, so that weekdays count alike."""

Figures = tuple[float, float, float, float]


class Weeks(NamedTuple):
    """What campaigns did; shapes (B,)."""

    now: Counts
    """In their last seven days, as it is expected to be in the end."""
    before: Counts
    """The same of the seven days before."""
    told: Counts
    """In the last seven days, as it is reported by now."""

    @property
    def together(self) -> Weeks:
        """All campaigns as one."""
        return Weeks(*map(together, self))


def counts_of(book: StatusBook, keys: Sequence[CampaignKey]) -> Weeks:
    """Return what campaigns did in their last seven days, and in the seven before.

    Conversions and revenue are divided by the share of conversions that is reported by now; an
    hour of which less than a tenth is reported is not judged.
    """
    now, before, told = [], [], []
    maturity = book.lateness.maturity(keys)
    for row, key in enumerate(keys):
        _, hours = book.campaigns[key]
        end = book.reported_until(key)
        ages = np.maximum((book.as_of(key) - hours.starts - HOUR) / HOUR, 0.0)
        # One row at a time: campaigns have different hours.
        share = Maturity(logs=maturity.logs[row : row + 1]).at(ages)[0]
        mature = share >= LEAST_MATURE
        now.append(_figures(hours, mature, share, (end - STRETCH, end)))
        before.append(_figures(hours, mature, share, (end - 2 * STRETCH, end - STRETCH)))
        told.append(_figures(hours, mature, np.ones(len(share)), (end - STRETCH, end)))
    return Weeks(_counts(now), _counts(before), _counts(told))


def targets_of(book: StatusBook, keys: Sequence[CampaignKey], now: Counts) -> Floats:
    """Return what a conversion may cost on average, (B,); 0 where there is no target.

    A target of revenue per cost is that of cost per conversion that it comes to, by what a
    conversion has brought of late, or else by the plan's order value.
    """
    worth = np.divide(
        now.revenue, now.conversions, out=np.zeros(len(keys)), where=now.conversions > 0.0
    )
    found = [
        _target(book.plans.get(key), float(value)) for key, value in zip(keys, worth, strict=True)
    ]
    return np.array(found, dtype=np.float64)


def brought(weeks: Weeks, found: Status, row: int) -> Brought:
    """Return what one campaign brought."""
    efficiency = float(found.efficiency[row])
    return Brought(
        spend=float(weeks.now.spend[row]),
        conversions=float(weeks.now.conversions[row]),
        revenue=float(weeks.now.revenue[row]),
        conversions_told=float(weeks.told.conversions[row]),
        revenue_told=float(weeks.told.revenue[row]),
        cpa=_limits(found.cost_per_conversion, row),
        roas=_limits(found.revenue_per_cost, row),
        conversion_rate=_limits(found.conversion_rate, row),
        efficiency=None if efficiency == UNKNOWN else efficiency,
        trend=int(found.trend[row]),
        evidence=float(found.confidence[row]),
    )


def _figures(hours: Hours, mature: Bools, share: Floats, span: tuple[int, int]) -> Figures:
    judged = (hours.starts >= span[0]) & (hours.starts < span[1]) & mature
    spend, clicks = hours.spend[judged].sum(), hours.clicks[judged].sum()
    conversions = expected(hours.conversions[judged], share[judged]).sum()
    revenue = expected(hours.revenue[judged], share[judged]).sum()
    return max(float(spend), 0.0), float(clicks), float(conversions), float(revenue)


def _counts(rows: Sequence[Figures]) -> Counts:
    table = np.maximum(np.array(rows, dtype=np.float64).reshape(-1, 4), 0.0).T
    return Counts(spend=table[0], clicks=table[1], conversions=table[2], revenue=table[3])


def _target(plan: Plan | None, worth: float) -> float:
    if plan is None:
        return 0.0
    if plan.target_cpa is not None:
        return float(plan.target_cpa)
    if plan.target_roas is None:
        return 0.0
    return (worth or float(plan.avg_order_value or 0)) / plan.target_roas


def _limits(interval: Interval, row: int) -> Limits:
    low, middle, high = (
        float(each[row]) for each in (interval.low, interval.middle, interval.high)
    )
    known = middle < ENDLESS and (high < ENDLESS or middle > 0.0)
    return Limits(low=low, middle=middle if known else None, high=high if high < ENDLESS else None)
